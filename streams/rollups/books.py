"""What rollups remembers of awards and money, and what one update touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from streams.performance.award_states import AwardStates
from streams.rollups.cells import UnitKey
from streams.rollups.paid import Paid
from streams.rollups.places import Places


@dataclass(frozen=True)
class Books:
    """Kept over all plans."""

    states: AwardStates = field(default_factory=AwardStates)
    paid: Paid = field(default_factory=Paid)
    places: Places = field(default_factory=Places)


@dataclass(frozen=True)
class Touched:
    """Unit days, and what gives the days of people (KPI, employee, day), which few plans look at; ``anew``: everything,
    under a plan that is new.
    """

    units: dict[tuple[UnitKey, int], None]
    people: Callable[[], Iterable[tuple[str, str, int]]]
    anew: bool = False
