"""Checks that the tables agree with each other: events, credits, KPI cells, periods, outcomes.

The engine folds; this recomputes by SQL from what was loaded. It reads only, and is exact once the loader has
caught up and nothing arrives: before that, differences are rows on their way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clickhouse_driver import Client

from infra.clickhouse.drift import DAY, PERIOD, UNIT, Drift
from infra.clickhouse.kpi_history import Applied, Cut, PeriodClose, definitions, period_kinds
from infra.clickhouse.reconcile_sql import (
    CONSERVATION,
    COUNTS,
    CREDITED_AMOUNTS,
    DAY_PARTS,
    MISSING_EVENTS,
    UNCREDITED,
    days_query,
    periods_query,
    units_query,
)
from infra.clickhouse.reconcile_terms import CREDITED_SALES, terms_tables
from schemas.control import REBUILD
from schemas.event_fields import FOLLOWING, payload_fields
from schemas.plan import Kpi, Plan
from sinks.connection import ClickHouseSettings, connect

#: No offset of credits is as large.
_NEVER = 1 << 62
#: Examples that a check shows; the count is of all.
EXAMPLES = 10
#: Drifts of one KPI that a check hands over; the count is of all.
DRIFTS = 1000


@dataclass(frozen=True)
class Check:
    """One comparison: how many things were compared, how many differ, and sentences about the first."""

    name: str
    compared: int
    differences: int
    examples: tuple[str, ...] = ()
    #: Of values of KPIs: what differs.
    drifts: tuple[Drift, ...] = ()
    #: Of values of KPIs: which, and of whom.
    kpi: str = ""
    level: str = ""

    def __str__(self) -> str:
        verdict = "agrees" if not self.differences else f"{self.differences} of them differ"
        return "\n".join(
            [f"{self.name}: {self.compared} compared, {verdict}", *(f"  {one}" for one in self.examples)]
        )


@dataclass(frozen=True)
class Report:
    """Every check; ``differences`` is 0 where all agree."""

    checks: tuple[Check, ...]

    @property
    def differences(self) -> int:
        """How many things differ, over all checks."""
        return sum(check.differences for check in self.checks)

    def __str__(self) -> str:
        verdict = "agrees" if not self.differences else f"{self.differences} differences"
        return "\n".join([*map(str, self.checks), verdict])


def reconcile(settings: ClickHouseSettings) -> Report:
    """Run every check on the newest plan; raises clickhouse_driver's errors."""
    with connect(settings) as client:
        plans = _plans(client)
        checks = [*_credits_checks(client, plans), *_kpi_checks(client, plans)]
    return Report(tuple(checks))


def credits_checks(settings: ClickHouseSettings) -> tuple[Check, ...]:
    """The checks of events, credits and outcomes alone: whether the tables hold all credits, and right ones."""
    with connect(settings) as client:
        return tuple(_credits_checks(client, _plans(client)))


def _credits_checks(client: Client, plans: dict[tuple[str, int], Plan]) -> Iterator[Check]:
    capped = {"capped": _capped(plans.values())}
    yield _compare(client, "credits sum to their event", (CREDITED_AMOUNTS, capped))
    yield from _terms(client, list(plans.values()))
    yield _compare(client, "events of credits and dead letters", (MISSING_EVENTS, {}))
    yield _uncredited(client)
    yield from _counts(client)
    yield _compare(client, "every source offset accounted for", (CONSERVATION, {}))


def reconcile_values(settings: ClickHouseSettings, cut: dict[int, int], updates: int) -> Report | None:
    """The checks of KPI values alone, of credits up to ``cut`` (offset by credits partition) and what rollups made of
    kpi-updates before ``updates``; exact while further ones arrive. None where a plan took effect beyond the cut.
    """
    with connect(settings) as client:
        places = client.execute(
            "SELECT credits_partition, max(credits_offset) FROM kpistream.plan_positions GROUP BY credits_partition"
        )
        if any(offset > cut.get(partition, -1) for partition, offset in places):
            return None
        return Report(tuple(_kpi_checks(client, _plans(client), cut, updates)))


def _terms(client: Client, plans: list[Plan]) -> Iterator[Check]:
    """Sales by their rates and caps; days are those of the newest plan's time zone."""
    if plans:
        zone = {"zone": plans[-1].timezone}
        tables = terms_tables(plans)
        yield _compare(client, "sales by rates and caps", (CREDITED_SALES, zone), tables=tables)


def _plans(client: Client) -> dict[tuple[str, int], Plan]:
    return {
        (name, version): Plan.model_validate_json(document)
        for name, version, document in client.execute(
            "SELECT plan, plan_version, document FROM kpistream.plan_versions FINAL ORDER BY version"
        )
    }


def _capped(plans: Iterable[Plan]) -> tuple[str, ...]:
    """Event types that a plan puts a cap on, with refunds where those of a sale may be; never empty, for SQL."""
    capped = {""}
    for plan in plans:
        for guard in plan.crediting.guards:
            if guard.cap is not None:
                capped.update(guard.events or payload_fields(plan))
    return tuple(sorted(capped | (FOLLOWING if "sale" in capped else set())))


def _limited(plans: Iterable[Plan]) -> frozenset[str]:
    """Event types of which a plan does not count all for the same customer, with what may be about such a sale."""
    guards = [guard for plan in plans for guard in plan.crediting.guards if guard.same_customer is not None]
    limited = frozenset(name for guard in guards for name in guard.events)
    return limited | (FOLLOWING if "sale" in limited else frozenset())


