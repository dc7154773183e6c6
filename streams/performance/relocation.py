"""Day cells under a plan that says anew who stood where: those of days on which it says otherwise are moved. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schemas.interning import Interner
from schemas.money import SCALE
from schemas.plan import Kpi, Plan
from schemas.plan_moves import Place, employees_of, place_at
from streams.performance.calendar import date_of
from streams.performance.carried import CellName
from streams.performance.family import day_key, day_key_parts

#: What Engine.day_records has of a KPI: keys, numerators, denominators, unit columns, members by key.
Record = tuple


class Relocation:
    """From where the plan ``before`` had people to where ``after`` has them; ``stays``: days that stay as they are."""

    def __init__(
        self, before: Plan, after: Plan, names: dict[str, Interner], stays: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        old = {employee.id: places for employee, places in employees_of(before)}
        self._changed: dict[int, tuple[list[Place], list[Place]]] = {
            names["employee"].code(employee.id): (old[employee.id], places)
            for employee, places in employees_of(after)
            if employee.id in old and _units(old[employee.id]) != _units(places)
        }
        self._names, self._stays = names, stays
        self._found: dict[int, int] = {}

    def moved(self, kpi: Kpi, record: Record) -> tuple[Record, np.ndarray]:
        """``record`` with every cell in its place, and the keys that nothing stands under any more."""
        keys = record[0]
        moved = keys.copy()
        employee, _, _, day = day_key_parts(keys)
        mine = np.isin(employee, list(self._changed)) & ~self._stays(day)
        for at in np.flatnonzero(mine).tolist():
            moved[at] = self._found[int(keys[at])] = self._key(int(keys[at]))
        if (moved == keys).all():
            return record, keys[:0]
        return _merged(kpi, (moved, *record[1:]), keys), np.setdiff1d(keys, moved)

    def places(self) -> list[tuple[str, str, str, int, str, str]]:
        """Of whatever ``moved`` has moved, in order: employee, team, department, day; team and department now."""
        # by names: which number a name has is another after a restart
        return sorted((*self._named(key), *self._named(now)[1:3]) for key, now in self._found.items() if key != now)

    def _named(self, key: int) -> tuple[str, str, str, int]:
        *codes, day = (int(part) for part in day_key_parts(np.int64(key)))
        kinds = zip(("employee", "team", "department"), codes, strict=True)
        return *(self._names[kind].names[code] for kind, code in kinds), day

    def _key(self, key: int) -> int:
        employee, team, department, day = (int(part) for part in day_key_parts(np.int64(key)))
        stood, stands = (place_at(places, date_of(day)) for places in self._changed[employee])
        here = self._names["team"].names[team], self._names["department"].names[department]
        if here != (stood.team, stood.department):  # a refund went where its sale had gone
            return key
        codes = self._names["team"].code(stands.team), self._names["department"].code(stands.department)
        return int(day_key(np.int64(employee), *map(np.int64, codes), np.int64(day)))


def with_carried(
    records: dict[str, Record], carried: dict[CellName, list[int]], names: dict[str, Interner]
) -> dict[str, Record]:
    """``records`` by KPI id with what their cells carry from now on; nothing of a cell that is no more."""
    added: dict[str, dict[int, list[int]]] = {}
    for (kpi, employee, team, department, day), more in carried.items():
        places = zip(("employee", "team", "department"), (employee, team, department), strict=True)
        key = int(day_key(*(np.int64(names[kind].code(name)) for kind, name in places), np.int64(day)))
        added.setdefault(kpi, {})[key] = more
    return records | {kpi: _carrying(records[kpi], added[kpi]) for kpi in added if kpi in records}


def _carrying(record: Record, added: dict[int, list[int]]) -> Record:
    keys, num, den, units, members = record
    more = np.array([added.get(key, [0, 0, 0, 0]) for key in keys.tolist()], np.int64).reshape(-1, 4).T
    team, department, company = (pair or (num, den) for pair in units)
    team, department = (
        (top + more[at], below + more[at + 1]) for at, (top, below) in ((0, team), (2, department))
    )
    return keys, num, den, (team, department, company), members


def _units(places: list[Place]) -> list[tuple]:
    return [(place.since, place.team, place.department) for place in places]


def _merged(kpi: Kpi, record: Record, old_keys: np.ndarray) -> Record:
    """Cells under the same key as one; members still have their old keys."""
    keys, at = np.unique(record[0], return_inverse=True)
    members: dict[int, set[int]] = {}
    for old, key in zip(old_keys.tolist(), record[0].tolist(), strict=True):
        if old in record[4]:
            members.setdefault(key, set()).update(record[4][old])
    pairs = [(record[1], record[2]), *(pair for pair in record[3] if pair is not None)]
    sums = iter([_summed(kpi, pair, at, len(keys)) for pair in pairs])
    num, den = next(sums)
    if kpi.aggregate == "distinct":
        num = np.array([SCALE * len(members.get(key, ())) for key in keys.tolist()], np.int64)
    units = tuple(None if pair is None else next(sums) for pair in record[3])
    return keys, num, den, units, members


def _summed(kpi: Kpi, pair: tuple[np.ndarray, np.ndarray], at: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    num, den = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(den, at, pair[1])
    if kpi.aggregate not in ("min", "max"):
        np.add.at(num, at, pair[0])
        return num, den
    smallest = kpi.aggregate == "min"
    num[:] = np.iinfo(np.int64).max if smallest else np.iinfo(np.int64).min
    (np.minimum if smallest else np.maximum).at(num, at, pair[0])
    return num, den
