"""The naive reference, second part: days, periods, KPI values, targets, attainment, as defined."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from schemas.money import SCALE
from schemas.plan import Kpi, Part, Plan
from schemas.plan_goals import targets_of
from tests.reference_credits import Credit, Place, holds, place_of
from tests.reference_fiscal import fiscal_period
from tests.reference_targets import dated_target


class Values:
    """What a plan says about numbers; nothing is remembered."""

    def __init__(self, plan: Plan):
        self.plan, self.zone = plan, ZoneInfo(plan.timezone)
        self.ends: dict[tuple[str, str], tuple[date, date]] = {}  # first and last day of a period
        self.kpis = {kpi.id: kpi for kpi in plan.kpis}
        self.cards = {card.id: card for card in plan.scorecards}
        self.known_periods: dict[tuple[str, date], str | None] = {}
        self.known_targets: dict[tuple, Fraction | None] = {}

    def day(self, time_ms: int) -> date:
        return datetime.fromtimestamp(time_ms // 1000, self.zone).date()

    def period(self, kind: str, day: date) -> str | None:
        """The key of the period that ``day`` lies in; None where a calendar has none."""
        if (kind, day) not in self.known_periods:
            self.known_periods[kind, day] = self._period(kind, day)
        return self.known_periods[kind, day]

    def _period(self, kind: str, day: date) -> str | None:
        if kind in self.plan.calendars:
            return self._custom(kind, day)
        if kind.startswith("fiscal_"):
            return fiscal_period(self.plan.fiscal, kind, day)
        week = day.isocalendar()
        return {
            "day": day.isoformat(),
            "week": f"{week.year:04d}-W{week.week:02d}",
            "month": f"{day:%Y-%m}",
            "quarter": f"{day.year:04d}-Q{(day.month + 2) // 3}",
            "year": f"{day.year:04d}",
        }[kind]

    def _custom(self, kind: str, day: date) -> str | None:
        periods = self.plan.calendars[kind]
        for period, following in zip(periods, [*periods[1:], None], strict=True):
            if period.start <= day < (period.end or following.start):
                return period.key
        return None

    def standing(self, employee: str, kind: str, period: str) -> Place:
        """The place of an employee on the last (or first) day of a period; after the last move for a window."""
        if kind.startswith("rolling_"):
            return place_of(self.plan, employee, None)
        if (kind, period) not in self.ends:
            days = [date(2026, 1, 1) + timedelta(days=at) for at in range(366)]
            inside = [day for day in days if self.period(kind, day) == period]
            self.ends[kind, period] = inside[0], inside[-1]
        first, last = self.ends[kind, period]
        return place_of(self.plan, employee, first if self.plan.organisation.standing == "period_start" else last)

    def within(self, kind: str, period: str, day: date, last: date) -> bool:
        """Whether ``day`` lies in the period; for a rolling window, the one that ends at ``last``."""
        if kind.startswith("rolling_"):
            return last - timedelta(days=int(kind[8:-1])) < day <= last
        return self.period(kind, day) == period

    def matching(self, kpi: Kpi, one: Credit) -> bool:
        return _of_types(one, kpi.events, kpi.aggregate == "count") and all(
            holds(one.seen(), *item) for item in kpi.where.items()
        )

    def counts(self, kpi: Kpi, one: Credit) -> bool:
        """Whether a credit adds anything to the KPI, be it 0."""
        if kpi.aggregate == "ratio":
            where = all(holds(one.seen(), *item) for item in kpi.where.items())
            parts = [part for part in (kpi.numerator, kpi.denominator) if in_part(kpi, part, one)]
            return where and any(part.field is None or part.field in one.fields for part in parts)
        return self.matching(kpi, one) and (kpi.field is None or kpi.field in one.fields)

    def value(self, kpi: Kpi, credits: list[Credit], unit: str = "") -> tuple[Fraction | None, int]:
        """Value (in units, None if undefined) and sample of a KPI; in a unit a shared event counts once."""
        if kpi.aggregate == "ratio":
            credits = [one for one in credits if self.counts(kpi, one) and not (unit and one.overlay)]
        credits = [one for one in credits if kpi.aggregate == "ratio" or self.matching(kpi, one)]
        credits = [one for one in credits if not (unit and one.overlay)]
        once = [one for one in credits if not unit or unit in one.first_in]
        if kpi.aggregate == "count":
            return (_number(credits, kpi.events, unit), len(once)) if credits else (None, 0)
        if kpi.aggregate == "ratio":
            top = _side(kpi, kpi.numerator, credits, unit)
            bottom = _side(kpi, kpi.denominator, credits, unit)
            factor = 100 if kpi.unit == "percent" else 1
            return (top * factor / bottom if bottom > 0 else None), int(bottom)
        having = [one for one in credits if kpi.field in one.fields]
        sample = len([one for one in once if kpi.field in one.fields])
        if not having:
            return None, 0
        if kpi.aggregate == "distinct":
            return Fraction(len({one.fields[kpi.field] for one in having})), sample
        if kpi.aggregate in ("min", "max"):
            pick = min if kpi.aggregate == "min" else max
            return Fraction(pick(one.fields[kpi.field] for one in having), SCALE), sample
        total = _total(kpi.field, having, unit)
        return (total if kpi.aggregate == "sum" else total / sample), sample

    def target(self, kpi: str, employee: str, kind: str, period: str) -> Fraction | None:
        """The most specific target, None where none applies; the plan does not change, so each is worked out once."""
        asked = (kpi, employee, kind, period)
        if asked not in self.known_targets:
            self.known_targets[asked] = self._target(*asked)
        return self.known_targets[asked]

    def _target(self, kpi: str, employee: str, kind: str, period: str) -> Fraction | None:
        place = self.standing(employee, kind, period)
        own = {"employee": employee, "role": place.role, "team": place.team, "department": place.department}
        ranked = []
        for target in targets_of(self.plan):
            selectors = [name for name in own if getattr(target, name) is not None]
            applies = (
                (target.kpi, target.period, target.unit) == (kpi, kind, None)
                and target.at in (None, period)
                and all(getattr(target, name) == own[name] for name in selectors)
            )
            ranks = [4 - list(own).index(name) for name in selectors]
            rank = (max(ranks, default=0), len(ranks), ranks, target.at is not None)
            if applies:
                ranked.append((rank, target))
        return dated_target(self, ranked, employee, kind, period)

    def attainment(self, kpi: Kpi, value: Fraction | None, target: Fraction | None) -> Fraction | None:
        if value is None or not target:
            return None
        if kpi.direction == "up":
            return value / target
        return target / value if value > 0 else Fraction(kpi.attainment_at_zero)

    def reached(self, kpi: Kpi, bound, value: Fraction | None, target: Fraction | None) -> bool:
        """Whether a tier's or a condition's bound is reached; bounds are inclusive."""
        if value is None:
            return False
        if bound.value is not None:
            return value >= Fraction(bound.value) if kpi.direction == "up" else value <= Fraction(bound.value)
        attainment = self.attainment(kpi, value, target)
        return attainment is not None and attainment >= Fraction(bound.attainment)


def _total(name: str, credits: list[Credit], unit: str) -> Fraction:
    """Sum of a field; in a unit each event counts once, but amounts are parts that add up by themselves."""
    counted = [one for one in credits if not unit or name == "amount" or unit in one.first_in]
    return Fraction(sum(one.fields[name] for one in counted), SCALE)


def in_part(kpi: Kpi, part: Part, one: Credit) -> bool:
    """Whether a credit belongs to one side of a ratio."""
    return _of_types(one, part.events or kpi.events, part.field is None) and all(
        holds(one.seen(), *item) for item in part.where.items()
    )


def _of_types(one: Credit, events: tuple[str, ...], counted: bool) -> bool:
    """By its type, or as a sale that changes hands where sales are counted."""
    return one.event["type"] in events or bool(counted and one.moved and "sale" in events)


def _number(credits: list[Credit], events: tuple[str, ...], unit: str) -> Fraction:
    """How many events, and sales that changed hands: one more for who has them now, one less for who had them."""
    counted = [one for one in credits if one.event["type"] in events and (not unit or unit in one.first_in)]
    moved = [one.moved for one in credits if one.moved and "sale" in events and (not unit or unit in one.moved_in)]
    return Fraction(len(counted) + sum(moved))


def _side(kpi: Kpi, part: Part, credits: list[Credit], unit: str) -> Fraction:
    """Numerator or denominator of a ratio."""
    credits = [one for one in credits if in_part(kpi, part, one)]
    if part.field is None:
        return _number(credits, part.events or kpi.events, unit)
    return _total(part.field, [one for one in credits if part.field in one.fields], unit)


def left(kpi: Kpi, credits: list[Credit]) -> bool:
    """Whether there is anything in a ratio's two sides, of the person or in one of the units."""
    units = ("", "team", "department", "company")
    return any(_side(kpi, part, credits, unit) for part in (kpi.numerator, kpi.denominator) for unit in units)
