"""A KPI of the plan as a query over the credits: the same numbers as the engine's, by another way. Pure.

Used to check the engine, so it shares no code with it. Identifiers in the text come from our own list of
columns; whatever a plan holds (ids, field names, filter values) travels as a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from schemas.money import to_fixed
from schemas.moved import UNIT_BITS
from schemas.plan import Kpi, Part, Plan
from schemas.plan_filters import Comparison, Filter, Where
from sinks.block_tables import PAYLOAD_KINDS

_DECLARED_KINDS = {"number": "fixed", "string": "text", "boolean": "flag"}
_EXTRA_MAPS = {"fixed": "extra_numbers", "text": "extra_strings", "flag": "extra_flags"}
_BOUNDS = (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<="))
#: In the order of the bits of unit_first.
UNIT_KINDS = ("team", "department", "company")
_OVERLAY_BIT = len(UNIT_KINDS)
_ONE = "toDecimal64(1, 4)"
_ZERO = "toDecimal64(0, 4)"


@dataclass(frozen=True)
class Query:
    """``text`` with %(name)s places for ``parameters``."""

    text: str
    parameters: dict[str, object]


@dataclass
class _Builder:
    """Hands out parameter names while expressions are put together."""

    plan: Plan
    prefix: str
    parameters: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        name = f"{self.prefix}{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"


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
    build = _Builder(plan, prefix)
    row = _ratio(build, kpi) if kpi.aggregate == "ratio" else _plain(build, kpi)
    upper_field = kpi.numerator.field if kpi.numerator else kpi.field
    lower_field = kpi.denominator.field if kpi.denominator else None
    member = (
        f"xxh3(ifNull({_value(build, kpi, kpi.field)}, ''))" if kpi.aggregate == "distinct" else "toUInt64(0)"
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
        abs(ifNull(moved, 0)) AS moves,
        {row.upper_moved} AS upper_moved,
        {row.lower_moved} AS lower_moved,
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


def _day(build: _Builder, closed: tuple[Closed, ...]) -> str:
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


def _unit_sums(upper_field: str | None, lower_field: str | None) -> str:
    """Credited amounts, but overlays', add up to the event's; anything else counts once per event and unit, and sales
    that change hands with the credit that says so.
    """
    sums = []
    for bit, (unit, moved) in enumerate(zip(UNIT_KINDS, UNIT_BITS, strict=True)):
        sides = ((upper_field, "upper", "numerator"), (lower_field, "lower", "denominator"))
        for name, column, part in sides:
            once = f"bitTest(unit_first, {_OVERLAY_BIT}) = 0" if name == "amount" else f"bitTest(unit_first, {bit})"
            counted = f"if({once}, {column}, {_ZERO})"
            moves = f"if(bitAnd(moves, {moved}) > 0, {column}_moved, {_ZERO})"
            sums.append(f"sum({counted}) + sum({moves}) AS {unit}_{part}")
    return ",\n    ".join(sums)


@dataclass(frozen=True)
class _Row:
    """Expressions over a row: whether it counts, what it adds above and below the line; and what it adds there as a
    sale that changes hands.
    """

    counted: str
    upper: str
    lower: str
    upper_moved: str = _ZERO
    lower_moved: str = _ZERO


def _plain(build: _Builder, kpi: Kpi) -> _Row:
    """For every aggregate but ratio."""
    if kpi.aggregate == "count":
        return _count(build, kpi)
    conditions = [_of_types(build, kpi.events), *_filters(build, kpi, kpi.where)]
    value = _value(build, kpi, kpi.field) if kpi.field else None
    if value:
        conditions.append(f"isNotNull({value})")
    measured = kpi.aggregate != "distinct"
    return _Row(" AND ".join(conditions), f"ifNull({value}, {_ZERO})" if measured else _ONE, _ONE)


def _count(build: _Builder, kpi: Kpi) -> _Row:
    of_type, moved = _of_types(build, kpi.events), _moved(kpi.events)
    counted = [f"({of_type} OR {moved} != 0)", *_filters(build, kpi, kpi.where)]
    return _Row(" AND ".join(counted), f"if({of_type}, {_ONE}, {_ZERO})", _ONE, f"toDecimal64({moved}, 4)")


def _moved(events: tuple[str, ...]) -> str:
    """1 where a sale that counts is the employee's from now on, -1 where no more."""
    return "sign(ifNull(moved, 0))" if "sale" in events else "0"


