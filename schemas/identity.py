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
    return line_id_within(
        line_group(plan, rule, employee, period_kind, period, partition), offset, index, payee, part
    )


def line_group(plan: str, rule: str, employee: str, period_kind: str, period: str, partition: int) -> str:
    """What the ids of many lines have in common, for ``line_id_within``."""
    return _SEPARATOR.join((plan, rule, employee, period_kind, period, str(partition)))


def line_id_within(group: str, offset: int, index: int, payee: int, part: str) -> str:
    """As ``line_id``."""
    fields = f"{group}{_SEPARATOR}{offset}{_SEPARATOR}{index}{_SEPARATOR}{payee}{_SEPARATOR}{part}"
    return xxhash.xxh3_128_hexdigest(fields.encode())


def draw_line_id(plan: str, employee: str, period_kind: str, period: str, currency: str, reason: str) -> str:
    """Id of a line about a draw in a backtest, where a period has one payout."""
    return _digest(plan, employee, period_kind, period, currency, reason)
