"""What is kept of events about sales: those that wait for theirs, and how each sale stands after them."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import msgspec

from streams.crediting.standing import Standing

FORMAT = 2
STANDING_FORMAT = 5
#: Format of rows from when filters saw a sale as it came, whatever corrections said.
_SEEN_AS_SOLD = 4
#: Format of rows from before corrections could name payees.
_NO_PAYEES = 3
#: Format of rows that hold nothing but what was refunded.
_BACK_ONLY = 2
#: ``seen`` of a standing that only the sale itself can tell.
_AS_SOLD = -2
_PARKED, _REFUNDED = "parked/", "refunded/"
_DAY_MINUTES = 24 * 60


def high_half(hash_: bytes) -> int:
    """The first 8 bytes as the number that the memory sorts by."""
    return int.from_bytes(hash_[:8], "little")


def low_half(hash_: bytes) -> int:
    """The last 8 bytes likewise."""
    return int.from_bytes(hash_[8:], "little")


class Parked(NamedTuple):
    """A refund, or another event about a sale, whose sale has not been seen. ``seen``: minutes; ``position``: facts
    offset and index. ``row``: its facts row by column name, ascending.
    """

    hash: bytes
    sale: bytes
    topic: str
    partition: int
    seen: int
    position: tuple[int, int]
    row: dict[str, Any]


class ParkedRefunds:
    """Parked refunds in log order, found by their own hash and by their sale's."""

    def __init__(self) -> None:
        self._by_hash: dict[bytes, Parked] = {}
        self._by_sale: dict[bytes, dict[bytes, None]] = {}
        #: First halves of every hash that a new row must be compared with, and how often each is held.
        self.watched: Counter[int] = Counter()
        self._dirty: dict[bytes, None] = {}

    def __contains__(self, hash_: bytes) -> bool:
        return hash_ in self._by_hash

    def park(self, parked: Parked) -> None:
        """Keeps a refund until its sale comes or it is forgotten."""
        self._by_hash[parked.hash] = parked
        self._by_sale.setdefault(parked.sale, {})[parked.hash] = None
        self.watched.update((high_half(parked.hash), high_half(parked.sale)))
        self._dirty[parked.hash] = None

    def release(self, sale: bytes) -> list[Parked]:
        """Takes out the refunds of ``sale`` in the order they were parked."""
        return [self._remove(hash_) for hash_ in list(self._by_sale.get(sale, ()))]

    def forget(self, floor: int) -> list[Parked]:
        """Takes out those parked before ``floor`` (minutes), oldest first."""
        forgotten = []
        for parked in self._by_hash.values():
            if parked.seen >= floor:
                break
            forgotten.append(parked)
        return [self._remove(parked.hash) for parked in forgotten]

    def _remove(self, hash_: bytes) -> Parked:
        parked = self._by_hash.pop(hash_)
        waiting = self._by_sale[parked.sale]
        del waiting[hash_]
        if not waiting:
            del self._by_sale[parked.sale]
        for half in (high_half(hash_), high_half(parked.sale)):
            self.watched[half] -= 1
            if not self.watched[half]:
                del self.watched[half]
        self._dirty[hash_] = None
        return parked

    def restore(self, rows: dict[str, bytes]) -> None:
        """Takes its own rows out of a checkpoint's; raises ValueError on another format."""
        found = []
        for key in sorted(key for key in rows if key.startswith(_PARKED)):
            version, *values = msgspec.msgpack.decode(rows[key])
            if version != FORMAT:
                raise ValueError(f"state row {key}: format {version}, expected {FORMAT}")
            found.append(Parked(*values))
        for parked in sorted(found, key=lambda parked: parked.position):
            self.park(parked)
        self._dirty = {}

    def dirty_rows(self) -> dict[str, bytes]:
        """Refunds parked since the last call, and b'' for those taken out."""
        rows = {}
        for hash_ in self._dirty:
            parked = self._by_hash.get(hash_)
            value = msgspec.msgpack.encode([FORMAT, *parked]) if parked else b""
            rows[_PARKED + hash_.hex()] = value
        self._dirty = {}
        return rows


class Standings:
    """How sales stand that something came about, forgotten with the sale. ``seen`` tells a sale from an older one of
    its id.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, Standing]] = {}  # sale → seen (minutes), standing
        self._by_day: dict[int, list[bytes]] = {}
        self._dirty: dict[bytes, None] = {}

    def of(self, sale: bytes, seen: int, amount: int) -> Standing:
        """How the sale of ``amount`` stands that was seen at ``seen``."""
        when, standing = self._known.get(sale, (-1, None))
        if when != seen:
            return Standing(amount)
        if standing.amount < 0:
            standing = standing._replace(amount=amount)
        return standing._replace(seen=amount) if standing.seen == _AS_SOLD else standing

    def set(self, sale: bytes, seen: int, standing: Standing) -> None:
        """States how it stands now."""
        if self._known.get(sale, (-1,))[0] != seen:
            self._by_day.setdefault(seen // _DAY_MINUTES, []).append(sale)
        self._known[sale] = (seen, standing)
        self._dirty[sale] = None

    def forget(self, floor: int) -> None:
        """Drops what came about sales that were seen on days before that of ``floor`` (minutes)."""
        for day in [day for day in self._by_day if day < floor // _DAY_MINUTES]:
            for sale in self._by_day.pop(day):
                if sale in self._known and self._known[sale][0] // _DAY_MINUTES == day:
                    del self._known[sale]
                    self._dirty[sale] = None

    def restore(self, rows: dict[str, bytes]) -> None:
        """Takes its own rows out of a checkpoint's; raises ValueError on another format."""
        for key in sorted(key for key in rows if key.startswith(_REFUNDED)):
            version, *values = msgspec.msgpack.decode(rows[key])
            if version == _BACK_ONLY:
                back, seen = values
                standing = [-1, back]  # the sale itself says how much was sold
            elif version == _NO_PAYEES:
                seen, *standing = values
            elif version in (_SEEN_AS_SOLD, STANDING_FORMAT):
                seen, *standing = values
                standing[4] = tuple(map(tuple, standing[4]))
            else:
                raise ValueError(f"state row {key}: format {version}, expected {STANDING_FORMAT}")
            known = Standing(*standing)
            if version < STANDING_FORMAT:
                known = known._replace(seen=_AS_SOLD)
            self.set(bytes.fromhex(key[len(_REFUNDED) :]), seen, known)
        self._dirty = {}

    def dirty_rows(self) -> dict[str, bytes]:
        """Standings that changed since the last call, b'' for dropped ones."""
        rows = {}
        for sale in self._dirty:
            value = b""
            if sale in self._known:
                seen, standing = self._known[sale]
                value = msgspec.msgpack.encode([STANDING_FORMAT, seen, *standing])
            rows[_REFUNDED + sale.hex()] = value
        self._dirty = {}
        return rows