def _ratio(build: _Builder, kpi: Kpi) -> _Row:
    """A row counts where either part does, and adds nothing to the other."""
    upper, lower = (_part(build, kpi, part) for part in (kpi.numerator, kpi.denominator))
    common = " AND ".join(["1", *_filters(build, kpi, kpi.where)])
    return _Row(f"{common} AND (({upper.counted}) OR ({lower.counted}))", upper.upper, lower.upper,
                upper.upper_moved, lower.upper_moved)  # fmt: skip


def _part(build: _Builder, kpi: Kpi, part: Part) -> _Row:
    """Of a ratio: what it adds stands above, as if the other part were not."""
    events = part.events or kpi.events
    of_type, moved = _of_types(build, events), _moved(events) if part.field is None else "0"
    filters = " AND ".join(["1", *_filters(build, kpi, part.where)])
    value = _ONE if part.field is None else _value(build, kpi, part.field)
    own = f"{of_type} AND isNotNull({value})"
    return _Row(
        f"{filters} AND (({own}) OR {moved} != 0)",
        f"if({filters} AND {own}, ifNull({value}, {_ZERO}), {_ZERO})",
        _ZERO,
        f"if({filters}, toDecimal64({moved}, 4), {_ZERO})",
    )


def _of_types(build: _Builder, events: tuple[str, ...]) -> str:
    return f"type IN {build.bind(tuple(events))}"


def _filters(build: _Builder, kpi: Kpi, where: Where) -> list[str]:
    """Conditions that are 0, never NULL, where a field is missing."""
    return [f"ifNull({_matches(build, kpi, name, wanted)}, 0)" for name, wanted in where.items()]


def _matches(build: _Builder, kpi: Kpi, name: str, wanted: Filter) -> str:
    value, kind = _value(build, kpi, name), _kind(build.plan, kpi, name)
    if value == "`amount`":
        value = "ifNull(sale_amount, `amount`)"  # of what is about a sale, the part of that
    if isinstance(wanted, Comparison):
        return _within(build, value, wanted) if kind == "fixed" else "0"
    options = wanted if isinstance(wanted, tuple) else (wanted,)
    if kind == "text":
        return f"{value} IN {build.bind(tuple(str(option) for option in options))}"
    if kind == "flag":
        choices = [
            f"{value} = toBool({build.bind(int(option))})" for option in options if isinstance(option, bool)
        ]
    else:
        choices = [f"{value} = {_number(build, option)}" for option in options if _is_number(option)]
    return f"({' OR '.join(choices)})" if choices else "0"


def _within(build: _Builder, value: str, bounds: Comparison) -> str:
    given = [(sign, getattr(bounds, name)) for name, sign in _BOUNDS if getattr(bounds, name) is not None]
    return " AND ".join(
        [f"isNotNull({value})", *(f"{value} {sign} {_number(build, bound)}" for sign, bound in given)]
    )


def _number(build: _Builder, value: object) -> str:
    return f"toDecimal64({build.bind(f'{Decimal(value):f}')}, 4)"


def _is_number(option: object) -> bool:
    """Whether a number field can equal it at all."""
    try:
        return not isinstance(option, bool) and to_fixed(Decimal(option)) is not None
    except (ValueError, InvalidOperation):
        return False


def _kind(plan: Plan, kpi: Kpi, name: str) -> str:
    """How the table keeps the field: by the plan's own event types first, else by the built-in payloads."""
    parts = [part for part in (kpi.numerator, kpi.denominator) if part]
    for event in [*kpi.events, *(event for part in parts for event in part.events)]:
        declared = plan.events[event].fields.get(name) if event in plan.events else None
        if declared:
            return _DECLARED_KINDS[declared]
    return PAYLOAD_KINDS.get(name, "text")


def _value(build: _Builder, kpi: Kpi, name: str) -> str:
    """The nullable value of a field: its own column, or its entry of an extra map."""
    kind = _kind(build.plan, kpi, name)
    if PAYLOAD_KINDS.get(name) == kind:
        return f"`{name}`"
    key, column = build.bind(name), _EXTRA_MAPS[kind]
    return f"if(mapContains({column}, {key}), {column}[{key}], NULL)"
