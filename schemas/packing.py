"""State rows that grow with the company, packed: JSON and lists of names shrink to a tenth."""

from __future__ import annotations

import zlib

#: Bytes from which on packing pays.
_LARGE = 1 << 16
#: What zlib begins with. JSON begins with a brace, a list in msgpack with another byte.
_MARK = b"x"


def pack(value: bytes) -> bytes:
    """``value`` as a state row keeps it: packed where it is large. The same bytes always give the same."""
    return zlib.compress(value, 1) if len(value) >= _LARGE else value


def is_packed(value: bytes) -> bool:
    """Whether ``pack`` made it smaller."""
    return value.startswith(_MARK)


def unpack(value: bytes) -> bytes:
    """What ``pack`` was given: JSON, or a list in msgpack."""
    return zlib.decompress(value) if is_packed(value) else value
