"""One line of the log of deliveries: what became of an alert. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec
import xxhash

from schemas.json_decoding import decoder
from schemas.results import Award

Status = Literal["sent", "failed", "given_up", "suppressed"]
#: An alert with one of these is never sent again.
FINAL: frozenset[str] = frozenset(("sent", "given_up", "suppressed"))


class Delivery(msgspec.Struct, frozen=True):
    """What became of one alert; a later record with the same ``alert_id`` replaces the earlier. Times in ms UTC."""

    alert_id: str
    award_id: str
    award_state: str
    employee: str
    channel: str
    status: Status
    attempts: int
    error: str  # why the last attempt failed, '' if it did not
    since: int  # when the award came to the log
    at: int  # when this was written


def alert_id(award: Award, channel: str) -> str:
    """32 hex digits: the same award in the same state is one alert for a channel, however often it is repeated."""
    return xxhash.xxh3_128_hexdigest("\x1f".join((award.award_id, award.state, channel)).encode())


def encode_delivery(delivery: Delivery) -> bytes:
    """JSON of one delivery."""
    return msgspec.json.encode(delivery)


_DECODER = decoder(Delivery)


def decode_delivery(value: bytes) -> Delivery:
    """A delivery from its JSON; raises msgspec.DecodeError."""
    return _DECODER(value)


class Deliveries:
    """What the log says so far: the newest delivery of each alert that is still open, and the ids of all others."""

    def __init__(self) -> None:
        self._final: set[bytes] = set()
        self._open: dict[str, Delivery] = {}

    def add(self, delivery: Delivery) -> None:
        """Take in one record of the log."""
        if delivery.status in FINAL:
            self._final.add(bytes.fromhex(delivery.alert_id))  # 16 bytes: a year's alerts fit into memory
            self._open.pop(delivery.alert_id, None)
        elif not self.is_final(delivery.alert_id):
            self._open[delivery.alert_id] = delivery

    def is_final(self, alert: str) -> bool:
        """Whether nothing more is to be done for an alert."""
        return bytes.fromhex(alert) in self._final

    def failed(self, alert: str) -> Delivery | None:
        """The last failed attempt at an alert that is still open."""
        return self._open.get(alert)
