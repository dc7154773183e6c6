"""What one row of the table credits adds to a KPI, as SQL expressions. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from schemas.money import to_fixed
from schemas.moved import BEFORE, UNIT_BITS
from schemas.plan import Kpi, Part, Plan
from schemas.plan_filters import Comparison, Filter, Where
from schemas.plan_units import UNIT_KINDS
from sinks.block_tables import PAYLOAD_KINDS

_DECLARED_KINDS = {"number": "fixed", "string": "text", "boolean": "flag"}
_EXTRA_MAPS = {"fixed": "extra_numbers", "text": "extra_strings", "flag": "extra_flags"}
_BOUNDS = (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<="))
#: Bits of unit_first: of UNIT_KINDS in their order, then the one of overlays.
_LEVELS = range(len(UNIT_KINDS))
OVERLAY_BIT = len(UNIT_KINDS)
ONE = "toDecimal64(1, 4)"
ZERO = "toDecimal64(0, 4)"


@dataclass
class Builder:
    """Hands out parameter names while expressions are put together."""

    plan: Plan
    prefix: str
    parameters: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        """The place for a value in the text."""
        name = f"{self.prefix}{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"


#: Of the person, and of each of UNIT_KINDS.
Moves = tuple[str, ...]
_NOTHING: Moves = ("0",) * (1 + len(UNIT_KINDS))


@dataclass(frozen=True)
class Row:
    """Expressions over a row: whether it counts, what it adds above and below the line; and what it adds there as a
    sale that changes hands.
    """

    counted: str
    upper: str
    lower: str
    upper_moved: Moves = _NOTHING
    lower_moved: Moves = _NOTHING


def row_of(build: Builder, kpi: Kpi) -> Row:
    """The row's expressions for ``kpi``."""
    if kpi.aggregate == "ratio":
        return _ratio(build, kpi)
    if kpi.aggregate in ("count", "sum"):
        return _side(build, kpi, kpi.field, kpi.events, kpi.where)
    conditions = [_of_types(build, kpi.events), *_filters(build, kpi, kpi.where)]
    value = value_of(build, kpi, kpi.field)
    conditions.append(f"isNotNull({value})")
    measured = kpi.aggregate != "distinct"
    return Row(" AND ".join(conditions), f"ifNull({value}, {ZERO})" if measured else ONE, ONE)


def _ratio(build: Builder, kpi: Kpi) -> Row:
    """A row counts where either part does, and adds nothing to the other."""
    upper, lower = (_part(build, kpi, part) for part in (kpi.numerator, kpi.denominator))
    return Row(f"(({upper.counted}) OR ({lower.counted}))", upper.upper, lower.upper,
                upper.upper_moved, lower.upper_moved)  # fmt: skip


def _part(build: Builder, kpi: Kpi, part: Part) -> Row:
    return _side(build, kpi, part.field, part.events or kpi.events, kpi.where, part.where)


def _side(build: Builder, kpi: Kpi, field: str | None, events: tuple[str, ...], *wheres: Where) -> Row:
    """A sum, or a number of events with the sales that change hands; as if there were no other side."""
    passes = " AND ".join(["1", *(one for where in wheres for one in _filters(build, kpi, where))])
    before = None
    if "sale" in events and any("amount" in where for where in wheres):
        before = " AND ".join(["isNotNull(sale_before)", *(
            one for where in wheres for one in _filters(build, kpi, where, "sale_before")
        )])  # fmt: skip
    of_type = _of_types(build, events)
    if field is None:
        own, moves = f"({of_type} AND {passes})", _moves(events, passes, before)
        told = " OR ".join(f"({one}) != 0" for one in moves)
        sample = f"if({own} OR ({moves[0]}) != 0, {ONE}, {ZERO})"
        return Row(f"({own} OR {told})", f"if({own}, {ONE}, {ZERO})", sample, moves)
    value = value_of(build, kpi, field)
    own, amount = f"({of_type} AND {passes} AND isNotNull({value}))", f"ifNull({value}, {ZERO})"
    if before is None or field != "amount" or "correction" not in events:
        return Row(own, f"if({own}, {amount}, {ZERO})", ONE)
    # a correction brings it within the bounds, or takes it out of them: all that is left of it comes, or goes
    now = f"({_HAS} AND {passes})"
    turned = f"(isNotNull(sale_had) AND {now} != ({before}))"
    left = f"if({now}, {amount} + ifNull(sale_had, {ZERO}), -ifNull(sale_had, {ZERO}))"
    return Row(f"({own} OR {turned})", f"if({turned}, {left}, if({own}, {amount}, {ZERO}))", ONE)


#: After a correction the sale is the employee's.
_HAS = "ifNull(moved, 0) >= 0"


def _moves(events: tuple[str, ...], passes: str, before: str | None) -> Moves:
    """1 where a sale that counts is theirs from now on, -1 where no more. ``before``: where their part of it matters,
    whether that counted.
    """
    if "sale" not in events:
        return _NOTHING
    moved = f"if({passes}, sign(ifNull(moved, 0)), 0)"
    plain = (moved, *(f"if(bitAnd(abs(ifNull(moved, 0)), {bit}) > 0, {moved}, 0)" for bit in UNIT_BITS))
    if before is None:
        return plain
    firsts = [("1", "1"), *((f"bitTest(unit_first, {at})", f"bitTest(unit_first, {at + BEFORE})") for at in _LEVELS)]
    return tuple(
        f"if(isNotNull(sale_had), toInt8({_HAS} AND {passes} AND {now}) - toInt8({before} AND {then}), {old})"
        for old, (now, then) in zip(plain, firsts, strict=True)
    )


def _of_types(build: Builder, events: tuple[str, ...]) -> str:
    return f"type IN {build.bind(tuple(events))}"


#: Of what is about a sale the part of that as last corrected; credits of before say how it came.
_SEEN = "coalesce(sale_now, sale_amount, `amount`)"


def _filters(build: Builder, kpi: Kpi, where: Where, amount: str = _SEEN) -> list[str]:
    """Conditions that are 0, never NULL, where a field is missing."""
    return [f"ifNull({_matches(build, kpi, name, wanted, amount)}, 0)" for name, wanted in where.items()]


def _matches(build: Builder, kpi: Kpi, name: str, wanted: Filter, amount: str) -> str:
    value, kind = value_of(build, kpi, name), _kind(build.plan, kpi, name)
    if value == "`amount`":
        value = amount
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


def _within(build: Builder, value: str, bounds: Comparison) -> str:
    given = [(sign, getattr(bounds, name)) for name, sign in _BOUNDS if getattr(bounds, name) is not None]
    return " AND ".join(
        [f"isNotNull({value})", *(f"{value} {sign} {_number(build, bound)}" for sign, bound in given)]
    )


def _number(build: Builder, value: object) -> str:
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


def value_of(build: Builder, kpi: Kpi, name: str) -> str:
    """The nullable value of a field: its own column, or its entry of an extra map."""
    kind = _kind(build.plan, kpi, name)
    if PAYLOAD_KINDS.get(name) == kind:
        return f"`{name}`"
    key, column = build.bind(name), _EXTRA_MAPS[kind]
    return f"if(mapContains({column}, {key}), {column}[{key}], NULL)"
