"""Identity of events and the partition their facts go to: xxh3 hashes, the same for every producer."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from schemas.interning import text_hashes

HASH_BYTES = 16


def event_hash(source: str, id: str) -> bytes:
    """16 bytes, big-endian xxh3_128 of ``source NUL id``; no NUL in either, so no two pairs share a text."""
    return xxh3_128_digest(f"{source}\0{id}".encode())


def event_hashes(sources: Iterable[str], ids: Iterable[str]) -> pa.FixedSizeBinaryArray:
    """``event_hash`` of each pair as one column."""
    pairs = zip(sources, ids, strict=True)
    joined = b"".join([xxh3_128_digest(f"{source}\0{id}".encode()) for source, id in pairs])
    buffers = [None, pa.py_buffer(joined)]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(HASH_BYTES), len(joined) // HASH_BYTES, buffers)


def partition_key_hash(key: str) -> int:
    """Unsigned xxh3_64 of a key's UTF-8; ``schemas.topics.partition_of`` takes it modulo the partitions."""
    return xxh3_64_intdigest(key.encode())


def partition_key_hashes(keys: pa.StringArray | Sequence[str]) -> np.ndarray:
    """``partition_key_hash`` of each key, uint64."""
    return text_hashes(keys if isinstance(keys, pa.StringArray) else pa.array(keys, pa.string()))
