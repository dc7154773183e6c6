"""Which definition of a KPI each credit counted by. Pure.

A plan counts from its place in each credits partition on. Day cells are kept across plans by the id of the
KPI, until a plan leaves the KPI out; a KPI that is new starts with the credits that come after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from infra.clickhouse.kpi_sql import Query, Window, kpi_sql
from schemas.plan import Kpi, Plan
from schemas.plan_goals import targets_of


@dataclass(frozen=True)
class Applied:
    """A plan at its place in one credits partition."""

    partition: int
    offset: int
    plan: Plan


def definitions(kpi_id: str, history: Sequence[Applied]) -> list[Query]:
    """A query for each definition that the KPI had without a break up to now; ``history`` by partition and
    offset.
    """
    windows: dict[str, list[Window]] = defaultdict(list)
    meant: dict[str, tuple[Kpi, Plan]] = {}
    for partition, group in groupby(history, lambda applied: applied.partition):
        before: int | None = None
        for applied in reversed(list(group)):
            kpi = next((kpi for kpi in applied.plan.kpis if kpi.id == kpi_id), None)
            if kpi is None:
                break
            key = _meaning(kpi, applied.plan)
            meant[key] = (kpi, applied.plan)
            windows[key].append(Window(partition, applied.offset, before))
            before = applied.offset
    return [
        kpi_sql(*meant[key], windows=tuple(windows[key]), prefix=f"d{number}_")
        for number, key in enumerate(sorted(windows))
    ]


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
    return "\n".join([kpi.model_dump_json(include=_COUNTING), plan.timezone, *declared])


_COUNTING = {"id", "aggregate", "events", "field", "where", "numerator", "denominator"}
