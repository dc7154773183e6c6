"""Adjustments: day cells that a reconciliation found wrong are set right, each only where it stands as it was found.

A cell is compared before it is changed: what was credited in the meantime is never overwritten, and a record that comes
twice changes nothing the second time. What became of each cell is published, and the cell as it stands then: where it
is another one than was found, the next reconciliation finds that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.control import CellAdjusted, CellValue, PaidSoFar, ValuesAdjusted
from schemas.interning import Interner
from schemas.plan import Kpi, Plan
from streams.performance.calendar import window_days
from streams.performance.columns import dictionary_column, distinct
from streams.performance.family import day_key
from streams.performance.running import period_key

KIND = "adjustments"
#: Aggregates whose totals of units follow from the person's own numbers.
_EXTREMES = ("min", "max")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``outcome``: adjusted; published (the value was right already); refused (it is neither as found nor right)."""

    cell: CellAdjusted
    outcome: str
    before: CellValue
    after: CellValue


@dataclass
class Adjusted:
    """Day records (as Engine.day_records gives them) after an adjustment, and the keys to publish, by KPI id."""

    records: dict[str, tuple]
    outcomes: list[Outcome] = field(default_factory=list)
    touched: dict[str, list[int]] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether any value is another one now."""
        return any(one.outcome == "adjusted" for one in self.outcomes)

    def keys(self) -> dict[str, np.ndarray]:
        """int64 keys of the cells to publish, by KPI id."""
        return {kpi: distinct(np.array(keys, np.int64)) for kpi, keys in self.touched.items()}


def adjusted(
    plan: Plan,
    records: dict[str, tuple],
    cells: Sequence[CellAdjusted],
    names: dict[str, Interner],
    stale: bool = False,
) -> Adjusted:
    """``records`` with every cell set that stands as it was found; none where what was paid is ``stale``."""
    kpis = {kpi.id: kpi for kpi in plan.kpis}
    found = Adjusted(dict(records))
    sheets: dict[str, _Sheet] = {}
    for cell in cells:
        kpi = kpis.get(cell.kpi)
        if kpi is None:
            found.outcomes.append(Outcome(cell, "refused", CellValue(), CellValue()))
            continue
        codes = (np.int64(names[kind].code(getattr(cell, kind))) for kind in ("employee", "team", "department"))
        key = int(day_key(*codes, np.int64(cell.day)))
        if kpi.id not in sheets:
            sheets[kpi.id] = _Sheet(kpi, records[kpi.id])
        sheet = sheets[kpi.id]
        stands = sheet.value(key)
        outcome = "refused"
        if same_value(kpi, stands, cell.should):
            outcome = "published"
        elif not stale and same_value(kpi, stands, cell.found):
            outcome = "adjusted"
            sheet.changed[key] = cell.should
        found.touched.setdefault(kpi.id, []).append(key)
        after = cell.should if outcome == "adjusted" else stands
        found.outcomes.append(Outcome(cell, outcome, stands, after))
    for kpi_id, sheet in sheets.items():
        if sheet.changed:
            found.records[kpi_id] = sheet.record_after()
    return found


def paid_before(engine, paid: Sequence[PaidSoFar]) -> dict[str, dict[int, tuple[int, int]]] | None:
    """What was paid and withheld, by rule and period key; None where a period's value is not the one paid for."""
    rules = {rule.rule.id: rule for rule in engine.rules}
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for one in paid:
        rule = rules.get(one.rule)
        if rule is None or rule.rule.kind != "tiers":
            return None
        kind = rule.rule.period
        ordinal = 0 if window_days(kind) else engine.calendar.parse(kind, one.period)
        key = int(period_key(engine.people.code(one.employee), ordinal))
        if rule.view.current(key) != (one.numerator, one.denominator):
            return None
        found.setdefault(one.rule, {})[key] = one.amount, one.withheld
    return found


