"""Cells in checkpoints: one page for each KPI, department, team and day.

A page's content follows from the cells alone, never from how the log was batched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec
import numpy as np

from schemas.plan_units import UNIT_KINDS
from streams.performance.pages import int64s, of_level, of_units
from streams.rollups.cell_rows import CellRows, Coded, PageKey, coded

PREFIX = "cells/"
_SEPARATOR = "\x1f"
#: So many cells are read at once.
_READ = 100_000
_Old = list[tuple[str, int, int, tuple[tuple[int, int], ...], tuple[int, ...]]]


class _Page(msgspec.Struct, array_like=True):
    """Columns of equal length; int64 little-endian bytes."""

    employees: list[str]
    num: bytes
    den: bytes
    units: list[tuple[bytes, bytes] | None]  # (num, den) by UNIT_KINDS; None where they equal the person's
    members: list[bytes]  # uint64 hashes of each cell; empty where no cell has any


def page_name(key: PageKey) -> str:
    """The key of a page's row."""
    return PREFIX + _SEPARATOR.join(map(str, key))


def written(
    counts: Sequence[int],
    employees: list[str],
    num: np.ndarray,
    den: np.ndarray,
    members: Sequence[tuple[int, ...]] | None,
) -> Iterator[bytes]:
    """Pages of so many cells each, one after the other in the columns, which are those of CellRows; those of
    units may be missing where every cell adds to them what it is.
    """
    ends = np.cumsum(counts)
    of_page = np.repeat(np.arange(len(counts)), counts)
    own, *units = zip(num, den, strict=True)
    nums, dens = (side.tobytes() for side in own)
    levels = [of_level(pair, own, of_page) for pair in units or [None] * len(UNIT_KINDS)]
    for page, (count, end) in enumerate(zip(counts, ends.tolist(), strict=True)):
        cells, packed = slice(end - count, end), slice(8 * (end - count), 8 * end)
        kept = [(sides[0][packed], sides[1][packed]) if page in differ else None for differ, *sides in levels]
        some = members[cells] if members is not None and any(members[cells]) else ()
        hashes = [np.array(one, np.uint64).tobytes() for one in some]
        columns = _Page(employees[cells], nums[packed], dens[packed], kept, hashes)
        yield msgspec.msgpack.encode(columns) if count else b""


def read(rows: Mapping[str, bytes]) -> Iterator[CellRows]:
    """The cells of all pages, many at a time."""
    pages: list[tuple[PageKey, _Page]] = []
    cells = 0
    for name in sorted(name for name in rows if name.startswith(PREFIX)):
        kpi, department, team, day = name.removeprefix(PREFIX).split(_SEPARATOR)
        page = msgspec.msgpack.decode(rows[name], type=_Page)
        pages.append(((kpi, department, team, int(day)), page))
        cells += len(page.employees)
        if cells >= _READ:
            yield _rows(pages)
            pages, cells = [], 0
    if cells:
        yield _rows(pages)


def _rows(pages: list[tuple[PageKey, _Page]]) -> CellRows:
    keys, held = zip(*pages, strict=True)
    kpi, department, team, day = zip(*keys, strict=True)
    place = np.repeat(np.arange(len(held)), [len(page.employees) for page in held])
    kpi, department, team = (Coded(one.names, one.codes[place]) for one in map(coded, (kpi, department, team)))
    employees = list(chain.from_iterable(page.employees for page in held))
    own = int64s([page.num for page in held]), int64s([page.den for page in held])
    levels = [own, *(of_units(held, level) or own for level in range(len(UNIT_KINDS)))]
    sides = map(np.stack, zip(*levels, strict=True))
    members = None
    if any(page.members for page in held):
        found = chain.from_iterable(page.members or [b""] * len(page.employees) for page in held)
        members = [tuple(np.frombuffer(one, np.uint64).tolist()) for one in found]
    days = np.array(day, np.int64)[place]
    return CellRows(kpi, Coded(employees, np.arange(len(employees))), team, department, days, *sides, members)


def in_columns(row: bytes) -> bytes:
    """A page of format 1 of rollups' state, a list of cells, as of format 2."""
    employees, num, den, units, members = zip(*msgspec.msgpack.decode(row, type=_Old), strict=True)
    pairs = np.array([((own, over), *of) for own, over, of in zip(num, den, units, strict=True)], np.int64)
    (page,) = written([len(num)], list(employees), pairs[:, :, 0].T.copy(), pairs[:, :, 1].T.copy(), members)
    return page
