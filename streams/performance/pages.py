"""Day cells in checkpoints: one page for each KPI, day and sixty-fourth of the employees.

A page's key and content follow from the state alone, never from how the log was batched or who folded it: whoever
writes a page at an offset writes the same one. That is what makes a late write by a former owner harmless.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa

from schemas.interning import Interner
from streams.performance.cells import LEVELS
from streams.performance.columns import distinct, numbered, stable_order
from streams.performance.family import Family, day_key, day_key_parts
from streams.performance.key_table import wider

_BUCKETS = 64
PREFIX = "cells/"


#: Words as they appear, and which of them each cell has (int32, little-endian).
_Words = tuple[list[str], bytes]


class _Page(msgspec.Struct, array_like=True):
    """Columns of equal length; int64 little-endian bytes."""

    employees: list[str]
    teams: _Words
    departments: _Words
    num: bytes
    den: bytes
    units: list[tuple[bytes, bytes] | None]  # (num, den) by level; None where they equal the person's
    members: list[bytes]  # uint64 hashes of each cell, for distinct KPIs


class _Old(msgspec.Struct, array_like=True):
    """As ``_Page`` was: a text for each cell."""

    employees: list[str]
    teams: list[str]
    departments: list[str]
    num: bytes
    den: bytes
    units: list[tuple[bytes, bytes] | None]
    members: list[bytes]


class DayPages:
    """Finds the pages of one family's cells that a checkpoint must write."""

    def __init__(self, family: Family, names: dict[str, Interner]) -> None:
        self._family, self._names = family, names
        self._slots: dict[int, array[int]] = {}
        self._page_of_slot = np.empty(0, np.int64)
        self._known = 0

    def dirty_rows(self) -> dict[str, bytes]:
        """Pages touched since the last call."""
        self._index_new_slots()
        rows = {}
        for index, (kpi, touched) in enumerate(zip(self._family.kpis, self._family.unsaved_days, strict=True)):
            if not touched:
                continue
            pages = _distinct(self._page_of_slot[np.concatenate(touched)])
            rows |= zip((_key(kpi.id, page) for page in pages), self._encoded(index, pages), strict=True)
            touched.clear()
        return rows

    def keys_of(self, kpi_id: str) -> list[str]:
        """Keys of every page that may hold cells of a KPI, to delete when the KPI leaves the plan."""
        self._index_new_slots()
        return [_key(kpi_id, page) for page in sorted(self._slots)]

    def _index_new_slots(self) -> None:
        known, size = self._known, self._family.days.size
        if size == known:
            return
        employee, _, _, day = day_key_parts(self._family.days.keys[known:size])
        buckets = (self._names["employee"].hashes()[employee] % np.uint64(_BUCKETS)).astype(np.int64)
        pages = day * _BUCKETS + buckets
        self._page_of_slot = wider(self._page_of_slot, len(self._family.days.keys))
        self._page_of_slot[known:size] = pages
        self._known = size
        add_by_page(pages, np.arange(known, size), lambda page: self._slots.setdefault(page, array("i")))

    def _encoded(self, index: int, pages: list[int]) -> Iterator[bytes]:
        """Each of ``pages``, cut from columns of them all: a page by itself has a few cells."""
        days = self._family.days
        slots, of_page = slots_of([self._slots[page] for page in pages])
        held = days.is_held(index, slots)
        slots, of_page = slots[held], of_page[held]
        employee, team, department, _ = day_key_parts(days.keys[slots])
        members = []
        if self._family.kpis[index].aggregate == "distinct":
            members = [np.array(sorted(days.members[index, slot]), np.uint64).tobytes() for slot in slots.tolist()]
        employees = self._names["employee"].texts(employee)
        teams, departments = (
            _words(self._names[kind], codes, of_page, len(pages))
            for kind, codes in (("team", team), ("department", department))
        )
        own = days.num[index, slots], days.den[index, slots]
        num, den = (side.tobytes() for side in own)
        levels = [of_level(pair, own, of_page) for pair in days.units(index, slots)]
        first = 0
        for page, end in enumerate(np.cumsum(np.bincount(of_page, minlength=len(pages))).tolist()):
            cells, packed = slice(first, end), slice(8 * first, 8 * end)
            units = [(sides[0][packed], sides[1][packed]) if page in differ else None for differ, *sides in levels]
            parts = employees[cells], teams[page], departments[page], num[packed], den[packed], units, members[cells]
            yield msgspec.msgpack.encode(_Page(*parts))
            first = end


