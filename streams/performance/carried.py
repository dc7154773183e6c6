"""Numbers of sales that a team or a department goes on having by one person, though another one has the sale now.

Where a correction gives a sale to a colleague of the same unit, the unit has as many sales as before. Nothing of it is
published: the updates of the two come one after the other, and an award of the unit must not be lost in between. So it
goes on counting with whoever brought the sale, and what would be each one's own is kept here.

A plan with ``backdated: move`` takes people elsewhere, with what is theirs: from then on, for good, everybody carries
what they have. For good, as of one correction some credits may lie ahead of a later plan and others, in other
partitions, behind it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

import msgspec

#: KPI, employee, team, department, day.
CellName = tuple[str, str, str, str, int]
_PREFIX, _BEGUN, _SEPARATOR = "carried/", "carried_begun", "\x1f"


class Carried:
    """By day cell what it would add otherwise: numerator and denominator of its team, and of its department."""

    def __init__(self) -> None:
        #: Whether everybody carries what they have.
        self.begun = False
        self._cells: dict[CellName, list[int]] = {}
        self._dirty: set[CellName] = set()
        self._begun_now = False

    def keep(self, cell: CellName, more: Iterable[int]) -> None:
        """Add to what is kept of a cell."""
        known = self._cells.get(cell, [0, 0, 0, 0])
        self._cells[cell] = [had + change for had, change in zip(known, more, strict=True)]
        self._dirty.add(cell)

    def forget(self, kpis: Container[str]) -> None:
        """Keep nothing but what is of ``kpis``: cells of others are gone."""
        for cell in [cell for cell in self._cells if cell[0] not in kpis]:
            del self._cells[cell]
            self._dirty.add(cell)

    def begin(self) -> dict[CellName, list[int]]:
        """From here on everybody carries what they have: all that was kept so far."""
        cells = {cell: more for cell, more in self._cells.items() if any(more)}
        self._dirty |= cells.keys()
        self._begun_now = self._begun_now or not self.begun
        self._cells, self.begun = {}, True
        return cells

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call, b'' for what is kept no more."""
        rows = {_BEGUN: b"\x01"} if self._begun_now else {}
        for cell in sorted(self._dirty):
            more = self._cells.get(cell, ())
            rows[_row_of(cell)] = msgspec.msgpack.encode(more) if any(more) else b""
        self._dirty, self._begun_now = set(), False
        return rows

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold; state of earlier versions has none."""
        self.begun = _BEGUN in rows
        for name in (name for name in rows if name.startswith(_PREFIX)):
            *texts, day = name.removeprefix(_PREFIX).split(_SEPARATOR)
            self._cells[*texts, int(day)] = msgspec.msgpack.decode(rows[name])


def _row_of(cell: CellName) -> str:
    return _PREFIX + _SEPARATOR.join(map(str, cell))
