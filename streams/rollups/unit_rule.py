"""What tier tables and threshold awards on whole units have in common: decided on values as an update leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from schemas.identity import award_id
from schemas.money import minor_step
from schemas.plan_units import decided_by
from schemas.results import Award, KpiEvidence
from streams.performance.award_states import next_states
from streams.performance.calendar import window_days
from streams.rollups.books import Books, Touched
from streams.rollups.cells import UnitKey
from streams.rollups.decided import Decided, Line
from streams.rollups.paid import shared_out
from streams.rollups.units import Unit, Units


@dataclass(frozen=True)
class Verdict:
    """What a rule finds: which tiers are reached, and the level of pay (0: none)."""

    reached: list[bool]
    level: int
    seen: tuple[KpiEvidence, ...]
    values: tuple[int, int, int]  # of the first KPI: numerator, denominator, target


class UnitRule:
    """What both kinds have in common: states, award records, money and its sharing."""

    kind = ""

    def __init__(self, rule, units: Units, books: Books) -> None:
        self.rule, self.units, self.states, self.paid = rule, units, books.states, books.paid
        self.step = minor_step(units.plan.currency)
        self.kpis = [units.kpis[kpi] for kpi in rule.kpi_ids()]

    def periods(self, touched: Touched) -> list[tuple[Unit, int]]:
        """Units and periods that what was touched may change, in order."""
        found = periods_of(self.rule, self.units, touched.units, self.rule.kpi_ids())
        return sorted({*found, *self._kept()}) if touched.anew else found

    def _kept(self) -> Iterator[tuple[Unit, int]]:
        """Where something was awarded or paid, be it that nothing has a value there any more, as a score that left."""
        kind = self.rule.period
        for holder, period in (*self.states.known(self.rule.id), *self.paid.known(self.rule.id)):
            unit = self.units.held_by(holder)
            ordinal = 0 if window_days(kind) else self.units.calendar.find(kind, period)
            # a period of another kind, under a plan before: what was given stays
            if ordinal is not None and unit.kind == self.rule.unit:
                yield unit, ordinal

    def settle(self, unit: Unit, ordinal: int, reason: str, decided: Decided) -> None:
        """Decide one unit's period as it stands now."""
        if not self.units.in_plan(unit):
            return  # what left the plan keeps what it has, and gets nothing new
        unit = self.units.placed(unit, self.rule.period, ordinal)
        period = self.units.period_text(self.rule.period, ordinal)
        verdict = self.verdict(unit, ordinal)
        if unit.kind == "manager" and self.rule.roles and unit.role not in self.rule.roles:
            verdict = replace(verdict, reached=[False] * len(verdict.reached), level=0)
        state = self.states.of(self.rule.id, unit.holder, period, len(verdict.reached))
        changes = next_states(state, verdict.reached, self.rule.settle, self.rule.rearm)
        if changes:
            self.states.set(self.rule.id, unit.holder, period, state)
        award = ""
        for tier, granted in changes:
            if self.announced(tier):
                record = self._award(unit, ordinal, tier, state[tier][0], granted, verdict, decided)
                decided.awards.append(record)
                award = record.award_id
        earned = self.earned(verdict, state)
        self._pay(unit, ordinal, period, earned, verdict, reason, award, decided)

    def finalise(self, ordinal: int, decided: Decided) -> None:
        """The period was closed: announce what stands there as final."""
        period = self.units.period_text(self.rule.period, ordinal)
        for holder in self.states.standing(self.rule.id, period):
            unit = self.units.placed(self.units.held_by(holder), self.rule.period, ordinal)
            verdict = self.verdict(unit, ordinal)
            state = self.states.of(self.rule.id, holder, period, len(verdict.reached))
            for tier, (sequence, stands, *_) in enumerate(state[: len(verdict.reached)]):
                if stands and self.announced(tier):
                    decided.awards.append(self._award(unit, ordinal, tier, sequence, True, verdict, decided))

    def verdict(self, unit: Unit, ordinal: int) -> Verdict:
        """How the unit stands."""
        raise NotImplementedError

    def earned(self, verdict: Verdict, state: list[list[int]]) -> int:
        """Money of the period so far, in ten-thousandths."""
        raise NotImplementedError

    def announced(self, tier: int) -> bool:
        """Whether reaching the tier is an award."""
        return True

    def texts(self, tier: int, verdict: Verdict) -> dict:
        """name, threshold, pays, amount, next_tier and gap of an award."""
        raise NotImplementedError

    def _award(
        self, unit: Unit, ordinal: int, tier: int, sequence: int, granted: bool, verdict: Verdict, decided: Decided
    ) -> Award:
        plan, rule = self.units.plan, self.rule
        period = self.units.period_text(rule.period, ordinal)
        closed = self.units.closed.holds(rule.period, ordinal)
        settled = "provisional" if rule.settle == "period_end" and not closed else "final"
        return Award(
            award_id=award_id(plan.plan, rule.id, unit.holder, rule.period, period, tier, sequence),
            plan=plan.plan,
            plan_version=plan.version,
            rule=rule.id,
            kind=self.kind,
            employee=unit.id if unit.kind == "manager" else "",
            employee_name=unit.name,
            team=unit.team,
            department=unit.department,
            period_kind=rule.period,
            period=period,
            tier=tier,
            sequence=sequence,
            state=settled if granted else "revoked",
            currency=plan.currency,
            evidence=verdict.seen,
            cause=decided.cause,
            position=decided.position,
            unit_kind=unit.kind,
            unit=unit.id,
            late=closed and decided.cause.type != "close",
            team_name=self.units.name("team", unit.team),
            unit_name=self.units.name(unit.kind, unit.id),
            **self.texts(tier, verdict),
        )

    def _pay(
        self, unit: Unit, ordinal: int, period: str, earned: int, verdict: Verdict, reason: str, award: str,
        decided: Decided,
    ) -> None:  # fmt: skip
        payee = unit.id if unit.kind == "manager" else ""
        places = {payee: (unit.team, unit.department)}
        due = {payee: earned}
        if self.rule.share != "unit":
            members = self.units.members(unit, self.rule.roles, self.rule.period, ordinal)
            places |= {employee: (place.team, place.department) for employee, place in members.items()}
            due = shared_out(earned, self._weights(unit, ordinal, list(members)), self.step)
        posted_in = self.units.posted_in(self.rule.period, ordinal)
        for payee, amount in self.paid.change(self.rule.id, unit.holder, period, due):
            team, department = places.get(payee, (unit.team, unit.department))
            decided.lines.append(
                Line(self.rule.id, payee, team, department, self.rule.period, period, amount, 0, verdict.values[0],
                     reason, award, posted_in, decided.cause)
            )  # fmt: skip

    def _weights(self, unit: Unit, ordinal: int, members: list[str]) -> dict[str, int]:
        if self.rule.share == "equal":
            return dict.fromkeys(members, 1)
        key = self.units.key(self.kpis[0].id, unit)
        span = self.units.calendar.span(self.rule.period, self.units.running(key, self.rule.period, ordinal))
        own = self.units.cells.by_employee(key, *span)
        return {member: own.get(member, 0) for member in members}

    def _measured(self, kpi: str, unit: Unit, ordinal: int) -> tuple[int, int, int]:
        key = self.units.key(kpi, unit)
        return self.units.measured(key, self.rule.period, self.units.running(key, self.rule.period, ordinal))


def columns(values: tuple[int, int, int]) -> tuple[np.ndarray, ...]:
    """One row for what works on columns."""
    return tuple(np.array([one], np.int64) for one in values)


def periods_of(
    rule, units: Units, touched: dict[tuple[UnitKey, int], None], kpis: Iterable[str | None]
) -> list[tuple[Unit, int]]:
    """Units of the kind that decides and periods that ``touched`` unit days of ``kpis`` may change, in order."""
    decides = decided_by(rule)
    wanted = set(kpis)
    ours = [(key, day) for key, day in touched if key[0] in wanted and key[1] == decides]
    if window_days(rule.period):
        found = {(key[2], 0): None for key, _ in ours}  # one running state, be it that nothing is left in the window
    else:
        found = {
            (key[2], ordinal): None for key, day in ours for _, ordinal in units.periods(key, day, [rule.period])
        }
    return [(units.unit(("", decides, name)), ordinal) for name, ordinal in sorted(found)]
