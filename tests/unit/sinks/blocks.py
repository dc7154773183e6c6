"""Blocks and records as the topics hold them, written out by hand."""

from __future__ import annotations

import hashlib

import pyarrow as pa

from schemas.blocks import encode_block, kind_header
from streams.backtest import MemoryRecord

TIMESTAMP = 1_775_001_600_123  # 2026-04-01 00:00:00.123 UTC
TIME = 1_774_972_800_001  # 2026-03-31 16:00:00.001 UTC: in Shanghai already 1 April


def words(*items: str | None) -> pa.Array:
    """A dictionary-encoded column."""
    return pa.array(items, pa.string()).dictionary_encode()


def hashes(*names: str) -> pa.Array:
    """16 bytes for each name; one ends in a zero byte for the name 'zero'."""
    raw = [hashlib.md5(name.encode()).digest() for name in names]
    return pa.array(
        [one[:15] + b"\0" if name == "zero" else one for name, one in zip(names, raw, strict=True)],
        pa.binary(16),
    )


def facts_block(ids: list[str], first: int = 0, **payload: pa.Array) -> bytes:
    """Facts of the topic events.sales, partition 3, at consecutive offsets; ``payload`` by field."""
    count = len(ids)
    columns = {
        "offset": pa.array(range(first, first + count), pa.int64()),
        "event_hash": hashes(*ids),
        "source": words(*["erp"] * count),
        "id": pa.array(ids),
        "type": words(*["sale"] * count),
        "time": pa.array([TIME] * count, pa.int64()),
        "subject": words(*[""] * count),
        "employee": words(*["E1"] * count),
        "splits": pa.array([None] * count, pa.string()),
    } | {f"data.{name}": array for name, array in payload.items()}
    meta = {
        "topic": "events.sales",
        "partition": 3,
        "first": first,
        "last": first + count - 1,
        "rejected": [],
        "gaps": [],
    }
    return encode_block(pa.RecordBatch.from_pydict(columns), meta)


def record(offset: int, value: bytes | None, kind: str = "") -> MemoryRecord:
    """A record of an internal topic."""
    return MemoryRecord(offset, value, kind_header(kind) if kind else (), None, TIMESTAMP)
