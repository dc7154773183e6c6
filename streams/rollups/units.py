"""The units of a plan in force: who is in them, who leads them, what they should reach, how they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from schemas.money import round_half_up, to_fixed
from schemas.plan import Plan, Target
from schemas.plan_goals import targets_of
from schemas.plan_managers import Leaders, rolled_up_kpis
from schemas.plan_moves import Place, place_at
from schemas.plan_roll import roll_of
from schemas.plan_units import UNIT_KINDS, unit_names
from streams.performance.calendar import NO_PERIOD, Calendar, date_of, window_days
from streams.performance.closes import Closes
from streams.performance.engine import published_kinds
from streams.performance.ladder import NO_TARGET
from streams.rollups.cells import Cells, ManagersOf, UnitKey, nobody
from streams.rollups.led_days import LedDays
from streams.rollups.persons import Persons
from streams.rollups.unit_scores import measure_of, score_of


class Unit(NamedTuple):
    """A team, a department, the company, or a manager, who has a team, a department and a role of his own."""

    kind: str
    id: str
    name: str
    team: str
    department: str
    role: str = ""

    @property
    def holder(self) -> str:
        """How states and ids name it."""
        return f"{self.kind}:{self.id}"


class Units:
    """One plan over the cells; ``closes`` says which of its periods are closed."""

    def __init__(self, plan: Plan, cells: Cells, closes: Closes) -> None:
        self.plan, self.cells = plan, cells
        self.calendar = Calendar(plan)
        self.closed = closes.under(self.calendar)
        self.cards = {card.id: card for card in plan.scorecards if card.units}
        #: What units have values of: KPIs, and scores.
        self.kpis = {kpi.id: kpi for kpi in plan.kpis} | {card.id: measure_of(card) for card in self.cards.values()}
        self.kinds = {kpi: sorted(kinds | {"month"}) for kpi, kinds in published_kinds(plan).items()}
        self.kinds |= {card.id: [card.period] for card in self.cards.values()}
        #: By KPI, kind of unit and of period, the most specific first.
        self._targets: dict[tuple[str, str, str], list[Target]] = defaultdict(list)
        of_units = [target for target in targets_of(plan) if target.unit is not None]
        for target in sorted(of_units, key=_specificity, reverse=True):
            self._targets[target.kpi, target.unit, target.period].append(target)
        self._units: dict[tuple[str, str], Unit] = {}
        self._names = unit_names(plan)
        self._roll = roll_of(plan)
        self.persons = Persons(plan, cells, self.calendar)
        cells.lead(_managers_of(plan))
        self._led_days = LedDays(plan)
        organisation = plan.organisation
        self._put(Unit("company", organisation.company, _text(organisation), "", ""))
        for department in organisation.departments:
            self._put(Unit("department", department.id, _text(department), "", department.id))
            for team in department.teams:
                self._put(Unit("team", team.id, _text(team), team.id, department.id))

    def _put(self, unit: Unit) -> None:
        self._units[unit.kind, unit.id] = unit

    def unit(self, key: UnitKey) -> Unit:
        """The unit that cells know by ``key``; one that left the plan has no name and lies nowhere."""
        _, kind, id_ = key
        id_ = id_ or self.plan.organisation.company
        if kind == "manager" and id_ in self._roll:
            return Unit(kind, id_, self._roll.named(self._roll.position(id_))[0], "", "")
        return self._units.get((kind, id_)) or Unit(kind, id_, id_, id_ if kind == "team" else "", "")

    def all_of(self, kind: str) -> list[Unit]:
        """Every team, every department, or the company, by id."""
        return sorted(unit for (of, _), unit in self._units.items() if of == kind)

    def name(self, kind: str, id: str) -> dict[str, str]:
        """By language; empty for a unit that has none."""
        return self._names.get((kind, id), {})

    def held_by(self, holder: str) -> Unit:
        """The unit that states know by ``holder``."""
        kind, name = holder.split(":", 1)
        return self.unit(("", kind, name))

    def gone(self, employee: str) -> bool:
        """Whether somebody has left the plan."""
        return employee not in self._roll

    def in_plan(self, unit: Unit) -> bool:
        """Whether the plan in force still has the unit."""
        return unit.id in self._roll if unit.kind == "manager" else (unit.kind, unit.id) in self._units

    def placed(self, unit: Unit, kind: str, ordinal: int) -> Unit:
        """A manager with where he stands himself, as the period sees it; any other unit as it is."""
        if unit.kind != "manager" or unit.id not in self._roll:
            return unit
        place = self._standing(self._roll.places(self._roll.position(unit.id)), kind, ordinal)
        return unit._replace(team=place.team, department=place.department, role=place.role)

    def key(self, kpi: str, unit: Unit) -> UnitKey:
        """How cells of ``kpi`` know ``unit``."""
        return kpi, unit.kind, "" if unit.kind == "company" else unit.id

    def members(self, unit: Unit, roles: tuple[str, ...], kind: str, ordinal: int) -> dict[str, Place]:
        """Who stands in the unit as the period sees them, in the plan's order; with one of ``roles`` where given."""
        found = {}
        for employee, places in self._roll.candidates(unit.kind, unit.id):
            place = self._standing(places, kind, ordinal)
            inside = unit.kind == "company" or getattr(place, unit.kind) == unit.id
            if inside and (not roles or place.role in roles):
                found[employee] = place
        return found

    def _standing(self, places: list[Place], kind: str, ordinal: int) -> Place:
        if len(places) == 1 or window_days(kind):
            return places[-1]
        first, last = self.calendar.span(kind, ordinal)
        return place_at(places, date_of(last if self.plan.organisation.standing == "period_end" else first))

    def periods(self, key: UnitKey, day: int, kinds: list[str]) -> Iterator[tuple[str, int]]:
        """(kind, ordinal) of each period of ``kinds`` that a change on ``day`` touches."""
        for kind in kinds:
            if window_days(kind):
                days = self.cells.days(key)
                ordinal = days[-1] if days else NO_PERIOD
            else:
                ordinal = self.calendar.ordinal(kind, day)
            if ordinal != NO_PERIOD:
                yield kind, ordinal

    def with_scores(self, touched: dict[tuple[UnitKey, int], None]) -> dict[tuple[UnitKey, int], None]:
        """``touched`` unit days of KPIs, and those of the scores that follow from them."""
        found = dict(touched)
        for card in self.cards.values():
            parts = {part.kpi for part in card.kpis}
            found |= {
                ((card.id, kind, unit), day): None
                for (kpi, kind, unit), day in touched
                if kpi in parts and kind in card.units
            }
        return found

    def measured(self, key: UnitKey, kind: str, ordinal: int) -> tuple[int, int, int]:
        """Numerator, denominator and target (NO_TARGET: none) of a unit's KPI, or score, in a period."""
        kpi = self.kpis[key[0]]
        if key[0] in self.cards:
            card = self.cards[key[0]]
            parts = [(self.kpis[part.kpi], *self.measured((part.kpi, *key[1:]), kind, ordinal)) for part in card.kpis]
            return *score_of(card, parts), NO_TARGET
        num, den = self.cells.measured(key, kpi.aggregate, *self.calendar.span(kind, ordinal))
        return num, den, self.target(kpi.id, self.unit(key), kind, ordinal)

    def running(self, key: UnitKey, kind: str, ordinal: int) -> int:
        """The period that a rule looks at: a rolling window ends on the latest day that has something for the KPI."""
        if not window_days(kind):
            return ordinal
        days = self.cells.days(key)
        return days[-1] if days else 0

    def target(self, kpi: str, unit: Unit, kind: str, ordinal: int) -> int:
        """The most specific target: for the unit by name, for those of its department or with the manager's role, for
        all; then by ``at``.
        """
        targets = self._targets.get((kpi, unit.kind, kind))
        if targets is None:
            return NO_TARGET
        unit = self.placed(unit, kind, ordinal)
        manager = unit.id if unit.kind == "manager" else None
        key = None if window_days(kind) else self.calendar.key(kind, ordinal)
        best = next(
            (
                target
                for target in targets
                if target.employee in (None, manager)
                and target.role in (None, unit.role)
                and target.team in (None, unit.team)
                and target.department in (None, unit.department)
                and target.at in (None, key)
            ),
            None,
        )
        if best is None:
            return NO_TARGET
        if best.prorate == "none":
            return to_fixed(best.value)
        part = self._led_days.part(unit.id, best.prorate, *self.calendar.span(kind, ordinal))
        return round_half_up(to_fixed(best.value) * part, 1)

    def period_text(self, kind: str, ordinal: int) -> str:
        """A period's key as awards and lines name it; rolling windows have one running state."""
        return "rolling" if window_days(kind) else self.calendar.key(kind, ordinal)

    def posted_in(self, kind: str, ordinal: int) -> str:
        """The key of the period that pays what is due for a period."""
        return self.period_text(kind, self.closed.open_period(kind, ordinal))


def _specificity(target: Target) -> tuple[bool, ...]:
    return tuple(getattr(target, name) is not None for name in ("employee", "role", "team", "department", "at"))


def _managers_of(plan: Plan) -> ManagersOf:
    leaders, kpis = Leaders(plan), rolled_up_kpis(plan)
    if not leaders or not kpis:
        return nobody

    @cache
    def around(team: str, department: str, day: int) -> list[tuple[str, int]]:
        led = leaders.of(team, department, date_of(day))
        return [(manager, UNIT_KINDS.index(kind)) for manager, kind in led.items()]

    return lambda kpi, team, department, day: around(team, department, day) if kpi in kpis else []


def _text(thing) -> str:
    return thing.name.en if thing.name is not None else getattr(thing, "id", "") or thing.company