def _untold(client: Client, history: list[Applied]) -> frozenset[str]:
    """Event types of which a limit may have left out credits that no row of left_out tells of."""
    since = dict(
        client.execute(
            "SELECT credits_partition, min(credits_offset) FROM kpistream.updates FINAL WHERE kind = 'limits' "
            "GROUP BY credits_partition"
        )
    )
    return _limited(one.plan for one in history if one.offset < since.get(one.partition, _NEVER))


def _kpi_checks(
    client: Client, plans: dict[tuple[str, int], Plan], cut: Cut = None, updates: int | None = None
) -> Iterator[Check]:
    if not plans:
        return
    newest = list(plans.values())[-1]
    history = [
        Applied(partition, offset, plans[name, version])
        for partition, offset, name, version in client.execute(
            "SELECT credits_partition, credits_offset, plan, plan_version FROM kpistream.plan_positions "
            "FINAL "
            "ORDER BY credits_partition, credits_offset"
        )
    ]
    closes = [
        PeriodClose(*row)
        for row in client.execute(
            "SELECT credits_partition, credits_offset, period_kind, period FROM kpistream.period_closes FINAL "
            "ORDER BY credits_partition, credits_offset"
        )
    ]
    untold = _untold(client, history)
    moved = any(plan.organisation.backdated == "move" for plan in plans.values())
    company = newest.organisation.company
    rebuilt = _rebuilt(client, cut)
    for kpi in newest.kpis:
        why = ""
        if moved:
            why = "a plan moves what was credited"
        elif kpi.id in rebuilt and closes and newest.late == "process_date":
            why = "a rebuild left the days of closed periods as they were"
        elif kpi.id in rebuilt and not _limited(plans.values()).isdisjoint(kpi.events):
            why = "a rebuild left out other credits of the same customer"
        elif not untold.isdisjoint(kpi.events):
            why = "which credits a limit on the same customer left out was not kept from its beginning on"
        if why:
            yield Check(f"days of {kpi.id}", 0, 0, (f"not compared: {why}",))
        else:
            query = days_query(kpi, definitions(kpi.id, history, closes, cut, rebuilt.get(kpi.id)), cut)
            yield _compare(client, f"days of {kpi.id}", query, kpi, DAY)
        kinds = period_kinds(kpi, newest)
        yield _compare(client, f"periods of {kpi.id}", periods_query(kpi, kinds, cut), kpi, PERIOD)
        query = units_query(kpi, sorted({*kinds, "month"}), company, cut, updates)
        yield _compare(client, f"units of {kpi.id}", query, kpi, UNIT)


def _rebuilt(client: Client, cut: Cut) -> dict[str, dict[int, int]]:
    """By KPI and credits partition: the offset of its last rebuild that is not beyond the cut."""
    found: dict[str, dict[int, int]] = {}
    for kpi, partition, offset in client.execute(
        "SELECT DISTINCT kpi, credits_partition, credits_offset FROM kpistream.adjustments FINAL "
        f"WHERE startsWith(adjustment, '{REBUILD}') AND outcome != 'refused' ORDER BY credits_offset"
    ):
        if cut is None or offset <= cut.get(partition, -1):
            found.setdefault(kpi, {})[partition] = offset
    return found


#: What of a differing row makes a Drift, by level.
_COLUMNS = {
    DAY: ("employee", "team", "department", "day", *DAY_PARTS),
    PERIOD: ("employee", "period_kind", "period", "first_day", "last_day", "numerator", "expected_numerator"),
    UNIT: ("unit_kind", "unit", "period_kind", "period", "first_day", "last_day", "numerator", "expected_numerator"),
}


def _compare(
    client: Client,
    name: str,
    query: tuple[str, dict[str, object]],
    kpi: Kpi | None = None,
    level: str = "",
    tables: list[dict] | None = None,
) -> Check:
    """Runs a query whose rows are (differs, description …)."""
    text, parameters = query
    columns = _COLUMNS.get(level, ())
    rows = f"groupArrayIf({DRIFTS})(({', '.join(columns)}), differs)" if columns else "[]"
    compared, differing, examples, found = client.execute(
        f"SELECT count(), countIf(differs), groupArrayIf({EXAMPLES})(description, differs), {rows} FROM ({text}\n)",
        parameters,
        external_tables=tables,
    )[0]
    drifts = tuple(Drift(kpi, level, dict(zip(columns, row, strict=True))) for row in found) if kpi else ()
    return Check(name, compared, differing, tuple(examples), drifts, kpi.id if kpi else "", level)


def _uncredited(client: Client) -> Check:
    """As many refunds without credits as are parked; any other event without credits differs."""
    refunds, others, dead_refunds, parked, examples = client.execute(UNCREDITED)[0]
    sentences = [f"{one}: no credits, and no dead letter" for one in examples] if others else []
    # a refund that was a dead letter may wait since it was replayed; nothing tells which
    wrong = max(refunds - parked, parked - refunds - dead_refunds, 0)
    if wrong:
        sentences.append(f"{refunds} refunds have no credits and no dead letter, {parked} are parked")
    return Check("events without credits", refunds + others, others + wrong, tuple(sentences))


def _counts(client: Client) -> Iterator[Check]:
    """Rows of the tables against what the stages say they did."""
    credited, letters, applied, dead = client.execute(COUNTS)[0]
    yield _equal("events with credits, and outcomes that apply one", credited, applied)
    yield _equal("dead letters, and outcomes that are one", letters, dead)


def _equal(name: str, found: int, expected: int) -> Check:
    examples = () if found == expected else (f"{found} in the table, {expected} by the outcomes",)
    return Check(name, max(found, expected), abs(found - expected), examples)
