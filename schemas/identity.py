"""Ids that are derived, never drawn: the same input gives the same id in every replay and on every worker."""

from __future__ import annotations

import xxhash

#: ASCII unit separator: no id of a plan can hold it, so the joined fields stay apart.
_SEPARATOR = "\x1f"


def _digest(*fields: str | int) -> str:
    """32 hex digits: xxh3_128 of the fields, joined."""
    return xxhash.xxh3_128_hexdigest(_SEPARATOR.join(map(str, fields)).encode())


def award_id(
    plan: str, rule: str, employee: str, period_kind: str, period: str, tier: int, sequence: int
) -> str:
    """Id of an award; ``tier`` is 0 for threshold awards, ``sequence`` 1 unless the rule re-arms."""
    return _digest(plan, rule, employee, period_kind, period, tier, sequence)


def line_id(
    plan: str,
    rule: str,
    employee: str,
    period_kind: str,
    period: str,
    partition: int,
    offset: int,
    index: int,
    payee: int,
    part: str,
) -> str:
    """Id of an earning line, by the credits position behind it; ``part`` tells lines of one cause apart."""
    return _digest(plan, rule, employee, period_kind, period, partition, offset, index, payee, part)


def draw_line_id(plan: str, employee: str, period_kind: str, period: str, currency: str, reason: str) -> str:
    """Id of a line about a draw in a backtest, where a period has one payout."""
    return _digest(plan, employee, period_kind, period, currency, reason)
