"""Bringing the closes of all credits partitions to one moment.

Credits partitions come to a close at different moments. From the first one's marker on, what a partition publishes
behind its own is held back until every partition's is in: what is made final then counts everything from before the
close and nothing from after it, however the updates of the partitions lie among each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from schemas.control import PartitionClosed
from streams.rollups.cell_rows import Cell, CellKey, CellRows
from streams.rollups.shared_events import Said

ROW = "closing"


@dataclass(slots=True)
class Update:
    """Day cells of a credits partition as they are at ``offset`` of it."""

    partition: int
    offset: int
    cells: CellRows | None = None
    #: What came with them of shared events.
    said: list[Said] = field(default_factory=list)


@dataclass(slots=True)
class _Held:
    """Updates that became one: each cell as the last of them had it."""

    partition: int
    offset: int
    cells: dict[CellKey, Cell]
    said: list[Said] = field(default_factory=list)


class Alignment:
    """One close at a time: the one whose first marker came first."""

    def __init__(self) -> None:
        self._closing = ""
        self._passed: set[int] = set()
        #: Markers of other closes, from partitions that the present one still waits for: those do not wait for them.
        self._early: dict[str, set[int]] = {}
        self._held: dict[int, list[_Held | PartitionClosed]] = {}
        self._dirty = False

    def holds(self, partition: int) -> bool:
        """Whether what comes from the partition now has to wait."""
        return partition in self._passed

    def hold(self, update: Update) -> None:
        """Keep an update until ``release``; several without a marker between them become one."""
        self._dirty = True
        held = self._held.setdefault(update.partition, [])
        if not held or not isinstance(held[-1], _Held):
            held.append(_Held(update.partition, update.offset, {}))
        held[-1].offset = update.offset
        held[-1].cells.update(update.cells.cells() if update.cells is not None else ())
        held[-1].said += update.said

    def said(self) -> list[Said]:
        """What of shared events is held back."""
        held = (item for items in self._held.values() for item in items if isinstance(item, _Held))
        return [one for item in held for one in item.said]

    def passes(self, marker: PartitionClosed) -> bool:
        """Take a marker; True where it is the last one of its close, for which ``release`` is due then."""
        self._dirty = True
        close, partition = marker.close.id, marker.partition
        if self.holds(partition):
            self._held.setdefault(partition, []).append(marker)
            return False
        if self._closing not in ("", close):
            self._early.setdefault(close, set()).add(partition)
            return False
        self._closing = close
        self._passed |= {partition} | self._early.pop(close, set())
        return len(self._passed) >= marker.partitions

    def release(self) -> list[Update | PartitionClosed]:
        """The close is done: all that was held back, by partition, each in its order."""
        held = [_released(item) for _, items in sorted(self._held.items()) for item in items]
        self._closing, self._passed, self._held = "", set(), {}
        self._dirty = True
        return held

    # -- checkpoints

    def dirty_rows(self) -> dict[str, bytes]:
        """The checkpoint row, where it changed since the last call; b'' where no close is under way."""
        if not self._dirty:
            return {}
        self._dirty = False
        if not self._closing:
            return {ROW: b""}
        early = [(close, sorted(partitions)) for close, partitions in self._early.items()]
        held = [_packed(item) for _, items in sorted(self._held.items()) for item in items]
        return {ROW: msgspec.msgpack.encode((self._closing, sorted(self._passed), early, held))}

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold."""
        if not rows.get(ROW):
            return
        self._closing, passed, early, held = msgspec.msgpack.decode(rows[ROW], type=_Row)
        self._passed, self._early = set(passed), {close: set(partitions) for close, partitions in early}
        for item in map(_unpacked, held):
            self._held.setdefault(item.partition, []).append(item)


class _Packed(msgspec.Struct, array_like=True):
    """An update, or a marker as JSON."""

    partition: int
    offset: int
    cells: list[tuple[CellKey, Cell]]
    marker: str
    said: list[Said] = []


_Row = tuple[str, list[int], list[tuple[str, list[int]]], list[_Packed]]


def _released(item: _Held | PartitionClosed) -> Update | PartitionClosed:
    if isinstance(item, _Held):
        return Update(item.partition, item.offset, CellRows.of(item.cells) if item.cells else None, item.said)
    return item


def _packed(item: _Held | PartitionClosed) -> _Packed:
    if isinstance(item, _Held):
        return _Packed(item.partition, item.offset, list(item.cells.items()), "", item.said)
    return _Packed(item.partition, item.offset, [], item.model_dump_json())


def _unpacked(packed: _Packed) -> _Held | PartitionClosed:
    if packed.marker:
        return PartitionClosed.model_validate_json(packed.marker)
    return _Held(packed.partition, packed.offset, dict(packed.cells), packed.said)
