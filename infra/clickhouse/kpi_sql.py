"""A KPI of the plan as a query over the credits: the same numbers as the engine's, by another way. Pure.

Used to check the engine, so it shares no code with it. Identifiers in the text come from our own list of
columns; whatever a plan holds (ids, field names, filter values) travels as a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from infra.clickhouse.kpi_rows import OVERLAY_BIT, ZERO, Builder, Row, row_of, value_of
from schemas.plan import Kpi, Plan
from schemas.plan_units import UNIT_KINDS


@dataclass(frozen=True)
class Query:
    """``text`` with %(name)s places for ``parameters``."""

    text: str
    parameters: dict[str, object]


@dataclass(frozen=True)
class Window:
    """Credits of one partition with after < offset < before (None: without end)."""

    partition: int
    after: int
    before: int | None = None


@dataclass(frozen=True)
class Closed:
    """A span of days that was closed at ``offset`` of a credits partition."""

    partition: int
    offset: int
    first: date
    last: date


def kpi_sql(
    kpi: Kpi,
    plan: Plan,
    windows: tuple[Window, ...] = (),
    prefix: str = "p",
    closed: tuple[Closed, ...] = (),
) -> Query:
    """Day cells of ``kpi`` from the table credits: employee, team, department, day, numerator, denominator
    and these two for team, department and company (team_numerator …), all Decimal; low, high (nullable),
    members (sorted Array(UInt64)).

    ``windows`` limit the credits to those that count by this definition; ``prefix`` begins the parameters'
    names. With ``late: process_date`` credits behind a close count on the first day after ``closed`` days.
    """
    build = Builder(plan, prefix)
    row = row_of(build, kpi)
    upper_field = kpi.numerator.field if kpi.numerator else kpi.field
    lower_field = kpi.denominator.field if kpi.denominator else None
    member = (
        f"xxh3(ifNull({value_of(build, kpi, kpi.field)}, ''))" if kpi.aggregate == "distinct" else "toUInt64(0)"
    )
    text = f"""
SELECT
    employee, team, department, day,
    {_NUMERATORS.get(kpi.aggregate, "sum(upper) + sum(upper_moved)")} AS numerator,
    sum(lower) + sum(lower_moved) AS denominator,
    {_unit_sums(upper_field, lower_field)},
    {"min(upper)" if kpi.aggregate == "min" else "NULL"} AS low,
    {"max(upper)" if kpi.aggregate == "max" else "NULL"} AS high,
    {"arraySort(groupUniqArray(member))" if kpi.aggregate == "distinct" else "[]"} AS members
FROM
(
    SELECT
        employee, team, department, unit_first,
        {_day(build, closed if plan.late == "process_date" else ())} AS day,
        {row.upper} AS upper,
        {row.lower} AS lower,
        {_moved_columns(row)},
        {member} AS member
    FROM kpistream.credits FINAL
    WHERE {row.counted} AND {_NOT_LEFT_OUT}{_within_windows(windows)}
)
GROUP BY employee, team, department, day"""
    return Query(text, build.parameters)


#: Columns that name a credit, in credits and in left_out.
PLACE = "credits_partition, credits_offset, facts_offset, facts_index, payee"
#: No limit on events of the same customer leaves it out: the one thing that only the engine knows of a credit.
_NOT_LEFT_OUT = f"({PLACE}) NOT IN (SELECT {PLACE} FROM kpistream.left_out)"
_NUMERATORS = {"min": "min(upper)", "max": "max(upper)", "distinct": "toDecimal64(uniqExact(member), 4)"}


def _day(build: Builder, closed: tuple[Closed, ...]) -> str:
    """The day that a credit counts on. Positions and dates are our own, so they may stand in the text.

    Spans in the order of their days: a day that is moved on meets those that begin later.
    """
    day = f"toDate(time, {build.bind(build.plan.timezone)})"
    if not closed:
        return day
    spans = ", ".join(
        f"(toDate('{one.first}'), toDate('{one.last}'), {one.partition}, {one.offset})"
        for one in sorted(closed, key=lambda one: (one.first, one.last))
    )
    return (
        "arrayFold((d, s) -> if(d >= s.1 AND d <= s.2, s.2 + 1, d), "
        f"arrayFilter(s -> s.3 = credits_partition AND s.4 < credits_offset, [{spans}]), {day})"
    )


def _within_windows(windows: tuple[Window, ...]) -> str:
    """Positions are integers of our own, so they may stand in the text."""
    if not windows:
        return ""
    places = [
        f"(credits_partition = {window.partition} AND credits_offset > {window.after}"
        + (f" AND credits_offset < {window.before})" if window.before is not None else ")")
        for window in windows
    ]
    return f" AND ({' OR '.join(places)})"


def _moved_columns(row: Row) -> str:
    """Sales that change hands, above and below: of the person, of team, department, company."""
    sides = (("upper", row.upper_moved), ("lower", row.lower_moved))
    return ", ".join(
        f"toDecimal64({moved}, 4) AS {column}{unit}"
        for side, moves in sides
        for column, unit, moved in zip(
            [f"{side}_moved"] * 4, ("", *(f"_{unit}" for unit in UNIT_KINDS)), moves, strict=True
        )
    )


def _unit_sums(upper_field: str | None, lower_field: str | None) -> str:
    """Credited amounts, but overlays', add up to the event's; anything else counts once per event and unit, and sales
    that change hands with the credit that says so.
    """
    sums = []
    for bit, unit in enumerate(UNIT_KINDS):
        sides = ((upper_field, "upper", "numerator"), (lower_field, "lower", "denominator"))
        for name, column, part in sides:
            once = f"bitTest(unit_first, {OVERLAY_BIT}) = 0" if name == "amount" else f"bitTest(unit_first, {bit})"
            sums.append(f"sum(if({once}, {column}, {ZERO})) + sum({column}_moved_{unit}) AS {unit}_{part}")
    return ",\n    ".join(sums)
