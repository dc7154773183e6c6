"""What has been awarded: per rule, employee and period, each tier's sequence and whether it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from streams.performance.carried import Carried
from streams.performance.clock import Clock
from streams.performance.closes import Closes
from streams.performance.customer_counts import CustomerCounts
from streams.performance.kept_pay import KeptPay
from streams.performance.paid_sales import PaidSales
from streams.performance.spiff_totals import SpiffTotals

_PREFIX = "award/"
_SEPARATOR = "\x1f"
_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder().decode


class AwardStates:
    """Sparse: only who has ever crossed a tier of a rule has an entry, by rule, employee and period key."""

    def __init__(self) -> None:
        #: As checkpoints have them: as lists and tuples each would take three times as much.
        self._rows: dict[str, bytes] = {}
        self._dirty: set[str] = set()
        #: What sales were paid, for rules that reverse it.
        self.paid_sales = PaidSales()
        self.closes = Closes()
        self.clock = Clock()
        self.customers = CustomerCounts()
        self.spiffs = SpiffTotals()
        self.kept = KeptPay()
        self.carried = Carried()

    def of(self, rule: str, employee: str, period: str, tiers: int) -> list[list[int]]:
        """``[sequence, stands]`` of each tier; (0, 0) where never reached. The caller's own: ``set`` keeps changes.

        While a tier cools down after a revocation the first day on which it can be awarded again follows.
        """
        state = self._reached(rule, employee, period)
        return state + [[0, 0] for _ in range(tiers - len(state))]

    def set(self, rule: str, employee: str, period: str, state: list[list[int]]) -> None:
        """Keep ``state``."""
        key = _key(rule, employee, period)
        self._rows[key] = _encode(state)
        self._dirty.add(key)

    def _reached(self, rule: str, employee: str, period: str) -> list[list[int]]:
        row = self._rows.get(_key(rule, employee, period))
        return [] if row is None else _decode(row)

    def standing(self, rule: str, period: str) -> list[str]:
        """Employees with an award of ``rule`` in ``period`` that stands, by id."""
        before, behind = _of_rule(rule), _SEPARATOR + period
        return sorted(
            key[len(before) : -len(behind)]
            for key, row in self._rows.items()
            if key.startswith(before) and key.endswith(behind) and any(tier[1] for tier in _decode(row))
        )

    def known(self, rule: str) -> list[tuple[str, str]]:
        """Employees and periods in which a tier of ``rule`` was ever reached."""
        before = _of_rule(rule)
        found = (key[len(before) :].split(_SEPARATOR) for key in self._rows if key.startswith(before))
        return sorted((employee, period) for employee, period in found)

    def awarded_keys(self, rule, people) -> Iterator[int]:
        """Period keys in which a tier of ``rule`` was ever reached, be it that nothing has a value there any more."""
        for employee, period in self.known(rule.id):
            key = people.key(employee, rule.period, period)
            if key is not None:  # not a period of another kind, under a plan before
                yield key

    def peak(self, rule: str, employee: str, period: str) -> int:
        """The number of tiers up to the highest one ever reached."""
        state = self._reached(rule, employee, period)
        return max((tier + 1 for tier, (sequence, *_) in enumerate(state) if sequence), default=0)

    def cools(self, rule: str, employee: str, period: str) -> bool:
        """Whether a tier has been revoked that can only be awarded again from some day on."""
        return any(len(tier) > 2 for tier in self._reached(rule, employee, period))

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call."""
        rows = {key: self._rows[key] for key in sorted(self._dirty)}
        self._dirty.clear()
        return rows

    def restore(self, rows: Mapping[str, bytes]) -> None:
        """Take back all checkpoint rows."""
        self._rows = {key: row for key, row in rows.items() if key.startswith(_PREFIX)}


def _of_rule(rule: str) -> str:
    """How its keys begin."""
    return f"{_PREFIX}{rule}{_SEPARATOR}"


def _key(rule: str, employee: str, period: str) -> str:
    return f"{_of_rule(rule)}{employee}{_SEPARATOR}{period}"


def next_states(
    state: list[list[int]],
    reached: list[bool],
    settle: str,
    rearm: bool,
    day: int | None = None,
    cool_down: int = 0,
) -> list[tuple[int, bool]]:
    """Changes ``state`` in place for the tiers ``reached`` now; returns (tier, granted) in the order of announcement.

    Tiers are granted from the lowest up and revoked from the highest down; a revoked tier comes back only with
    ``rearm``, under its next sequence number, and with ``cool_down`` on no ``day`` before so many have gone by.
    """
    changes: list[tuple[int, bool]] = []
    for tier, now in enumerate(reached):
        sequence, stands, *until = state[tier]
        cooling = cool_down and until and (day is None or day < until[0])
        if now and not stands and not cooling and (sequence == 0 or rearm):
            state[tier] = [sequence + 1, 1]
            changes.append((tier, True))
    for tier in reversed(range(len(reached))):
        sequence, stands, *_ = state[tier]
        if not reached[tier] and stands and settle != "sticky":
            # a change of plan has no day from which to count
            state[tier] = [sequence, 0, day + cool_down] if cool_down and day is not None else [sequence, 0]
            changes.append((tier, False))
    return changes
