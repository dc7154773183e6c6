"""Who is compared with whom by an award, and what came of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from streams.explain.measured import Measured
from streams.explain.moments import Moment
from streams.explain.thresholds import Checked


@dataclass(frozen=True)
class Candidate:
    """Somebody who is compared, and whether each condition holds of him; ``employee`` is a unit's id where units are.

    ``merit``: what an honour ranks by, or the weight in a pool; ``place``: the rank, or the number in the queue since
    ``since``. ``chosen``: has one of the places, or a part of the pool; ``stands``: whether awards say so, None where
    that is not asked.
    """

    employee: str
    measured: tuple[Measured, ...]
    checks: tuple[Checked, ...]
    merit: Fraction | None = None
    place: int | None = None
    since: Moment | None = None
    chosen: bool = False
    stands: bool | None = None


@dataclass(frozen=True)
class Pooled:
    """A pool's money: the unit's KPI where it looks at one, whether its floor is reached, the sum (ten-thousandths)."""

    measured: Measured | None
    floor_reached: bool
    by_rate: Fraction
    total: int


@dataclass(frozen=True)
class Field:
    """All who are compared, in the plan's order.

    ``waits``: nothing is decided before the period is closed. ``others``: whose awards stand though they are not
    compared. ``who``: of whom it was asked. Where units are compared, not people: their ``kind``,
    ``within`` which unit.
    """

    candidates: tuple[Candidate, ...]
    waits: bool = False
    pooled: Pooled | None = None
    others: tuple[str, ...] = ()
    who: str = ""
    kind: str = ""
    within: tuple[str, str] = ("", "")

    @property
    def agrees(self) -> bool:
        """Whether awards stand for those who are chosen, and for nobody else."""
        return not self.others and all(one.stands in (None, one.chosen) for one in self.candidates)

    def of(self, employee: str) -> Candidate | None:
        """One of them."""
        return next((one for one in self.candidates if one.employee == employee), None)
