"""Columnar blocks: one Kafka record that holds many rows, as an Arrow IPC stream, with lz4 buffers if it is large.

A record's kind stands in its Kafka header ``kind``; a block's own facts (where its rows come from) in the Arrow
schema's metadata as JSON, so that any Arrow reader can open one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import msgspec
import pyarrow as pa

from schemas.rejections import FAILURES

_META = b"kpistream"
# Arrow's thread pool costs small blocks several times what it saves large ones
_WRITE = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
# Buffers of a few hundred bytes gain nothing from compression, and each costs a compressor's set-up on both sides
_WRITE_SMALL = pa.ipc.IpcWriteOptions(use_threads=False)
_SMALL_ROWS = 64
_LARGE: ContextVar[pa.ipc.IpcWriteOptions] = ContextVar("how large blocks are written", default=_WRITE)
_READ = pa.ipc.IpcReadOptions(use_threads=False)

KIND_HEADER = "kind"
_Sink = TypeVar("_Sink", io.BytesIO, pa.BufferOutputStream)


class BlockError(ValueError):
    """A record that should hold a block does not."""


def encode_block(table: pa.RecordBatch, meta: dict) -> bytes:
    """The bytes of one block: ``table``'s rows and ``meta`` (JSON-able)."""
    table = table.replace_schema_metadata({_META: msgspec.json.encode(meta)})
    if table.num_rows > _SMALL_ROWS:  # Python's buffer is not copied in the end, Arrow's costs less to set up
        return _written(table, io.BytesIO(), _LARGE.get()).getvalue()
    return _written(table, pa.BufferOutputStream(), _WRITE_SMALL).getvalue().to_pybytes()


def _written(table: pa.RecordBatch, sink: _Sink, options: pa.ipc.IpcWriteOptions) -> _Sink:
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_batch(table)
    return sink


@contextmanager
def uncompressed() -> Iterator[None]:
    """Blocks that are encoded within are not compressed: they never leave the process."""
    before = _LARGE.set(_WRITE_SMALL)
    try:
        yield
    finally:
        _LARGE.reset(before)


def decode_block(value: bytes, checked: bool = False) -> tuple[pa.RecordBatch, dict]:
    """Rows and metadata of one block; raises BlockError on anything that is not one.

    ``checked``: every offset and index of its columns as well, which a damaged block may have pointing anywhere.
    """
    try:
        reader = pa.ipc.open_stream(value, options=_READ)
        meta = msgspec.json.decode(reader.schema.metadata[_META])
        table = reader.read_next_batch()
        if checked:
            table.validate(full=True)
    except (*FAILURES, pa.ArrowException, KeyError, StopIteration, OSError) as error:
        raise BlockError(f"not a block: {error}") from error
    return table, meta


def row_dicts(table: pa.RecordBatch) -> list[dict]:
    """The rows, as ``to_pylist``, which is slow on dictionary columns."""
    names = table.schema.names
    return [dict(zip(names, row, strict=True)) for row in row_tuples(table)]


def row_tuples(table: pa.RecordBatch) -> list[tuple]:
    """The rows by column."""
    return list(zip(*map(_as_list, table.columns), strict=True))


def _as_list(column: pa.Array) -> list:
    if column.null_count == len(column):
        return [None] * len(column)
    if column.null_count:
        return column.to_pylist()
    if pa.types.is_dictionary(column.type):
        return list(map(column.dictionary.to_pylist().__getitem__, column.indices.to_numpy().tolist()))
    return column.to_numpy().tolist() if pa.types.is_integer(column.type) else column.to_pylist()


def kind_of(headers) -> str:
    """The kind named by a record's headers, '' if none is."""
    for name, value in headers:
        if name == KIND_HEADER:
            return (value or b"").decode("utf-8", "replace")
    return ""


def kind_header(kind: str) -> tuple[tuple[str, bytes], ...]:
    """Headers that name ``kind``."""
    return ((KIND_HEADER, kind.encode()),)
