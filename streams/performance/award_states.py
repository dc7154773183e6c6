"""What has been awarded: per rule, employee and period, each tier's sequence and whether it stands."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from streams.performance.carried import Carried
from streams.performance.clock import Clock
from streams.performance.closes import Closes
from streams.performance.customer_counts import CustomerCounts
from streams.performance.kept_pay import KeptPay
from streams.performance.paid_sales import PaidSales
from streams.performance.spiff_totals import SpiffTotals


class AwardStates:
    """Sparse: only who has ever crossed a tier of a rule has an entry, by rule, employee and period key."""

    def __init__(self) -> None:
        self._tiers: dict[tuple[str, str, str], list[list[int]]] = {}
        self._dirty: set[tuple[str, str, str]] = set()
        #: What sales were paid, for rules that reverse it.
        self.paid_sales = PaidSales()
        self.closes = Closes()
        self.clock = Clock()
        self.customers = CustomerCounts()
        self.spiffs = SpiffTotals()
        self.kept = KeptPay()
        self.carried = Carried()

    def of(self, rule: str, employee: str, period: str, tiers: int) -> list[list[int]]:
        """``[sequence, stands]`` of each tier; (0, 0) where never reached. Change it only through ``set``.

        While a tier cools down after a revocation the first day on which it can be awarded again follows.
        """
        state = self._tiers.get((rule, employee, period), [])
        return state + [[0, 0]] * (tiers - len(state))

    def set(self, rule: str, employee: str, period: str, state: list[list[int]]) -> None:
        """Keep ``state``."""
        self._tiers[rule, employee, period] = state
        self._dirty.add((rule, employee, period))

    def standing(self, rule: str, period: str) -> list[str]:
        """Employees with an award of ``rule`` in ``period`` that stands, by id."""
        return sorted(
            employee
            for (of, employee, within), state in self._tiers.items()
            if (of, within) == (rule, period) and any(tier[1] for tier in state)
        )

    def known(self, rule: str) -> list[tuple[str, str]]:
        """Employees and periods in which a tier of ``rule`` was ever reached."""
        return sorted((employee, period) for of, employee, period in self._tiers if of == rule)

    def awarded_keys(self, rule, people) -> Iterator[int]:
        """Period keys in which a tier of ``rule`` was ever reached, be it that nothing has a value there any more."""
        for employee, period in self.known(rule.id):
            key = people.key(employee, rule.period, period)
            if key is not None:  # not a period of another kind, under a plan before
                yield key

    def peak(self, rule: str, employee: str, period: str) -> int:
        """The number of tiers up to the highest one ever reached."""
        state = self._tiers.get((rule, employee, period), [])
        return max((tier + 1 for tier, (sequence, *_) in enumerate(state) if sequence), default=0)

    def cools(self, rule: str, employee: str, period: str) -> bool:
        """Whether a tier has been revoked that can only be awarded again from some day on."""
        return any(len(tier) > 2 for tier in self._tiers.get((rule, employee, period), []))

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call."""
        rows = {
            "award/" + "\x1f".join((rule, employee, period)): msgspec.msgpack.encode(
                self._tiers[rule, employee, period]
            )
            for rule, employee, period in sorted(self._dirty)
        }
        self._dirty.clear()
        return rows

    def restore(self, key: str, value: bytes) -> None:
        """Take back one checkpoint row."""
        rule, employee, period = key.removeprefix("award/").split("\x1f")
        self._tiers[rule, employee, period] = msgspec.msgpack.decode(value)


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
