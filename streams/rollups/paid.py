"""What units' awards have paid so far, by rule, unit and period; a change of it is a line of money."""

from __future__ import annotations

import msgspec

from schemas.money import split_largest_remainder

PREFIX = "paid/"
_SEPARATOR = "\x1f"


class Paid:
    """Absolute amounts by payee; '' is the unit itself. Where nothing is left of what was paid, that is kept: every
    later plan decides there again, be it that nothing which it looks at has moved.
    """

    def __init__(self) -> None:
        self._paid: dict[tuple[str, str, str], dict[str, int]] = {}
        self._dirty: dict[tuple[str, str, str], None] = {}

    def change(self, rule: str, holder: str, period: str, due: dict[str, int]) -> list[tuple[str, int]]:
        """Pay until each payee has what is ``due``; (payee, amount) of each difference, payees in order."""
        key = (rule, holder, period)
        before = self._paid.get(key, {})
        after = {payee: amount for payee, amount in due.items() if amount}
        changes = [
            (payee, after.get(payee, 0) - before.get(payee, 0))
            for payee in sorted(before.keys() | after.keys())
            if after.get(payee, 0) != before.get(payee, 0)
        ]
        if changes:
            self._paid[key] = after
            self._dirty[key] = None
        return changes

    def of(self, rule: str, holder: str, period: str) -> dict[str, int]:
        """What each payee has had."""
        return dict(self._paid.get((rule, holder, period), {}))

    def known(self, rule: str) -> list[tuple[str, str]]:
        """Units and periods that a rule has ever paid something."""
        return sorted((holder, period) for of, holder, period in self._paid if of == rule)

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call."""
        rows = {
            PREFIX + _SEPARATOR.join(key): msgspec.msgpack.encode(sorted(self._paid[key].items()))
            for key in sorted(self._dirty)
        }
        self._dirty.clear()
        return rows

    def restore(self, name: str, value: bytes) -> None:
        """Take back one checkpoint row."""
        rule, holder, period = name.removeprefix(PREFIX).split(_SEPARATOR)
        self._paid[rule, holder, period] = dict(msgspec.msgpack.decode(value, type=list[tuple[str, int]]))


def shared_out(total: int, weights: dict[str, int], step: int) -> dict[str, int]:
    """``total`` among the payees by their weights, to the minor unit (``step``), largest remainders first.

    Only weights above 0 count; where nobody has one, everyone gets the same part. Nobody to share with: none is paid.
    """
    positive = {payee: max(weight, 0) for payee, weight in weights.items()}
    if not any(positive.values()):
        positive = dict.fromkeys(positive, 1)
    if not positive:
        return {}
    parts = split_largest_remainder(total, list(positive.values()), sum(positive.values()), step)
    return dict(zip(positive, parts, strict=True))