def _words(names: Interner, codes: np.ndarray, of_page: np.ndarray, pages: int) -> list[_Words]:
    """The words of each page. ``codes`` and ``of_page``, which ascends, by cell."""
    size = len(names) + 1
    found = pa.array(of_page * size + codes).dictionary_encode()  # by appearance, so page after page
    page, code = np.divmod(found.dictionary.to_numpy(), size)
    held = np.bincount(page, minlength=pages)
    ends = np.cumsum(held)
    starts = ends - held
    words, numbers = names.texts(code), (found.indices.to_numpy() - starts[of_page]).astype(np.int32).tobytes()
    cells = 4 * np.cumsum(np.bincount(of_page, minlength=pages))
    bounds = zip(starts.tolist(), ends.tolist(), [0, *cells[:-1].tolist()], cells.tolist(), strict=True)
    return [(words[start:end], numbers[first:after]) for start, end, first, after in bounds]


def words_once(row: bytes) -> bytes:
    """A page of format 3 of performance's state, with team and department as a text for each cell, as of format 4."""
    old = msgspec.msgpack.decode(row, type=_Old)
    coded = (pa.array(column, pa.string()).dictionary_encode() for column in (old.teams, old.departments))
    words = ((one.dictionary.to_pylist(), one.indices.to_numpy().tobytes()) for one in coded)
    return msgspec.msgpack.encode(_Page(old.employees, *words, old.num, old.den, old.units, old.members))


def add_by_page(pages: np.ndarray, slots: np.ndarray, kept: Callable[[int], array[int]]) -> None:
    """Append ``slots`` (one at least) to what is ``kept`` of the pages that they lie in, in their order."""
    lowest = int(pages.min())
    order = stable_order(pages - lowest, int(pages.max()) - lowest + 1)
    pages, slots = pages[order], slots[order].astype(np.int32)
    firsts = np.flatnonzero(np.append(True, pages[1:] != pages[:-1]))
    for page, some in zip(pages[firsts].tolist(), np.split(slots, firsts[1:]), strict=True):
        kept(page).frombytes(some.tobytes())


def _distinct(pages: np.ndarray) -> list[int]:
    """Each once, ascending."""
    lowest = int(pages.min())
    return (lowest + numbered(pages - lowest, int(pages.max()) - lowest + 1)[0]).tolist()


def slots_of(pages: Sequence[array[int]]) -> tuple[np.ndarray, np.ndarray]:
    """The slots of all ``pages``, one after the other, and which page each lies in."""
    slots = np.concatenate([np.frombuffer(page, np.int32) for page in pages] or [np.empty(0, np.int32)])
    return slots, np.repeat(np.arange(len(pages)), list(map(len, pages)))


def _key(kpi_id: str, page: int) -> str:
    day, bucket = divmod(page, _BUCKETS)
    return f"{PREFIX}{kpi_id}/{day}/{bucket}"


def of_level(
    pair: tuple[np.ndarray, np.ndarray] | None, own: tuple[np.ndarray, np.ndarray], of_page: np.ndarray
) -> tuple[set[int], bytes, bytes]:
    """The pages in which some cell adds something else than the person's ``own`` to a unit, and what all cells add."""
    if pair is None:
        return set(), b"", b""
    differs = (pair[0] != own[0]) | (pair[1] != own[1])
    return set(of_page[differs].tolist()), pair[0].tobytes(), pair[1].tobytes()


