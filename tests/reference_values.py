"""The naive reference, second part: days, periods, KPI values, targets, attainment, as defined."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from schemas.money import SCALE
from schemas.plan import Kpi, Part, Plan
from schemas.plan_goals import targets_of
from tests.reference_credits import Credit, Place, holds, place_of
from tests.reference_fiscal import fiscal_period
from tests.reference_targets import DAYS, dated_target


class Values:
    """What a plan says about numbers; nothing is remembered."""

    def __init__(self, plan: Plan):
        self.plan, self.zone = plan, ZoneInfo(plan.timezone)
        self.ends: dict[tuple[str, str], tuple[date, date]] = {}  # first and last day of a period
        self.kpis = {kpi.id: kpi for kpi in plan.kpis}
        self.cards = {card.id: card for card in plan.scorecards}
        self.targets = targets_of(plan)
        self.known_periods: dict[tuple[str, date], str | None] = {}
        self.known_days: dict[str, dict[str | None, list[date]]] = {}
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
        return _usual(day)[kind]

    def days_in(self, kind: str, period: str) -> list[date]:
        """Those of DAYS that lie in a period."""
        if kind not in self.known_days:
            found = self.known_days[kind] = defaultdict(list)
            for day in DAYS:
                found[self.period(kind, day)].append(day)
        return self.known_days[kind][period]

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
            inside = self.days_in(kind, period)
            self.ends[kind, period] = inside[0], inside[-1]
        first, last = self.ends[kind, period]
        return place_of(self.plan, employee, first if self.plan.organisation.standing == "period_start" else last)

    def within(self, kind: str, period: str, day: date, last: date) -> bool:
        """Whether ``day`` lies in the period; for a rolling window, the one that ends at ``last``."""
        if kind.startswith("rolling_"):
            return last - timedelta(days=int(kind[8:-1])) < day <= last
        return self.period(kind, day) == period

    def matching(self, kpi: Kpi, one: Credit) -> bool:
        if kpi.aggregate == "count":
            return any(test(one, kpi.events, kpi.where) for test in (_counted, _turns, _brought))
        if kpi.aggregate == "sum" and _amount_of(kpi.field, kpi.events, kpi.where, one) is not None:
            return True
        return _counted(one, kpi.events, kpi.where)

    def counts(self, kpi: Kpi, one: Credit) -> bool:
        """Whether a credit adds anything to the KPI, be it 0."""
        if kpi.aggregate == "ratio":
            parts = [part for part in (kpi.numerator, kpi.denominator) if in_part(kpi, part, one)]
            return any(part.field is None or part.field in one.fields for part in parts)
        return self.matching(kpi, one) and (kpi.field is None or kpi.field in one.fields)

    def value(self, kpi: Kpi, credits: list[Credit], unit: str = "") -> tuple[Fraction | None, int]:
        """Value (in units, None if undefined) and sample of a KPI; in a unit a shared event counts once."""
        if kpi.aggregate == "ratio":
            credits = [one for one in credits if self.counts(kpi, one) and not (unit and one.overlay)]
        credits = [one for one in credits if kpi.aggregate == "ratio" or self.matching(kpi, one)]
        credits = [one for one in credits if not (unit and one.overlay)]
        once = [one for one in credits if not unit or unit in one.first_in]
        if kpi.aggregate == "count":
            if unit:
                credits = [one for one in credits if _counted(one, *_filter(kpi)) or _turns(one, *_filter(kpi))]
            sample = len([one for one in once if _counted(one, kpi.events, kpi.where) or _move(one, *_filter(kpi))])
            return (_number(credits, *_filter(kpi), unit), sample) if credits else (None, 0)
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
            return Fraction(pick(one.fields[kpi.field] for one in having), SCALE), len(having)  # credits, not events
        if kpi.aggregate == "sum":
            return _total(kpi.field, having, unit, *_filter(kpi)), sample
        return _total(kpi.field, having, unit) / sample, sample

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
        for target in self.targets:
            selectors = [name for name in own if getattr(target, name) is not None]
            applies = (
                (target.kpi, target.period, target.unit) == (kpi, kind, None)
                and target.at in (None, period)
                and all(getattr(target, name) == own[name] for name in selectors)
            )
            if applies:
                ranks = [4 - list(own).index(name) for name in selectors]
                ranked.append(((max(ranks, default=0), len(ranks), ranks, target.at is not None), target))
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


@cache
def _usual(day: date) -> dict[str, str]:
    """The periods of a day that every plan has."""
    week = day.isocalendar()
    return {
        "day": day.isoformat(),
        "week": f"{week.year:04d}-W{week.week:02d}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year:04d}-Q{(day.month + 2) // 3}",
        "year": f"{day.year:04d}",
    }


def _filter(kpi: Kpi, part: Part | None = None) -> tuple[tuple[str, ...], list]:
    """Events and conditions of a KPI, or of one side of a ratio."""
    if part is None:
        return kpi.events, list(kpi.where.items())
    return part.events or kpi.events, [*kpi.where.items(), *part.where.items()]


def _total(name: str, credits: list[Credit], unit: str, events: tuple[str, ...] = (), where=()) -> Fraction:
    """Sum of a field; in a unit each event counts once, but amounts are parts that add up by themselves."""
    counted = [one for one in credits if not unit or name == "amount" or unit in one.first_in]
    changes = [_amount_of(name, events, where, one) for one in counted]
    values = [one.fields[name] if change is None else change for one, change in zip(counted, changes, strict=True)]
    return Fraction(sum(values), SCALE)


def _amount_of(name: str, events: tuple[str, ...], where, one: Credit) -> int | None:
    """Where a correction changes what a filter lets through: all that is left of the sale, or that back; else None."""
    if name != "amount" or not {"sale", "correction"} <= set(events) or one.had is None:
        return None
    now, before = _passes(one, where)
    return None if now == before else one.had + one.fields["amount"] if now else -one.had


def _passes(one: Credit, where) -> tuple[bool, bool]:
    """Of a correction: whether somebody has the sale then and it passes a filter; and whether that was so before."""
    was, where = one.was_seen(), where.items() if isinstance(where, dict) else where
    has = one.moved is None or one.moved >= 0
    return has and all(holds(one.seen(), *item) for item in where), was is not None and all(
        holds(was, *item) for item in where
    )


def in_part(kpi: Kpi, part: Part, one: Credit) -> bool:
    """Whether a credit belongs to one side of a ratio."""
    events, where = _filter(kpi, part)
    if part.field is None:
        return any(test(one, events, where) for test in (_counted, _turns, _brought))
    return _counted(one, events, where) or _amount_of(part.field, events, where, one) is not None


def _counted(one: Credit, events: tuple[str, ...], where) -> bool:
    """As an event of its own."""
    where = where.items() if isinstance(where, dict) else where
    return one.event["type"] in events and all(holds(one.seen(), *item) for item in where)


def _move(one: Credit, events: tuple[str, ...], where) -> int:
    """A sale that comes to somebody, or into the bounds of a filter, or goes."""
    if one.had is None or "sale" not in events:
        return 0
    now, before = _passes(one, where)
    return now - before


def _turns(one: Credit, events: tuple[str, ...], where) -> bool:
    """Whether that is so for the person, or for a unit."""
    if one.had is None or "sale" not in events:
        return False
    units = ("", "team", "department", "company", "manager")
    return any(_unit_move(one, events, where, unit) for unit in units)


def _brought(one: Credit, events: tuple[str, ...], where) -> bool:
    """Whether by a correction somebody comes to be, or is no more, the first of a unit with the sale: to a person it is
    something that came, of 0.
    """
    where = dict(where)
    if one.moved is None or "sale" not in events or "amount" in where:
        return False
    turned = {kind for kind in ("team", "department") if (one.moved >= 0 and kind in one.first_in)}
    turned ^= one.first_before & {"team", "department"}
    return bool(turned) and all(holds(one.seen(), *item) for item in where.items())


def _unit_move(one: Credit, events: tuple[str, ...], where, unit: str) -> int:
    """As _move; where it matters how large a part is, a unit has a sale by the first of its people who do."""
    where = list(where.items() if isinstance(where, dict) else where)
    move = _move(one, events, where)
    if not unit or "amount" not in dict(where):
        return move if not unit or unit in one.moved_in else 0
    if one.had is None or "sale" not in events or one.overlay:
        return 0
    now, before = _passes(one, where)
    return (now and unit in one.first_in) - (before and unit in one.first_before)


def _number(credits: list[Credit], events: tuple[str, ...], where, unit: str) -> Fraction:
    """How many events, and sales that changed hands: one more for who has them now, one less for who had them."""
    counted = [one for one in credits if _counted(one, events, where) and (not unit or unit in one.first_in)]
    return Fraction(len(counted) + sum(_unit_move(one, events, where, unit) for one in credits))


def _side(kpi: Kpi, part: Part, credits: list[Credit], unit: str) -> Fraction:
    """Numerator or denominator of a ratio."""
    credits, how = [one for one in credits if in_part(kpi, part, one)], _filter(kpi, part)
    if part.field is None:
        return _number(credits, *how, unit)
    return _total(part.field, [one for one in credits if part.field in one.fields], unit, *how)


def something(values: Values, kpi: Kpi, credits: list[Credit]) -> bool:
    """Whether anything is there of a person, be it without a value."""
    if kpi.aggregate == "ratio":
        return any(_side(kpi, part, credits, "") for part in (kpi.numerator, kpi.denominator))
    value, sample = values.value(kpi, credits)
    return bool(value or sample)


def left(kpi: Kpi, credits: list[Credit]) -> bool:
    """Whether there is anything in a ratio's two sides, of the person or in one of the units."""
    units = ("", "team", "department", "company")
    return any(_side(kpi, part, credits, unit) for part in (kpi.numerator, kpi.denominator) for unit in units)