def same_value(kpi: Kpi, one: CellValue, other: CellValue) -> bool:
    """Whether two values of a KPI's day cell are the same to people and units."""
    if (one.numerator, one.denominator) != (other.numerator, other.denominator):
        return False
    if kpi.aggregate in _EXTREMES:
        return True
    if kpi.aggregate == "distinct":  # of units the members are what counts
        below = [[pair[1] for pair in value.units] for value in (one, other)]
        return one.members == other.members and below[0] == below[1]
    return one.units == other.units


class _Sheet:
    """The day cells of one KPI: looked up one by one, changed all at once (a rebuild names thousands)."""

    def __init__(self, kpi: Kpi, record: tuple) -> None:
        self.kpi, self.record = kpi, record
        self.changed: dict[int, CellValue] = {}
        self._order = np.argsort(record[0])
        self._keys = record[0][self._order]

    def value(self, key: int) -> CellValue:
        """What stands under ``key``, changes included."""
        if key in self.changed:
            return self.changed[key]
        at = int(np.searchsorted(self._keys, key))
        if at == len(self._keys) or self._keys[at] != key:
            return CellValue()
        return value_at(self.record, int(self._order[at]))

    def record_after(self) -> tuple:
        """The record with the changes; a value of nothing is no cell."""
        keys, num, den, units, members = self.record
        rest = ~np.isin(keys, list(self.changed))
        set_to = {key: value for key, value in self.changed.items() if value != CellValue()}
        values = list(set_to.values())

        def column(old: np.ndarray, new: list[int]) -> np.ndarray:
            return np.concatenate([old[rest], np.array(new, np.int64)])

        def pairs(level: int) -> list[tuple[int, int]]:
            if self.kpi.aggregate in _EXTREMES:
                return [(value.numerator, value.denominator) for value in values]
            return [value.units[level] for value in values]

        distinct = self.kpi.aggregate == "distinct"
        return (
            column(keys, list(set_to)),
            column(num, [value.numerator for value in values]),
            column(den, [value.denominator for value in values]),
            tuple(
                (
                    column(pair[0], [top for top, _ in pairs(level)]),
                    column(pair[1], [below for _, below in pairs(level)]),
                )
                for level, pair in enumerate(pair or (num, den) for pair in units)
            ),
            {at: held for at, held in members.items() if at not in self.changed}
            | ({key: set(value.members) for key, value in set_to.items()} if distinct else {}),
        )


def value_at(record: tuple, place: int) -> CellValue:
    """The day cell at ``place`` of a record as Engine.day_records gives it."""
    keys, num, den, units, members = record
    return CellValue(
        numerator=int(num[place]),
        denominator=int(den[place]),
        units=tuple((int(top[place]), int(below[place])) for top, below in (pair or (num, den) for pair in units)),
        members=tuple(sorted(members.get(int(keys[place]), ()))),
    )


def adjustments_block(control: ValuesAdjusted, outcomes: list[Outcome], meta: dict) -> bytes:
    """The block that says what became of each cell."""
    count = len(outcomes)

    def texts(name: str) -> pa.Array:
        return dictionary_column([getattr(one.cell, name) for one in outcomes])

    columns = {
        "adjustment": dictionary_column([control.id] * count),
        "number": pa.array(np.arange(count, dtype=np.int32)),
        "reason": dictionary_column([control.reason] * count),
        "operator": dictionary_column([control.operator] * count),
        "asked_at": pa.array([control.time] * count, pa.int64()),
        **{name: texts(name) for name in ("kpi", "employee", "team", "department")},
        "day": pa.array([one.cell.day for one in outcomes], pa.int32()),
        "outcome": dictionary_column([one.outcome for one in outcomes]),
        "numerator_before": pa.array([one.before.numerator for one in outcomes], pa.int64()),
        "denominator_before": pa.array([one.before.denominator for one in outcomes], pa.int64()),
        "numerator": pa.array([one.after.numerator for one in outcomes], pa.int64()),
        "denominator": pa.array([one.after.denominator for one in outcomes], pa.int64()),
    }
    return encode_block(pa.RecordBatch.from_pydict(columns), meta)
