"""How many events of each customer counted for a person, by limit and period; and the sales that did not.

Kept as long as crediting remembers events: what comes for a period after that is counted from the beginning.
"""

from __future__ import annotations

import msgspec

_COUNTS, _LEFT_OUT = "customers/", "left_out/"
_SINCE = "left_out_since"

#: Limit, period, most events.
Held = tuple[str, str, int]


class CustomerCounts:
    """State of the limits. Days are those of arrival, as ``PaidSales.arrive`` gives them."""

    def __init__(self) -> None:
        #: (limit, employee, period) → [day of the latest, events by customer]
        self._counts: dict[tuple[str, str, str], list] = {}
        self._left_out: dict[str, dict[bytes, int]] = {}  # employee → sale → day
        self._dirty: set[tuple[str, str, str]] = set()
        self._dirty_sales: set[tuple[str, int]] = set()
        self._floor = -(1 << 62)
        #: The credits offset from which on whatever is left out is told; None before any limit.
        self.since: int | None = None
        self._begun = False  # in the checkpoints

    def begin(self, offset: int) -> bool:
        """Note that what is left out is told from ``offset`` on; False where that was so before."""
        if self.since is not None:
            return False
        self.since = offset
        return True

    @property
    def left_out(self) -> bool:
        """Whether any sale was left out."""
        return bool(self._left_out)

    def take(self, employee: str, customer: str, held: list[Held], arrived: tuple[int, int]) -> bool:
        """Count an event in every limit that holds for it; False, and nothing is counted, where one of them is full.

        ``arrived``: day and floor.
        """
        day, floor = arrived
        self._floor = max(self._floor, floor)
        entries = [(self._entry((limit, employee, period), day, floor), most) for limit, period, most in held]
        if any(counts.get(customer, 0) >= most for (_, counts), most in entries):
            return False
        for entry, _ in entries:
            entry[1][customer] = entry[1].get(customer, 0) + 1
        return True

    def _entry(self, key: tuple[str, str, str], day: int, floor: int) -> list:
        entry = self._counts.get(key)
        if entry is None or entry[0] < floor:
            entry = self._counts[key] = [day, {}]
        entry[0] = max(entry[0], day)
        self._dirty.add(key)
        return entry

    def leave_out(self, employee: str, sale: bytes, day: int) -> None:
        """Remember that a sale does not count for somebody, for what comes about it."""
        self._left_out.setdefault(employee, {})[sale] = day
        self._dirty_sales.add((employee, day))

    def was_left_out(self, employee: str, sale: bytes, floor: int) -> bool:
        """Whether a sale did not count for somebody."""
        day = self._left_out.get(employee, {}).get(sale)
        return day is not None and day >= floor

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call, b'' for what is forgotten."""
        rows: dict[str, bytes] = {}
        for key in [key for key, (day, _) in self._counts.items() if day < self._floor]:
            del self._counts[key]
            self._dirty.add(key)
        for key in sorted(self._dirty):
            entry = self._counts.get(key)
            value = msgspec.msgpack.encode([entry[0], sorted(entry[1].items())]) if entry else b""
            rows[_COUNTS + "\x1f".join(key)] = value
        self._dirty.clear()
        if self.since is not None and not self._begun:
            rows[_SINCE], self._begun = msgspec.msgpack.encode(self.since), True
        return rows | self._dirty_sale_rows()

    def _dirty_sale_rows(self) -> dict[str, bytes]:
        old = [(who, sale, day) for who, sales in self._left_out.items() for sale, day in sales.items()]
        for who, sale, day in old:
            if day < self._floor:
                del self._left_out[who][sale]
                self._dirty_sales.add((who, day))
        rows = {}
        for who, day in sorted(self._dirty_sales):
            sales = sorted(sale for sale, when in self._left_out.get(who, {}).items() if when == day)
            rows[f"{_LEFT_OUT}{who}\x1f{day}"] = msgspec.msgpack.encode(sales) if sales else b""
        self._dirty_sales.clear()
        self._left_out = {who: sales for who, sales in self._left_out.items() if sales}
        return rows

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold."""
        if _SINCE in rows:
            self.since, self._begun = msgspec.msgpack.decode(rows[_SINCE]), True
        for key in sorted(rows):
            if key.startswith(_COUNTS):
                day, counts = msgspec.msgpack.decode(rows[key])
                limit, employee, period = key.removeprefix(_COUNTS).split("\x1f")
                self._counts[limit, employee, period] = [day, dict(counts)]
            elif key.startswith(_LEFT_OUT):
                employee, day = key.removeprefix(_LEFT_OUT).split("\x1f")
                self._left_out.setdefault(employee, {}).update(
                    dict.fromkeys(msgspec.msgpack.decode(rows[key]), int(day))
                )
