"""State rows that grow with the company, packed: JSON and lists of names shrink to a tenth."""

from __future__ import annotations

import zlib

#: Bytes from which on packing pays.
_LARGE = 1 << 16
#: Bytes that nothing packed has more of: eight times the plan of a million people.
_MOST = 1 << 28
#: What zlib begins with. JSON begins with a brace, a list in msgpack with another byte.
_MARK = b"x"


def pack(value: bytes) -> bytes:
    """``value`` as a state row keeps it: packed where it is large. The same bytes always give the same."""
    return zlib.compress(value, 1) if len(value) >= _LARGE else value


def is_packed(value: bytes) -> bool:
    """Whether ``pack`` made it smaller."""
    return value.startswith(_MARK)


def unpack(value: bytes) -> bytes:
    """What ``pack`` was given: JSON, or a list in msgpack. Raises ValueError where ``pack`` did not make it so."""
    if not is_packed(value):
        return value
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(value, _MOST)
    except zlib.error as error:
        raise ValueError(f"packed bytes are damaged: {error}") from error
    if not reader.eof:
        raise ValueError(f"packed bytes end too early, or hold more than {_MOST:,}")
    return found
