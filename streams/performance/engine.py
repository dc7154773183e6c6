"""One plan at work on one partition's employees: families of KPIs, views of their periods, rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schemas.plan import Plan
from schemas.plan_goals import targets_of
from schemas.plan_scorecards import kpis_behind
from schemas.plan_spiff import Spiff
from schemas.plan_units import of_units
from streams.performance.award_records import AwardWriter
from streams.performance.award_states import AwardStates
from streams.performance.calendar import Calendar, window_days
from streams.performance.contributions import kpi_fields
from streams.performance.credit_rows import CreditRows, RowReader
from streams.performance.customer_limits import FIELD, CustomerLimits
from streams.performance.dated_targets import DatedTargets
from streams.performance.decisions import Decisions
from streams.performance.family import Family, day_key, families_of
from streams.performance.kept_pay import taken_over
from streams.performance.people import People
from streams.performance.period_view import PeriodView
from streams.performance.rolling import RollingTable
from streams.performance.rules import RULES
from streams.performance.running import period_key
from streams.performance.scorecards import ScoreView
from streams.performance.shared_counts import SharedCounts
from streams.performance.targets import target_index


class Engine:
    """Compiled from a plan; holds the values. ``reader`` knows the codes of names, ``states`` what was awarded."""

    def __init__(self, plan: Plan, reader: RowReader, states: AwardStates) -> None:
        self.plan = plan
        self.reader = reader
        self.calendar = Calendar(plan)
        self.targets = target_index(plan)
        self.people = People(plan, reader.names["employee"], self.calendar)
        self.dated = DatedTargets(plan, self.calendar)
        self.limits = CustomerLimits(plan, self.calendar, states.customers)
        self.fields = frozenset([FIELD] if self.limits else ()).union(
            *(kpi_fields(kpi) for kpi in plan.kpis),
            *(award.fields() for award in plan.awards if isinstance(award, Spiff)),
        )
        kinds = published_kinds(plan)
        self.families = [
            Family(kpis, kinds, self.calendar, self._resolver_of, states.carried) for kpis in families_of(plan.kpis)
        ]
        self.views: dict[tuple[str, str], PeriodView] = {}
        for family in self.families:
            self.views.update(family.views)
        self.scores = [
            ScoreView(card, [self.views[part.kpi, card.period] for part in card.kpis], self.people)
            for card in plan.scorecards
            if card.persons
        ]
        self.views.update({(score.card.id, score.card.period): score.view for score in self.scores})
        self._period_texts: dict[tuple[str, int], str] = {}
        self.closed = states.closes.under(self.calendar)
        self.clock, self.kept = states.clock, states.kept
        writer = AwardWriter(plan, self.people, self.period_text, self.closed)
        self.rules = [
            RULES[rule.kind](index, rule, plan, self._views_of(rule), states, writer)
            for index, rule in enumerate(award for award in plan.awards if not of_units(award))
        ]

    def _views_of(self, rule) -> dict[str, PeriodView]:
        return {kpi: self.views[kpi, rule.period] for kpi in rule.kpi_ids()}

    def _resolver_of(self, kpi: str, kind: str) -> Callable[[str, str, int, int], int | None] | None:
        return self._target if self.targets.has(kpi, kind) else None

    def _target(self, kpi: str, kind: str, employee: int, ordinal: int) -> int | None:
        person = self.people.standing(employee, kind, ordinal)
        if self.dated.has(kpi, kind):
            return self.dated.resolve(kpi, person, kind, ordinal)
        period = "" if window_days(kind) else self.period_text(kind, ordinal)
        return self.targets.resolve(kpi, person.id, person.role, person.team, person.department, kind, period)

    def period_text(self, kind: str, ordinal: int) -> str:
        """A period's key; awards on rolling windows have one running state, named ``rolling``."""
        text = self._period_texts.get((kind, ordinal))
        if text is None:
            text = "rolling" if window_days(kind) else self.calendar.key(kind, ordinal)
            self._period_texts[kind, ordinal] = text
        return text

    def place(self, employee: int, kind: str, ordinal: int) -> tuple[str, str]:
        """Team and department of an employee (by code) for a period, in the plan in force."""
        person = self.people.standing(employee, kind, ordinal)
        return person.team, person.department

    def fold(self, rows: CreditRows, decisions: Decisions, origins) -> SharedCounts | None:
        """Accumulate ``rows`` and decide what follows; what of them counts once in units, where limits hold."""
        day = self.calendar.days(rows.time).astype(np.int64)
        if self.closed and self.plan.late == "process_date":
            day = self.closed.open_days(day)
        decisions.days = day
        decisions.latest_before = self.clock.latest
        decisions.latest = self.clock.after(self.calendar.days(rows.event_time))
        shared = None
        if self.limits:
            rows.left_out = self.limits.over(rows, day, origins)
        if self.limits or rows.limited is not None:
            shared = SharedCounts.of(rows, self.limits.events)
        cells = day_key(rows.employee, rows.team, rows.department, day)
        for family in self.families:
            family.fold(rows, day, cells, shared)
        for score in self.scores:
            score.fold()
        for rule in self.rules:
            rule.decide(decisions, origins)
        self.clock.advance(int(decisions.latest[-1]))
        return shared

    def close(self, kind: str, key: str, decisions: Decisions, origins) -> None:
        """Freeze a period: what waited for its end is final."""
        ordinal = self.closed.add(kind, key)
        for rule in self.rules if ordinal is not None else ():
            if (rule.rule.period, rule.rule.settle) == (kind, "period_end"):
                rule.finalise(ordinal, decisions, origins)

    def reconsider(self, before: Engine, decisions: Decisions, origins, paid: dict | None = None) -> None:
        """Decide everything anew after this plan replaced ``before``.

        ``paid``: money and what was withheld, by rule and period key, where that is not what the values before earn.
        """
        earned = taken_over(self.kept, before, self)
        for rule in self.rules:
            had = earned.get(rule.rule.id, {}) | (paid or {}).get(rule.rule.id, {})
            rule.reconsider(had, decisions, origins)
        self.mark_all_dirty()

    def settled(self, days: np.ndarray) -> np.ndarray:
        """Bool per day: it lies in a closed period, and what was closed stays as it was."""
        if not self.closed or self.plan.late != "process_date":
            return np.zeros(len(days), bool)
        return self.closed.open_days(days) != days

    def vacate(self, keys: dict[str, np.ndarray]) -> None:
        """Publish day cells that are no more (keys by KPI id) as zeros, unless something stands there again by then."""
        for family in self.families:
            for index, kpi in enumerate(family.kpis):
                if len(keys.get(kpi.id, ())):
                    family.dirty_days[index].append(family.days.reserve(keys[kpi.id]))

    def carry_periods(self, before: Engine) -> None:
        """Have every period that ``before`` had, be it empty now: what stands there is decided again."""
        for name, view in self.views.items():
            old = before.views[name]
            slots = view.table.slots(old.table.keys[: old.table.size])
            if isinstance(view.table, RollingTable):
                view.table.carry(view.kpi_index, slots, old.table, old.kpi_index)

    def publish(self, keys: dict[str, np.ndarray]) -> None:
        """Publish day cells (keys by KPI id) anew, as they stand or as zeros, and every period of these KPIs and of
        the scores that follow from them.
        """
        self.vacate(keys)
        for family in self.families:
            for index, kpi in enumerate(family.kpis):
                if len(keys.get(kpi.id, ())):
                    family.unsaved_days[index].append(family.days.reserve(keys[kpi.id]))
        for (kpi, _), view in self.views.items():
            if view.table.size and kpis_behind(self.plan.scorecards, [kpi]) & keys.keys():
                view.dirty.append(np.arange(view.table.size))

    def mark_all_dirty(self) -> None:
        """Publish every value anew; of scores what is left of them."""
        self.mark_days_dirty()
        scores = {(score.card.id, score.card.period): score.measured() for score in self.scores}
        for name, view in self.views.items():
            slots = scores.get(name, np.arange(view.table.size))
            if len(slots):
                view.dirty.append(slots)

    def mark_days_dirty(self) -> None:
        """Publish every day cell anew."""
        for family in self.families:
            for index in range(len(family.kpis)):
                held = family.days.held(index)
                if len(held):
                    family.dirty_days[index].append(held)
                    family.unsaved_days[index].append(held)

    def create_targeted(self, is_ours: Callable[[str], bool], publish: bool = True) -> None:
        """Periods that somebody has a target of their own for exist from the start, with nothing reached yet."""
        for target in targets_of(self.plan):
            view = self.views.get((target.kpi, target.period)) if target.unit is None else None
            if not (target.employee and target.at and view) or not is_ours(target.employee):
                continue
            code = self.reader.names["employee"].code(target.employee)
            key = period_key(code, self.calendar.parse(target.period, target.at))
            slots = view.table.slots(np.array([key]))
            if publish:
                view.dirty.append(slots)

    def day_records(self) -> dict[str, tuple]:
        """Day cells by KPI id: (keys, numerators, denominators, unit columns, members by cell)."""
        records = {}
        for family in self.families:
            for index, kpi in enumerate(family.kpis):
                held = family.days.held(index)
                members = {
                    int(family.days.keys[cell]): values
                    for (at, cell), values in family.days.members.items()
                    if at == index
                }
                records[kpi.id] = (
                    family.days.keys[held],
                    family.days.num[index, held],
                    family.days.den[index, held],
                    family.days.units(index, held),
                    members,
                )
        return records


def published_kinds(plan: Plan) -> dict[str, set[str]]:
    """Period kinds to keep by KPI: those its targets, its scorecards, its awards or the KPI itself name."""
    kinds: dict[str, set[str]] = {kpi.id: set(kpi.periods) for kpi in plan.kpis}
    for target in targets_of(plan):
        kinds[target.kpi].add(target.period)
    for card in plan.scorecards:
        for part in card.kpis:
            kinds[part.kpi].add(card.period)
    scores = {card.id for card in plan.scorecards}
    for award in plan.awards:
        for kpi in award.kpi_ids():
            if kpi not in scores:
                kinds[kpi].add(award.period)
    return kinds
