"""What each sale was paid, for rules that reverse a sale's own line when it is refunded.

Kept for as long as crediting can still find a refund's sale: days after the credits were taken by the broker, plus
some, since crediting may lag. Days and the floor below which sales are forgotten follow from the log alone.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from schemas.money import round_half_up

PREFIX = "paid/"
_FLOOR = "paid-floor"
_DAY_MS = 24 * 3600 * 1000
#: Days beyond the horizon, for refunds that crediting took in time and passed on late.
_LAG_DAYS = 7
#: The day of records that were never in Kafka; they are never forgotten.
_UNDATED = 0


class PaidSales:
    """By (rule, employee) and sale: ``[day, paid, credited, refunded, reversed]``, numbers in ten-thousandths."""

    def __init__(self) -> None:
        self.floor = 0
        self._sales: dict[tuple[str, str], dict[bytes, list[int]]] = {}
        self._pages: dict[tuple[str, str, int], list[bytes]] = {}
        self._dirty: set[tuple[str, str, int]] = set()
        self._floor_dirty = False

    def arrive(self, timestamp: int, horizon_days: int) -> tuple[int, int]:
        """Day of a record that the broker took at ``timestamp``, and the floor from there on."""
        if timestamp < 0:
            return _UNDATED, self.floor
        day = timestamp // _DAY_MS
        if day - horizon_days - _LAG_DAYS > self.floor:
            self.floor, self._floor_dirty = day - horizon_days - _LAG_DAYS, True
        return day, self.floor

    def pay(self, holder: tuple[str, str], sale: bytes, day: int, paid: int, credited: int) -> None:
        """Note what ``holder`` (rule, employee) was paid for a credit of ``sale``."""
        sales = self._sales.setdefault(holder, {})
        entry = sales.get(sale)
        if entry is None:
            entry = sales[sale] = [day, 0, 0, 0, 0]
            self._pages.setdefault((*holder, day), []).append(sale)
        entry[1] += paid
        entry[2] += credited
        self._dirty.add((*holder, entry[0]))

    def come(self, holder: tuple[str, str], sale: bytes, day: int, paid: int, credited: int) -> int | None:
        """As ``pay``, where ``sale`` comes from others; what ``holder`` still had been paid for it before, None for
        nothing known, is settled.
        """
        known = self._sales.get(holder, {}).pop(sale, None)
        if known is not None:
            self._pages[(*holder, known[0])].remove(sale)
            self._dirty.add((*holder, known[0]))
        self.pay(holder, sale, day, paid, credited)
        return None if known is None else known[1] - known[4]

    def reverse(
        self,
        holder: tuple[str, str],
        sale: bytes,
        floor: int,
        refunded: int,
        step: int,
        most: int | None = None,
        raises: bool = True,
    ) -> int | None:
        """The (negative) money that a refund takes back; None where it is not known what the sale was paid.

        Each refund takes its share of the whole, so that the refunds of all of a sale take back all that it was paid.
        ``most`` limits what a correction upwards may add; without ``raises`` it adds nothing to what the sale was paid.
        """
        entry = self._sales.get(holder, {}).get(sale)
        if entry is None or entry[0] < floor:
            return None
        _, paid, credited, before, reversed_ = entry
        entry[3] = before + refunded
        due = round_half_up(Fraction(paid * entry[3], credited), step) if credited else 0
        if not raises:
            due = max(due, 0)
        if most is not None:
            due = max(due, reversed_ - most)
        entry[4] = due
        self._dirty.add((*holder, entry[0]))
        return reversed_ - due

    def shared_otherwise(self, holder: tuple[str, str], sale: bytes, credited: int) -> bool:
        """Whether ``holder`` was paid for another part of the sale than ``credited``."""
        entry = self._sales.get(holder, {}).get(sale)
        return entry is not None and entry[2] != credited

    def restate(
        self,
        holder: tuple[str, str],
        sale: bytes,
        arrived: tuple[int, int],
        paid: int,
        parts: tuple[int, int],
        step: int,
        most: int | None,
        raises: bool,
        comes: bool = False,
    ) -> int | None:
        """The money, either way, where a sale is shared otherwise than it was: as if it had been so all along.

        ``arrived``: day and floor; ``paid``: what the sale as it came would have paid; ``parts``: what it credited
        then to ``holder``, and the change to what ``holder`` has of it, which is all of it where the sale ``comes``.
        None where there is nothing to change.
        """
        entry = self._sales.get(holder, {}).get(sale)
        if not paid if entry is None else entry[0] < arrived[1]:
            return None
        if entry is None:
            self.pay(holder, sale, arrived[0], 0, 0)
            entry = self._sales[holder][sale]
        _, before, credited, refunded, reversed_ = entry
        kept, has = before - reversed_, parts[1] if comes else credited - refunded + parts[1]
        entry[1:] = [paid, parts[0], parts[0] - has, 0]
        due = round_half_up(Fraction(paid * entry[3], parts[0]), step) if parts[0] else 0
        money = paid - (due if raises else max(due, 0)) - kept
        money = money if most is None else min(money, most)
        entry[4] = paid - kept - money
        self._dirty.add((*holder, entry[0]))
        return money

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call, b'' for those below the floor."""
        rows: dict[str, bytes] = {}
        if self._floor_dirty:
            rows[_FLOOR] = msgspec.msgpack.encode(self.floor)
            self._floor_dirty = False
            rows |= {_key(page): b"" for page in sorted(page for page in self._pages if page[2] < self.floor)}
            self._forget()
        for page in sorted(self._dirty):
            sales = self._sales[page[:2]]
            rows[_key(page)] = msgspec.msgpack.encode([(sale, *sales[sale][1:]) for sale in self._pages[page]])
        self._dirty.clear()
        return rows

    def _forget(self) -> None:
        for page in [page for page in self._pages if page[2] < self.floor]:
            for sale in self._pages.pop(page):
                del self._sales[page[:2]][sale]
            self._dirty.discard(page)

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold."""
        if _FLOOR in rows:
            self.floor = msgspec.msgpack.decode(rows[_FLOOR])
        for key in sorted(key for key in rows if key.startswith(PREFIX)):
            rule, employee, day = key.removeprefix(PREFIX).split("\x1f")
            page = rule, employee, int(day)
            entries = msgspec.msgpack.decode(rows[key])
            self._pages[page] = [sale for sale, *_ in entries]
            sales = self._sales.setdefault((rule, employee), {})
            sales.update({sale: [page[2], *numbers] for sale, *numbers in entries})


def _key(page: tuple[str, str, int]) -> str:
    return PREFIX + "\x1f".join(map(str, page))
