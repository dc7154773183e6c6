"""A record that could not be used, kept whole, with the reason and the position it came from."""

from __future__ import annotations

import msgspec

from schemas.json_decoding import decoder


class DeadLetter(msgspec.Struct, frozen=True):
    """``reason`` is a stable code to count by, ``detail`` a sentence; ``raw`` the record's value as it came."""

    stage: str  # intake, crediting
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    raw: bytes  # base64 in JSON
    key: bytes | None = None
    timestamp: int = 0  # ms, the record's own
    index: int = 0

    @property
    def dead_letter_id(self) -> str:
        """Derived from the position, so that a replay writes the same one."""
        return f"{self.topic}:{self.partition}:{self.offset}:{self.index}"


def encode_dead_letter(letter: DeadLetter) -> bytes:
    """JSON of one dead letter."""
    return msgspec.json.encode(letter)


_DECODER = decoder(DeadLetter)


def decode_dead_letter(value: bytes) -> DeadLetter:
    """A dead letter from its JSON; raises msgspec.DecodeError."""
    return _DECODER(value)
