"""What counts once in units of the events that several share, where limits on events of the same customer hold.

That an event counts is in the cells of whoever comes first in a unit. Whether a limit leaves out the credit of that
person, only their partition knows. So under limits every credit that counts says what its event counts once, and what
of that its cells have for units already; rollups sees them all, and lets the first who counts bring it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.money import WHOLE
from schemas.plan import Kpi
from streams.performance.cells import LEVELS, UnitColumns
from streams.performance.columns import dictionary_column
from streams.performance.contributions import ONCE, OVERLAY, Contribution, counted_once, in_hand
from streams.performance.credit_rows import CreditRows

KIND = "shared-counts"
#: Where a plan takes what was said, ahead of the cells that go there.
MOVED = "shared-moved"
#: A block has at most so many rows: some 100 bytes each, and a record may have 16 MB.
_MOST = 50_000
#: It gives sales to others, which nobody need share.
_RENAMES = "correction"
#: Of the numbers in a block: what counts once, by ONCE, then what of it the cells have, by LEVELS.
SIDES = tuple(f"{name}_{side}" for name in (*ONCE, *LEVELS) for side in ("numerator", "denominator"))


@dataclass(slots=True)
class SharedCounts:
    """Of one batch: which rows say something (bool), and what, by row and KPI in the order of SIDES."""

    rows: np.ndarray
    said: dict[tuple[int, str], np.ndarray] = field(default_factory=dict)
    #: Whether cells of the people go with it.
    of_cells: bool = False

    @classmethod
    def of(cls, rows: CreditRows, events: frozenset[str]) -> SharedCounts | None:
        """``events``: types that limits are on, for rows of which crediting did not say whether they are. None where no
        row says anything.
        """
        types = rows.type_names
        limited = np.isin(rows.type, [types.find(name) for name in sorted(events)])
        if rows.limited is not None:
            limited = np.where(rows.limited < 0, limited, rows.limited > 0)
        shared = (rows.share < WHOLE) | (rows.type == types.find(_RENAMES))
        chosen = limited & shared & (rows.unit_first & OVERLAY == 0)
        if rows.left_out is not None:
            chosen &= ~rows.left_out
        return cls(chosen) if chosen.any() else None

    def take(self, kpi: Kpi, part: Contribution, units: UnitColumns) -> None:
        """Note what the rows of ``part``, which add ``units`` to their units, say of ``kpi``."""
        places = np.flatnonzero(self.rows[part.rows])
        if not len(places):
            return
        once, told = (one[..., places].reshape(-1, len(places)) for one in counted_once(kpi, part, units))
        none = np.zeros((2 * (len(ONCE) - 1), len(places)), np.int64)
        self._say(kpi, part.rows[places], np.concatenate([once, none, told]))
        self.of_cells = True

    def take_sales(self, kpi: Kpi, rows: CreditRows) -> None:
        """Note whose sales are whose by the corrections among ``rows``, also where that changes nothing for anybody."""
        places = np.flatnonzero(self.rows)
        sides = in_hand(kpi, rows)[..., places].reshape(-1, len(places))
        first, last = (np.zeros((2 * count, len(places)), np.int64) for count in (1, len(LEVELS)))
        self._say(kpi, places, np.concatenate([first, sides, last]))

    def _say(self, kpi: Kpi, rows: np.ndarray, sides: np.ndarray) -> None:
        for at in np.flatnonzero(sides.any(axis=0)).tolist():
            key = int(rows[at]), kpi.id
            self.said[key] = self.said.get(key, 0) + sides[:, at]

    def blocks(self, rows: CreditRows, day: np.ndarray, origins, meta: dict) -> list[bytes]:
        """What was said; of each row first, with an empty KPI, that its credit counts at all."""
        nothing, meta = [0] * len(SIDES), meta | {"of_cells": self.of_cells}
        said = [(row, "", nothing) for row in np.flatnonzero(self.rows).tolist()]
        said += [(*key, sides.tolist()) for key, sides in self.said.items()]
        return [
            _block(said[start : start + _MOST], rows, day, origins, meta) for start in range(0, len(said), _MOST)
        ]


def _block(said: list[tuple[int, str, list[int]]], rows: CreditRows, day: np.ndarray, origins, meta: dict) -> bytes:
    places, kpis, sides = zip(*said, strict=True)
    at = np.array(places)
    arrived = [origins.sale_of(row)[2] for row in places]
    columns = {
        "event_hash": pa.array([origins.event_of(row) for row in places], pa.binary(16)),
        "payee": pa.array([_payee(rows, row) for row in places], pa.int16()),
        "kpi": dictionary_column(list(kpis)),
        **{
            name: dictionary_column([rows.names[name].names[code] for code in getattr(rows, name)[at].tolist()])
            for name in ("employee", "team", "department")
        },
        "day": pa.array(day[at].astype(np.int32)),
        "arrived": pa.array([when for when, _ in arrived], pa.int32()),
        "unit_first": pa.array(rows.unit_first[at]),
        "has": pa.array(_has(rows)[at]),
        **{name: pa.array(column, pa.int64()) for name, column in zip(SIDES, zip(*sides, strict=True), strict=True)},
    }
    return encode_block(pa.RecordBatch.from_pydict(columns), meta | {"floor": max(floor for _, floor in arrived)})


def moved_blocks(places: list[tuple], meta: dict) -> list[bytes]:
    """``places`` as Relocation gives them."""
    names = ("employee", "team", "department", "day", "team_now", "department_now")
    blocks = []
    for start in range(0, len(places), _MOST):
        columns = dict(zip(names, map(list, zip(*places[start : start + _MOST], strict=True)), strict=True))
        texts = {name: dictionary_column(column) for name, column in columns.items() if name != "day"}
        table = pa.RecordBatch.from_pydict(texts | {"day": pa.array(columns["day"], pa.int32())})
        blocks.append(encode_block(table, meta))
    return blocks


def _payee(rows: CreditRows, row: int) -> int:
    block, at = rows.locate(row)
    return block.column("payee")[at].as_py()


def _has(rows: CreditRows) -> np.ndarray:
    """uint8 by row, a bit for each of ONCE: a part in the event; by a correction the sale, and ahead of it."""
    has = np.ones(len(rows), np.uint8)
    if rows.restated is not None:
        moved = np.zeros(len(rows), np.int64) if rows.moved is None else rows.moved
        has |= (2 * (rows.restated.rows & (moved >= 0)) + 4 * (rows.restated.rows & (moved <= 0))).astype(np.uint8)
    return has