def read_pages(rows: dict[str, bytes], names: dict[str, Interner]) -> dict[str, tuple]:
    """Day records by KPI id, as Engine.day_records gives them."""
    pages: dict[str, list[tuple[int, _Page]]] = {}
    for key in sorted(key for key in rows if key.startswith(PREFIX)):
        kpi, day, _ = key.removeprefix(PREFIX).rsplit("/", 2)
        page = msgspec.msgpack.decode(rows[key], type=_Page)
        if page.employees:
            pages.setdefault(kpi, []).append((int(day), page))
    return {kpi: _record(*zip(*found, strict=True), names) for kpi, found in pages.items()}


def _record(days: Sequence[int], pages: Sequence[_Page], names: dict[str, Interner]) -> tuple:
    """The day record of one KPI."""
    counts = [len(page.employees) for page in pages]
    employees = pa.array(list(chain.from_iterable(page.employees for page in pages)), pa.string())
    teams = _coded(names["team"], [page.teams for page in pages], counts)
    departments = _coded(names["department"], [page.departments for page in pages], counts)
    keys = day_key(names["employee"].codes(employees), teams, departments, np.repeat(np.array(days), counts))
    num, den = int64s([page.num for page in pages]), int64s([page.den for page in pages])
    units = tuple(of_units(pages, level) for level in range(len(LEVELS)))
    # only distinct KPIs have members
    hashes = [cell for page in pages for cell in page.members]
    members = {
        key: np.frombuffer(cell, np.uint64).tolist() for key, cell in zip(keys.tolist(), hashes, strict=True)
    } if hashes else {}  # fmt: skip
    return keys, num, den, units, members


def _coded(names: Interner, pages: Sequence[_Words], counts: Sequence[int]) -> np.ndarray:
    """Codes of the words of all ``pages``, of so many cells each."""
    codes = names.codes(list(chain.from_iterable(words for words, _ in pages)))
    held = np.array([len(words) for words, _ in pages])
    numbers = np.frombuffer(b"".join(numbers for _, numbers in pages), np.int32)
    return codes[numbers + np.repeat(np.cumsum(held) - held, counts)]


def int64s(parts: Sequence[bytes]) -> np.ndarray:
    """The columns ``parts``, one after the other."""
    return np.frombuffer(b"".join(parts), np.int64)


def of_units(pages: Sequence[_Page], level: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Unit columns of all pages; where only some have their own, the others' are the person's. Rollups' pages have the
    same ``num``, ``den`` and ``units``.
    """
    if all(page.units[level] is None for page in pages):
        return None
    pairs = [page.units[level] or (page.num, page.den) for page in pages]
    return tuple(map(int64s, zip(*pairs, strict=True)))


def load_days(engine, records: dict[str, tuple]) -> None:
    """Put day records (by KPI id) into an engine that has none yet, and derive its periods."""
    for family in engine.families:
        own = [records.get(kpi.id) for kpi in family.kpis]
        held = [record[0] for record in own if record is not None]
        if not held:
            continue
        keys = distinct(np.concatenate(held))
        num = np.zeros((len(own), len(keys)), np.int64)
        den = np.zeros_like(num)
        places = [None if record is None else _places(keys, record[0]) for record in own]
        for index, (record, at) in enumerate(zip(own, places, strict=True)):
            if record is None:
                continue
            num[index, at], den[index, at] = record[1], record[2]
            for key, members in record[4].items():
                family.days.members[index, int(np.searchsorted(keys, key))] = set(members)
        family.days.load(keys, num, den)
        for index, (record, at) in enumerate(zip(own, places, strict=True)):
            if record is not None:
                family.days.touch(index, at)
                family.days.load_units(index, at, record[3])
        family.restore_periods()
    for score in engine.scores:
        score.restore()


def _places(keys: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Where each of ``some`` stands among ``keys``, which ascend and hold them all."""
    order = np.argsort(some)
    found = np.empty(len(some), np.int64)
    found[order] = np.searchsorted(keys, some[order])  # in order: millions at random would wait for memory each
    return found
