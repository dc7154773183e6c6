"""Every kind of award that rollups decides: the one place to register a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from schemas.plan_people import First
from streams.rollups.books import Touched
from streams.rollups.decided import Decided
from streams.rollups.first_rule import FirstRule
from streams.rollups.first_unit_rule import FirstUnitRule
from streams.rollups.honour_rule import HonourRule
from streams.rollups.pool_rule import PoolRule
from streams.rollups.unit_threshold import UnitThreshold
from streams.rollups.unit_tiers import UnitTiers
from streams.rollups.units import Unit


class Rule(Protocol):
    """Built as ``Rule(award, units, books)``."""

    def periods(self, touched: Touched) -> list[tuple[Unit, int]]:
        """Units and periods that what was touched may change, in order."""

    def settle(self, unit: Unit, ordinal: int, reason: str, decided: Decided) -> None:
        """Decide one of them as it stands now."""

    def finalise(self, ordinal: int, decided: Decided) -> None:
        """The period was closed (``settle: period_end``)."""


def first_rule(rule: First, *rest) -> Rule:
    """Among people, or among units."""
    return (FirstRule if rule.contenders == "person" else FirstUnitRule)(rule, *rest)


UNIT_RULES: dict[str, Callable[..., Rule]] = {
    "tiers": UnitTiers,
    "threshold": UnitThreshold,
    "honour": HonourRule,
    "first": first_rule,
    "pool": PoolRule,
}
