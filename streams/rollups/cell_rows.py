"""Many day cells as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.plan_units import UNIT_KINDS

#: KPI, employee, team, department, day.
CellKey = tuple[str, str, str, str, int]
#: KPI, department, team, day.
PageKey = tuple[str, str, str, int]
_NAMES = ("kpi", "employee", "team", "department")
_KINDS = ("", *(f"{kind}_" for kind in UNIT_KINDS))


class Cell(NamedTuple):
    """What a cell holds: the person's own pair, the pairs it adds to its units by UNIT_KINDS, distinct members."""

    num: int
    den: int
    units: tuple[tuple[int, int], ...]
    members: tuple[int, ...]


class Coded(NamedTuple):
    """A column of texts: which of ``names`` each row has."""

    names: list[str] | pa.StringArray
    codes: np.ndarray

    def texts(self) -> list[str]:
        """The text of each row."""
        names = self.names if isinstance(self.names, list) else self.names.to_pylist()
        return [names[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class CellRows:
    """Cells, each key once. ``num`` and ``den`` have a row for the person and one for each of UNIT_KINDS; ``members``
    is None where no cell has any.
    """

    kpi: Coded
    employee: Coded
    team: Coded
    department: Coded
    day: np.ndarray
    num: np.ndarray
    den: np.ndarray
    members: list[tuple[int, ...]] | None

    @classmethod
    def of_block(cls, block: pa.RecordBatch) -> CellRows:
        """Those of a ``kpi-days`` block."""
        texts = (block.column(name) for name in _NAMES)
        sides = (
            np.stack([block.column(f"{kind}{side}").to_numpy() for kind in _KINDS])
            for side in ("numerator", "denominator")
        )
        members = block.column("members")
        kpi, employee, *units = (Coded(one.dictionary, one.indices.to_numpy()) for one in texts)
        return cls(
            kpi._replace(names=kpi.names.to_pylist()),
            employee,  # these are many: no object each
            *(one._replace(names=one.names.to_pylist()) for one in units),
            block.column("day").to_numpy().astype(np.int64),
            *sides,
            [tuple(one or ()) for one in members.to_pylist()] if members.null_count < len(members) else None,
        )

    @classmethod
    def of(cls, cells: Mapping[CellKey, Cell]) -> CellRows:
        """``cells`` (at least one) as columns."""
        *texts, day = zip(*cells, strict=True)
        num, den, units, members = zip(*cells.values(), strict=True)
        by_kind = np.array(units, np.int64)  # cell, kind of unit, side
        sides = (np.vstack([np.array(own, np.int64), by_kind[:, :, at].T]) for at, own in enumerate((num, den)))
        held = list(map(tuple, members)) if any(members) else None
        return cls(*map(coded, texts), np.array(day, np.int64), *sides, held)

    def __len__(self) -> int:
        return len(self.day)

    def cells(self) -> Iterator[tuple[CellKey, Cell]]:
        """The inverse of ``of``."""
        texts = (getattr(self, name).texts() for name in _NAMES)
        sides = zip(self.num.tolist(), self.den.tolist(), strict=True)
        pairs = (zip(num, den, strict=True) for num, den in sides)
        members = self.members or [()] * len(self)
        keys = zip(*texts, self.day.tolist(), strict=True)
        rows = zip(*pairs, members, strict=True)
        return ((key, Cell(*own, tuple(units), of)) for key, (own, *units, of) in zip(keys, rows, strict=True))


def coded(texts: tuple[str, ...]) -> Coded:
    """The column of ``texts``."""
    names = list(dict.fromkeys(texts))
    place = {name: at for at, name in enumerate(names)}
    return Coded(names, np.array([place[text] for text in texts], np.int64))


def days_block(cells: Mapping[CellKey, Cell], plan_version: int, meta: dict) -> bytes:
    """``cells`` (at least one, without members) as a ``kpi-days`` block."""
    rows = CellRows.of(cells)
    texts = {name: getattr(rows, name) for name in _NAMES}
    none = pa.nulls(len(rows), pa.int64())
    sides = {
        f"{kind}{side}": pa.array(values[number])
        for number, kind in enumerate(_KINDS)
        for side, values in (("numerator", rows.num), ("denominator", rows.den))
    }
    columns = {
        **{
            name: pa.DictionaryArray.from_arrays(pa.array(one.codes.astype(np.int32)), pa.array(one.names, pa.string()))
            for name, one in texts.items()
        },
        "day": pa.array(rows.day.astype(np.int32)),
        **{name: sides.pop(name) for name in ("numerator", "denominator")},
        "low": none,
        "high": none,
        **sides,
        "members": pa.nulls(len(rows), pa.list_(pa.uint64())),
        "plan_version": pa.array(np.full(len(rows), plan_version, np.int32)),
    }
    return encode_block(pa.RecordBatch.from_pydict(columns), meta)
