"""Which definition of a KPI each credit counted by. Pure.

A plan counts from its place in each credits partition on. Day cells are kept across plans by the id of the
KPI, until a plan leaves the KPI out; a KPI that is new starts with the credits that come after it. A rebuild
(``kpistream rebuild``) makes the plan in force at its place count from the first credit on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from infra.clickhouse.kpi_sql import Closed, Query, Window, kpi_sql
from schemas.plan import Kpi, Plan
from schemas.plan_goals import targets_of
from streams.performance.calendar import Calendar, date_of


@dataclass(frozen=True)
class Applied:
    """A plan at its place in one credits partition."""

    partition: int
    offset: int
    plan: Plan


@dataclass(frozen=True)
class PeriodClose:
    """A close at its place in one credits partition."""

    partition: int
    offset: int
    kind: str
    period: str


#: The last offset of each credits partition that counts; None: all of them.
Cut = Mapping[int, int] | None


def definitions(
    kpi_id: str,
    history: Sequence[Applied],
    closes: Sequence[PeriodClose] = (),
    cut: Cut = None,
    rebuilt: Mapping[int, int] | None = None,
) -> list[Query]:
    """A query for each definition that the KPI had without a break up to now; ``history`` by partition and
    offset. Credits beyond the ``cut`` are left out. ``rebuilt``: by partition, the offset of the KPI's last rebuild.
    """
    windows: dict[str, list[Window]] = defaultdict(list)
    meant: dict[str, tuple[Kpi, Plan]] = {}
    for partition, group in groupby(history, lambda applied: applied.partition):
        before = None if cut is None else cut.get(partition, -1) + 1
        for applied in reversed(list(group)):
            kpi = next((kpi for kpi in applied.plan.kpis if kpi.id == kpi_id), None)
            if kpi is None:
                break
            key = _meaning(kpi, applied.plan)
            meant[key] = (kpi, applied.plan)
            from_the_first = applied.offset < (rebuilt or {}).get(partition, -1)
            windows[key].append(Window(partition, -1 if from_the_first else applied.offset, before))
            if from_the_first:
                break
            before = applied.offset
    return [
        kpi_sql(*meant[key], windows=tuple(windows[key]), prefix=f"d{number}_", closed=_closed(meant[key][1], closes))
        for number, key in enumerate(sorted(windows))
    ]


def _closed(plan: Plan, closes: Sequence[PeriodClose]) -> tuple[Closed, ...]:
    """The closed days in the plan's calendar; a period that it has not closes nothing."""
    calendar, found = Calendar(plan), []
    for close in closes:
        ordinal = calendar.find(close.kind, close.period)
        if ordinal is not None:
            days = calendar.span(close.kind, ordinal)
            found.append(Closed(close.partition, close.offset, *map(date_of, days)))
    return tuple(found)


def period_kinds(kpi: Kpi, plan: Plan) -> list[str]:
    """Kinds of period that the plan may publish for the KPI."""
    kinds = set(kpi.periods) | {target.period for target in targets_of(plan) if target.kpi == kpi.id}
    kinds |= {card.period for card in plan.scorecards if kpi.id in [part.kpi for part in card.kpis]}
    for award in plan.awards:
        if kpi.id in award.kpi_ids():
            kinds.add(award.period)
    return sorted(kinds) or [""]


def _meaning(kpi: Kpi, plan: Plan) -> str:
    """Equal for definitions that count every credit alike."""
    declared = [plan.events[name].model_dump_json() for name in sorted(plan.events)]
    late = [plan.late]
    if plan.late == "process_date":  # closes are of periods of its calendars
        late.append(plan.model_dump_json(include={"calendars", "fiscal"}))
    return "\n".join([kpi.model_dump_json(include=_COUNTING), plan.timezone, *late, *declared])


_COUNTING = {"id", "aggregate", "events", "field", "where", "numerator", "denominator"}
