"""Batches of records as no client library writes them and brokers take them in; and sending them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.util import calc_crc32c, encode_varint

Header = tuple[bytes, bytes | None]


def record(
    place: int, key: bytes | None, value: bytes | None, headers: Sequence[Header] = (), since: int = 0,
    attributes: int = 0,
) -> bytes:
    """One record; ``place`` is where it says that it stands in its batch."""
    body = bytes([attributes]) + _number(since) + _number(place) + _field(key) + _field(value) + _number(len(headers))
    body += b"".join(_field(name) + _field(content) for name, content in headers)
    return _number(len(body)) + body


def batch(records: Sequence[bytes], base: int = 0, time: int = 1_760_000_000_000) -> bytes:
    """A batch of message format 2 without compression."""
    rest = struct.pack(">hiqqqhii", 0, len(records) - 1, time, time, -1, -1, -1, len(records)) + b"".join(records)
    after = struct.pack(">ibI", 0, 2, calc_crc32c(rest)) + rest
    return struct.pack(">qi", base, len(after)) + after


def old_batch(magic: int, values: Sequence[tuple[bytes | None, bytes | None]], base: int = 0, codec: int = 0) -> bytes:
    """Messages of format 0 or 1, as key and value."""
    builder = LegacyRecordBatchBuilder(magic, codec, 1 << 20)
    for number, (key, value) in enumerate(values):
        builder.append(base + number, timestamp=5, key=key, value=value)
    return bytes(builder.build())


def produce(bootstrap: str, topic: str, partition: int, records: bytes) -> int:
    """Send a batch as it is; the offset of its first record. Raises RuntimeError where the broker refuses it."""
    host, _, port = bootstrap.rpartition(":")
    request = struct.pack(">hhi", 0, 7, 1) + _text("tests") + struct.pack(">hhii", -1, -1, 10_000, 1)
    request += _text(topic) + struct.pack(">iii", 1, partition, len(records)) + records
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.makefile("rb")
        said = answer.read(*struct.unpack(">i", answer.read(4)))
    error, offset = struct.unpack_from(">hq", said, 4 + 4 + 2 + len(topic) + 4 + 4)
    if error:
        raise RuntimeError(f"the broker refuses: error {error}")
    return offset


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


def _field(value: bytes | None) -> bytes:
    return _number(-1) if value is None else _number(len(value)) + value


def _number(value: int) -> bytes:
    written = bytearray()
    encode_varint(value, written.append)
    return bytes(written)
