"""Day cells in checkpoints: whole pages of columns, so that saving costs copies, not one object per cell.

Slots are given out in order of first use, so today's cells share the newest pages and yesterday's stay untouched.
"""
from __future__ import annotations

import msgspec
import numpy as np

from streams.performance.cells import PAGE
from streams.performance.interning import Interner

_NAMES = ("employee", "team", "department")


class _Page(msgspec.Struct, array_like=True):
    kpis: list[str]
    keys: bytes
    num: bytes
    den: bytes
    unit: bytes | None
    members: list[tuple[int, int, bytes]]  # (kpi, slot in the page, uint64 hashes)


class DayPages:
    """Which pages are stored, and which names."""

    def __init__(self) -> None:
        self._stored: set[str] = set()
        self._obsolete: set[str] = set()
        self._named = dict.fromkeys(_NAMES, 0)

    def dirty_rows(self, engine, names: dict[str, Interner]) -> dict[str, bytes]:
        """Pages changed since the last call, new names, and deletions of pages of an earlier plan."""
        rows = self._new_names(names)
        for number, family in enumerate(engine.families):
            for page in sorted(family.days.dirty_pages):
                rows[f"cells/{number}/{page}"] = _encode(family, page)
            family.days.dirty_pages.clear()
        self._stored.update(key for key in rows if key.startswith("cells/"))
        gone = self._obsolete - rows.keys()
        self._obsolete.clear()
        return rows | dict.fromkeys(sorted(gone), b"")

    def _new_names(self, names: dict[str, Interner]) -> dict[str, bytes]:
        rows = {}
        for kind in _NAMES:
            known, known_before = names[kind].names, self._named[kind]
            if len(known) > known_before:
                for page in range(known_before // PAGE, (len(known) - 1) // PAGE + 1):
                    rows[f"names/{kind}/{page}"] = msgspec.msgpack.encode(known[page * PAGE : (page + 1) * PAGE])
                self._named[kind] = len(known)
        return rows

    def replaced(self, engine) -> None:
        """Another plan's families took over: write all pages anew, forget the old ones."""
        self._obsolete |= self._stored
        self._stored.clear()
        for family in engine.families:
            if family.days.size:
                family.days.dirty_pages.update(range((family.days.size - 1) // PAGE + 1))

    def restore_names(self, rows: dict[str, bytes], names: dict[str, Interner]) -> None:
        """Fill the interners with the stored names."""
        for kind in _NAMES:
            page = 0
            while value := rows.get(f"names/{kind}/{page}"):
                names[kind].codes(msgspec.msgpack.decode(value))
                page += 1
            self._named[kind] = len(names[kind])

    def restore(self, rows: dict[str, bytes]) -> dict[str, tuple]:
        """Day records by KPI id, as Engine.day_records gives them."""
        self._stored = {key for key in rows if key.startswith("cells/")}
        pieces: dict[str, list[tuple]] = {}
        for key in sorted(self._stored):
            page = msgspec.msgpack.decode(rows[key], type=_Page)
            keys = np.frombuffer(page.keys, np.int64)
            shape = (len(page.kpis), len(keys))
            num, den = (np.frombuffer(part, np.int64).reshape(shape) for part in (page.num, page.den))
            unit = np.frombuffer(page.unit, np.int64).reshape(2, *shape) if page.unit else np.stack([num, den])
            for index, kpi in enumerate(page.kpis):
                held = np.flatnonzero((den[index] != 0) | (num[index] != 0))
                members = {
                    int(keys[slot]): set(np.frombuffer(hashes, np.uint64).tolist())
                    for at, slot, hashes in page.members
                    if at == index
                }
                pieces.setdefault(kpi, []).append(
                    (keys[held], num[index, held], den[index, held], (unit[0, index, held], unit[1, index, held]), members)
                )
        return {kpi: _joined(parts) for kpi, parts in pieces.items()}

    def loaded(self, engine) -> None:
        """After a restore the pages are laid out anew; they are written once more with the next checkpoint."""
        self.replaced(engine)


def _encode(family, page: int) -> bytes:
    days = family.days
    span = slice(page * PAGE, min((page + 1) * PAGE, days.size))
    unit = days.unit_columns()
    members = [
        (kpi, slot - span.start, np.array(sorted(days.members[kpi, slot]), np.uint64).tobytes())
        for kpi, described in enumerate(family.kpis)
        if described.aggregate == "distinct"
        for slot in range(span.start, span.stop)
        if (kpi, slot) in days.members
    ]
    return msgspec.msgpack.encode(
        _Page(
            kpis=[kpi.id for kpi in family.kpis],
            keys=days.keys[span].tobytes(),
            num=np.ascontiguousarray(days.num[:, span]).tobytes(),
            den=np.ascontiguousarray(days.den[:, span]).tobytes(),
            unit=None if unit is None else np.ascontiguousarray(unit[:, :, span]).tobytes(),
            members=members,
        )
    )


def _joined(parts: list[tuple]) -> tuple:
    members = {}
    for part in parts:
        members.update(part[4])
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
        tuple(np.concatenate([part[3][side] for part in parts]) for side in (0, 1)),
        members,
    )


def load_days(engine, records: dict[str, tuple]) -> None:
    """Put day records (by KPI id) into an engine that has none yet, and derive its periods."""
    for family in engine.families:
        own = [records.get(kpi.id) for kpi in family.kpis]
        held = [record[0] for record in own if record is not None]
        if not held:
            continue
        keys = np.unique(np.concatenate(held))
        num = np.zeros((len(own), len(keys)), np.int64)
        den, unit = np.zeros_like(num), np.zeros((2, *num.shape), np.int64)
        for index, record in enumerate(own):
            if record is None:
                continue
            at = np.searchsorted(keys, record[0])
            num[index, at], den[index, at] = record[1], record[2]
            unit[0, index, at], unit[1, index, at] = record[3]
            for key, members in record[4].items():
                family.days.members[index, int(np.searchsorted(keys, key))] = set(members)
        family.days.load(keys, num, den)
        if not (np.array_equal(unit[0], num) and np.array_equal(unit[1], den)):
            family.days.load_unit(unit)
        family.restore_periods()
