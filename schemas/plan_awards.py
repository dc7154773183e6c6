"""Awards of a plan: what is reached, and what it pays. A new kind is a model here and an entry in ``AWARD_KINDS``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.plan_best import PersonalBest
from schemas.plan_conditions import Condition, Settle
from schemas.plan_fields import Id, Measure, Model, Named, Number, Percent, Period
from schemas.plan_nudge import Nudge
from schemas.plan_people import First, Honour, Pool
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from schemas.plan_training import Training
from schemas.plan_units import Share, UnitKind


class Tier(Model):
    """A lower bound (inclusive), on attainment or on the value, and what it pays."""

    attainment: Percent | None = None
    value: Measure | None = None
    rate: Percent | None = None
    amount: Number | None = None
    name: Named | None = None


class Hurdle(Model):
    """What must be reached before a rule pays anything: a bound (inclusive) on attainment or on the value."""

    attainment: Percent | None = None
    value: Measure | None = None


CoolDown = Annotated[int, Field(ge=0, le=999)]


class TierAward(Model):
    """A tier table on one KPI: an award for each tier whose bound is not 0, money as ``pays`` says.

    With fewer than ``min_sample`` events behind the value no tier is reached, nor the hurdle.
    """

    kind: Literal["tiers"] = "tiers"
    id: Id
    name: Named
    kpi: Id
    period: Period
    pays: Literal["marginal", "slab", "flat", "interpolated", "nothing"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    min_sample: Annotated[int, Field(ge=0)] = 0
    cap: Number | None = None
    floor: Number | None = None
    hurdle: Hurdle | None = None
    clawback: Literal["re_rate", "as_paid"] = "re_rate"
    roles: tuple[Id, ...] = ()
    settle: Settle = "live"
    rearm: bool = False
    margin: Percent | None = None
    cool_down_days: CoolDown = 0
    unit: UnitKind | None = None
    share: Share = "unit"

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs it looks at."""
        return (self.kpi,)


class ThresholdAward(Model):
    """Reached when all (or any) conditions hold at once: a bonus, eligibility for promotion, or both."""

    kind: Literal["threshold"] = "threshold"
    id: Id
    name: Named
    period: Period
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    bonus: Number | None = None
    promotion: bool = False
    roles: tuple[Id, ...] = ()
    settle: Settle = "live"
    rearm: bool = False
    margin: Percent | None = None
    cool_down_days: CoolDown = 0
    unit: UnitKind | None = None
    share: Share = "unit"

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs it looks at."""
        return tuple(condition.kpi for condition in (*self.all, *self.any))


_Kinds = TierAward | ThresholdAward | Nudge | Streak | Spiff | Training | PersonalBest | Honour | First | Pool
Award = Annotated[_Kinds, Field(discriminator="kind")]
#: Every kind of award by the name that ``kind`` gives it.
AWARD_KINDS: dict[str, type[Model]] = {
    "tiers": TierAward,
    "threshold": ThresholdAward,
    "nudge": Nudge,
    "streak": Streak,
    "spiff": Spiff,
    "training": Training,
    "personal_best": PersonalBest,
    "honour": Honour,
    "first": First,
    "pool": Pool,
}
