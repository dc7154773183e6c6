"""JSON texts to structs, with one error for whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def decoder(wanted: type[T]) -> Callable[[bytes | None], T]:
    """A function from a JSON text to a ``wanted``; it raises msgspec.DecodeError, also at bytes that are no text, at
    more levels than there is stack for, and at None.
    """
    decode = msgspec.json.Decoder(wanted).decode

    def decoded(value: bytes | None) -> T:
        try:
            return decode(value or b"")
        except (UnicodeDecodeError, RecursionError) as error:
            raise msgspec.DecodeError(str(error)) from error

    return decoded
