"""One record of Kafka's message format 2, read as brokers and Java's client read it.

The parsers of aiokafka and kafka-python refuse a name of a header that is no UTF-8, and take a byte of attributes with
its highest bit set for two. A broker takes both in, so one such record would end everybody who comes to it, again and
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

Headers = tuple[tuple[str, bytes | None], ...]


class PlainRecord(NamedTuple):
    """``since`` and ``after`` are the differences to the batch's first time stamp and offset."""

    since: int
    after: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def record_at(content: Sequence[int], at: int) -> tuple[PlainRecord, int]:
    """The record that begins there, and where it ends; raises ValueError where there is none."""
    try:
        length, at = _varint(content, at)
        written = bytes(content[at : at + length]) if length > 0 else b""
        if len(written) != length:
            raise ValueError(f"a record of {length} bytes")
        since, place = _varint(written, 1)  # ahead of it the attributes, which say nothing
        after, place = _varint(written, place)
        key, place = _field(written, place)
        value, place = _field(written, place)
        headers, end = _headers(written, place)
    except IndexError as error:
        raise ValueError("a record ends early") from error
    if end != length:
        raise ValueError(f"a record of {length} bytes that ends after {end}")
    return PlainRecord(since, after, key, value, headers), at + length


def headers_of(written: bytes) -> Headers:
    """Headers as the protocol writes them. What is no UTF-8 in a name is shown as U+FFFD."""
    return _headers(written, 0)[0]


def _headers(written: bytes, at: int) -> tuple[Headers, int]:
    found = []
    count, at = _varint(written, at)
    if count < 0:
        raise ValueError(f"{count} headers")
    for _ in range(count):
        name, at = _field(written, at)
        if name is None:
            raise ValueError("a header without a name")
        value, at = _field(written, at)
        found.append((name.decode("utf-8", "replace"), value))
    return tuple(found), at


def _field(written: bytes, at: int) -> tuple[bytes | None, int]:
    """Bytes behind their length, where a negative one stands for none."""
    length, at = _varint(written, at)
    if length < 0:
        return None, at
    if at + length > len(written):
        raise ValueError(f"{length} bytes where there are not so many")
    return written[at : at + length], at + length


def _varint(written: Sequence[int], at: int) -> tuple[int, int]:
    """A zigzag varint, and where it ends."""
    bits = shift = 0
    while written[at] & 0x80:
        bits |= (written[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
    bits |= written[at] << shift
    return (bits >> 1) ^ -(bits & 1), at + 1
