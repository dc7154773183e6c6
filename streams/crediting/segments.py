"""Facts records as segments: rows between two control records, one table with numpy views of what decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from runtime.records import Record
from schemas.blocks import BlockError, decode_block, kind_of
from schemas.control import KIND as CONTROL
from schemas.control import Control, decode_control
from schemas.facts import KIND, sources_of
from streams.crediting.sources import Ledger


class FactsError(ValueError):
    """A record of the facts topic is not what it says it is. Nothing can be folded beyond it."""


@dataclass(slots=True)
class Segment:
    """``table``: facts rows in log order. ``offset``, ``index``: their position in the facts log; ``source``:
    number in the ledger; ``high``, ``low``: halves of event_hash. ``first``, ``last``: facts offsets that
    were covered.
    """

    table: pa.Table
    offset: np.ndarray  # int64
    index: np.ndarray  # int32
    source: np.ndarray  # int64
    high: np.ndarray  # uint64
    low: np.ndarray  # uint64
    time: np.ndarray  # int64 ms
    arrived: np.ndarray  # int64 ms: when the broker took the facts record, 0 where it never did
    first: int
    last: int

    def __len__(self) -> int:
        return len(self.offset)

    def event_hash(self, row: int) -> bytes:
        """The 16 bytes that identify the event of ``row``."""
        return int(self.high[row]).to_bytes(8, "little") + int(self.low[row]).to_bytes(8, "little")

    def position(self, row: int) -> tuple[int, int]:
        """Facts offset and index of ``row``."""
        return int(self.offset[row]), int(self.index[row])


@dataclass(slots=True)
class _Parts:
    """Blocks gathered for one segment."""

    blocks: list[pa.RecordBatch] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    indices: list[np.ndarray] = field(default_factory=list)
    sources: list[np.ndarray] = field(default_factory=list)
    types: dict[str, pa.DataType] = field(default_factory=dict)

    def fits(self, block: pa.RecordBatch) -> bool:
        """Whether ``block``'s fields have the same types as before; a plan may have declared one anew."""
        return all(
            self.types.get(name, type_) == type_
            for name, type_ in zip(block.schema.names, block.schema.types, strict=True)
        )

    def add(self, block: pa.RecordBatch, record: Record, index: np.ndarray, source: np.ndarray) -> None:
        self.blocks.append(block)
        self.offsets.append(record.offset)
        self.arrived.append(max(record.timestamp, 0))
        self.indices.append(index)
        self.sources.append(source)
        self.types |= dict(zip(block.schema.names, block.schema.types, strict=True))


def read_segments(records: Sequence[Record], ledger: Ledger) -> Iterator[Segment | Control]:
    """Segments and control records in log order; rows at or below their source's mark are left out.

    Rejected records and gaps go to ``ledger``. Raises FactsError on anything but facts blocks and control
    records.
    """
    parts, first = _Parts(), records[0].offset
    for record in records:
        kind = kind_of(record.headers)
        if kind == CONTROL:
            yield from _segment(parts, first, record.offset - 1)
            yield _control(record)
            parts, first = _Parts(), record.offset + 1
            continue
        if kind != KIND:
            raise FactsError(
                f"facts offset {record.offset}: header kind is {kind!r}, expected 'facts' or 'control'"
            )
        block, index, source = _new_rows(record, ledger)
        if not len(index):
            continue
        if not parts.fits(block):
            yield from _segment(parts, first, record.offset - 1)
            parts, first = _Parts(), record.offset
        parts.add(block, record, index, source)
    yield from _segment(parts, first, records[-1].offset)


def _control(record: Record) -> Control:
    try:
        return decode_control(record.value)
    except ValidationError as error:
        raise FactsError(f"facts offset {record.offset}: not a control record: {error}") from error


def _new_rows(record: Record, ledger: Ledger) -> tuple[pa.RecordBatch, np.ndarray, np.ndarray]:
    """The rows of a block above the marks of their sources, where each stands in it, and the number of its source."""
    try:
        block, meta = decode_block(record.value)
        sources = [(one, ledger.number(one.topic, one.partition)) for one in sources_of(meta, block.num_rows)]
    except (BlockError, KeyError, TypeError, ValueError) as error:
        raise FactsError(f"facts offset {record.offset}: {error!r} in the block") from error
    offsets = block.column("offset").to_numpy()
    index, end, counts = np.arange(len(offsets), dtype=np.int32), 0, []
    left_out = []
    for told, number in sources:
        source = ledger.source(number)
        if source.note(told):
            ledger.touch(number)
        first, end = end, end + told.rows
        known = source.new_rows_from(offsets[first:end]) if told.rows else 0
        counts.append(told.rows - known)
        if known:
            left_out.append(index[first : first + known])
    if left_out:
        index = np.delete(index, np.concatenate(left_out))
        block = block.take(pa.array(index)) if len(index) else block.slice(0, 0)
    return block, index, np.repeat(np.array([number for _, number in sources], np.int64), counts)


def _segment(parts: _Parts, first: int, last: int) -> Iterator[Segment]:
    if not parts.blocks:
        return
    counts = [block.num_rows for block in parts.blocks]
    tables = [pa.Table.from_batches([block]) for block in parts.blocks]
    table = pa.concat_tables(tables, promote_options="default").combine_chunks()
    halves = np.concatenate([_halves(block.column("event_hash")) for block in parts.blocks])
    yield Segment(
        table=table,
        offset=np.repeat(np.array(parts.offsets, np.int64), counts),
        index=np.concatenate(parts.indices),
        source=np.concatenate(parts.sources),
        high=np.ascontiguousarray(halves[:, 0]),
        low=np.ascontiguousarray(halves[:, 1]),
        time=table.column("time").to_numpy(),
        arrived=np.repeat(np.array(parts.arrived, np.int64), counts),
        first=first,
        last=last,
    )


def _halves(hashes: pa.FixedSizeBinaryArray) -> np.ndarray:
    """uint64 of shape (rows, 2)."""
    data = np.frombuffer(hashes.buffers()[1], np.dtype("<u8"))
    return data[2 * hashes.offset : 2 * (hashes.offset + len(hashes))].reshape(-1, 2)
