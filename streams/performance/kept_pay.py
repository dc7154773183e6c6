"""Money of rules that the plan in force leaves out, and of people whom it gives no part in them: it stays with them.

A later plan that has the rule, or the person in it, again pays the difference to this, and not all of it once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np

from streams.performance.running import key_parts

_PREFIX = "kept/"
_SEPARATOR = "\x1f"
#: A row without which a state is from before anything was kept.
BEGUN = "keeps"

#: Earned, and withheld by a cap.
Money = tuple[int, int]


class Payee(NamedTuple):
    """Whose money of which rule it is."""

    rule: str
    kind: str  # of the rule
    period_kind: str
    employee: str
    period: str


class KeptPay:
    """Sparse: only what a change of plan left behind."""

    def __init__(self) -> None:
        self._money: dict[Payee, Money] = {}
        self._dirty: set[Payee] = set()
        self._begun = False

    def keep(self, payee: Payee, money: Money) -> None:
        """From now on the plan has no say in it."""
        self._money[payee] = money
        self._dirty.add(payee)

    def payees(self) -> list[Payee]:
        """All of whom something is kept, in order."""
        return sorted(self._money)

    def take(self, payee: Payee) -> Money:
        """The plan has a say in it again: what was kept, no longer."""
        self._dirty.add(payee)
        return self._money.pop(payee)

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call; b'' deletes one."""
        rows = {}
        for payee in sorted(self._dirty):
            money = self._money.get(payee)
            rows[_PREFIX + _SEPARATOR.join(payee)] = b"" if money is None else msgspec.msgpack.encode(money)
        if not self._begun:
            rows[BEGUN], self._begun = b"1", True
        self._dirty.clear()
        return rows

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold."""
        self._begun = BEGUN in rows
        for key in rows:
            if key.startswith(_PREFIX) and rows[key]:
                payee = Payee(*key.removeprefix(_PREFIX).split(_SEPARATOR))
                self._money[payee] = msgspec.msgpack.decode(rows[key], type=Money)


def taken_over(kept: KeptPay, before, after) -> dict[str, dict[int, Money]]:
    """By rule what was paid of what the engine ``after`` decides, by its period keys, as it replaces ``before``.

    What it has no say in is kept; what was kept comes back where it has.
    """
    rules = {(rule.rule.id, rule.rule.kind, rule.rule.period): rule for rule in after.rules}
    found: dict[str, dict[int, Money]] = defaultdict(dict)
    for payee in kept.payees():
        key = _key_decided(after, rules, payee)
        if key is not None:
            found[payee.rule][key] = kept.take(payee)
    for rule in before.rules:
        for payee, money in _earned(before, rule, True):
            key = _key_decided(after, rules, payee)
            if key is None:
                kept.keep(payee, money)
            else:
                found[payee.rule][key] = money
    return found


def keep_undecided(kept: KeptPay, engine) -> None:
    """Of a state that does not tell who was paid before a plan gave them no part: whatever they would earn is taken
    as paid.
    """
    for rule in engine.rules:
        for payee, money in _earned(engine, rule, False):
            kept.keep(payee, money)


def _earned(engine, rule, decides: bool) -> Iterator[tuple[Payee, Money]]:
    """What the values earn, of people whom the rule decides on, or of the others."""
    of, money = rule.rule, rule.earned()
    if not money:
        return
    keys = np.array(list(money), np.int64)
    for key in keys[engine.people.eligible(of.roles, of.period, keys) == decides].tolist():
        code, ordinal = key_parts(key)
        employee, period = engine.people.id(code), engine.period_text(of.period, ordinal)
        yield Payee(of.id, of.kind, of.period, employee, period), money[key]


def _key_decided(engine, rules: dict, payee: Payee) -> int | None:
    """The key of the period; None where the engine has not such a rule or period, or gives the payee no part in it."""
    rule = rules.get(payee[:3])
    key = None if rule is None else engine.people.key(payee.employee, payee.period_kind, payee.period)
    if key is None or not engine.people.eligible(rule.rule.roles, payee.period_kind, np.array([key]))[0]:
        return None
    return key
