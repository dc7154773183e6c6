"""What awards that compare the people of a unit have in common: places that come and go, award records, money."""

from __future__ import annotations

import numpy as np

from schemas.identity import award_id
from schemas.money import minor_step, to_fixed
from schemas.plan_conditions import Condition
from schemas.results import Award
from streams.performance.award_records import evidence, number_text
from streams.performance.calendar import NO_PERIOD
from streams.performance.ladder import Ladder
from streams.rollups.books import Books, Touched
from streams.rollups.decided import Decided, Line
from streams.rollups.places import Place
from streams.rollups.units import Unit, Units


class PeopleRule:
    """Decides one unit and period at a time, over all members."""

    def __init__(self, rule, units: Units, books: Books) -> None:
        self.rule, self.units, self.persons = rule, units, units.persons
        self.places, self.paid = books.places, books.paid
        self.step = minor_step(units.plan.currency)
        #: KPIs and scores of whoever is compared.
        self.kpis = self.persons.kpis
        self._wanted = self.persons.behind(self._member_kpis())

    def _member_kpis(self) -> tuple[str, ...]:
        return self.rule.kpi_ids()

    # -- what is to be decided

    def periods(self, touched: Touched) -> list[tuple[Unit, int]]:
        """Units and periods that something touched may change, in order."""
        kind, calendar = self.rule.period, self.units.calendar
        found = {}
        for kpi, employee, day in touched.people():
            ordinal = calendar.ordinal(kind, day) if kpi in self._wanted else NO_PERIOD
            place = self.persons.place(employee, kind, ordinal) if ordinal != NO_PERIOD else None
            if place is not None:
                found[self._unit_of(place), ordinal] = None
        for holder, period in self._kept() if touched.anew else ():
            ordinal = calendar.find(kind, period)
            if ordinal is not None:  # else of another kind: the plan before had it so, and what was given stays
                found[self.units.held_by(holder), ordinal] = None
        return sorted(found)

    def _kept(self) -> list[tuple[str, str]]:
        return self.places.known(self.rule.id)

    def _unit_of(self, place) -> Unit:
        kind = self.rule.unit
        return self.units.unit(("", kind, "" if kind == "company" else getattr(place, kind)))

    def waits(self, ordinal: int) -> bool:
        """Whether the period has to be closed first."""
        return self.rule.settle == "period_end" and not self.units.closed.holds(self.rule.period, ordinal)

    def finalise(self, ordinal: int, decided: Decided) -> None:
        """The period was closed: what waited for it is decided."""
        for unit in self.units.all_of(self.rule.unit):
            self.settle(unit, ordinal, "award", decided)

    def settle(self, unit: Unit, ordinal: int, reason: str, decided: Decided) -> None:
        """Decide one unit's period as it stands now."""
        raise NotImplementedError

    def bound(self) -> str:
        """What places are given for, as the plan has it."""
        return ""

    def gone(self, who: str) -> bool:
        """Whether somebody who may have a place has left the plan."""
        return self.units.gone(who)

    # -- what people have reached

    def members(self, unit: Unit, ordinal: int) -> list[str]:
        """Who is compared, in the plan's order; nobody where the rule is about another kind of units."""
        if unit.kind != self.rule.unit:
            return []
        return list(self.units.members(unit, self.rule.roles, self.rule.period, ordinal))

    def measured(self, kpi: str, people: list[str], ordinal: int) -> list[tuple[int, int, int]]:
        """Numerator, denominator and target of each."""
        return [self.persons.measured(kpi, who, self.rule.period, ordinal) for who in people]

    def holding(self, condition: Condition, people: list[str], ordinal: int) -> list[bool]:
        """Of whom a condition holds."""
        measured = np.array(self.measured(condition.kpi, people, ordinal), object).reshape(-1, 3)
        ladder = Ladder.of_condition(self.kpis[condition.kpi], condition)
        return (ladder.levels(*(column.astype(np.int64) for column in measured.T)) > 0).tolist()

    def seen(self, who: str, ordinal: int) -> tuple:
        """How somebody's KPIs stand, as evidence."""
        kpis = dict.fromkeys(self.rule.kpi_ids())
        return tuple(evidence(self.kpis[kpi], *self.measured(kpi, [who], ordinal)[0]) for kpi in kpis)

    def described(self, who: str, ordinal: int) -> dict:
        """What an award says of whoever has the place."""
        place = self.persons.place(who, self.rule.period, ordinal)
        found = {"employee": who, "employee_name": place.name, "team": place.team, "department": place.department}
        return found | {"team_name": self.units.name("team", place.team)}

    # -- places

    def turn(self, unit: Unit, ordinal: int, row: dict[str, Place], holders: dict[str, str], decided: Decided) -> None:
        """Announce who of ``row`` loses and who gets a place (``holders``: by employee how it is told), and pay.

        Somebody who left the plan keeps what he has.
        """
        period, gone = self.units.period_text(self.rule.period, ordinal), self.gone
        awards = {}
        for who in sorted(row):
            if row[who][1] and who not in holders and not gone(who):
                row[who][1] = 0
                awards[who] = self._award(unit, ordinal, who, row[who][0], "revoked", holders, decided)
        for who in holders:
            place = row.setdefault(who, [0, 0, 0, 0])
            if not place[1]:
                place[:2] = place[0] + 1, 1
                awards[who] = self._award(unit, ordinal, who, place[0], "final", holders, decided)
        decided.awards += awards.values()
        self.places.set(self.rule.id, unit.holder, period, row)
        self.give_prizes(unit, ordinal, row, {who: award.award_id for who, award in awards.items()}, decided)

    def give_prizes(
        self, unit: Unit, ordinal: int, row: dict[str, Place], awards: dict[str, str], decided: Decided
    ) -> None:
        """Pay whoever of ``row`` has a place; ``awards``: ids of what was just announced."""
        period, gone = self.units.period_text(self.rule.period, ordinal), self.gone
        prize = to_fixed(self.rule.prize) if self.rule.prize is not None else 0
        before = self.paid.of(self.rule.id, unit.holder, period)
        due = {who: before.get(who, 0) if gone(who) else prize for who, place in row.items() if place[1]}
        self.pay(unit, ordinal, due, decided, awards)

    def pay(
        self, unit: Unit, ordinal: int, due: dict[str, int], decided: Decided, awards: dict[str, str] | None = None,
        reason: str = "", value_after: int = 0,
    ) -> None:  # fmt: skip
        """Lines until everyone has what is ``due``; without a reason they are for awards, or revocations."""
        kind = self.rule.period
        period = self.units.period_text(kind, ordinal)
        # what the close itself decides is what the period pays
        posted_in = period if decided.cause.type == "close" else self.units.posted_in(kind, ordinal)
        for who, amount in self.paid.change(self.rule.id, unit.holder, period, due):
            place = self.persons.place(who, kind, ordinal)
            team, department = (place.team, place.department) if place else (unit.team, unit.department)
            why = reason or ("award" if amount > 0 else "revocation")
            decided.lines.append(
                Line(self.rule.id, who, team, department, kind, period, amount, 0, value_after, why,
                     (awards or {}).get(who, ""), posted_in, decided.cause)
            )  # fmt: skip

    def _award(
        self, unit: Unit, ordinal: int, who: str, sequence: int, state: str, holders: dict[str, str], decided: Decided
    ) -> Award:
        plan, rule = self.units.plan, self.rule
        kind, period = rule.period, self.units.period_text(rule.period, ordinal)
        prize = number_text(rule.prize) if rule.prize is not None else None
        return Award(
            award_id=award_id(plan.plan, rule.id, f"{unit.holder}|{who}", kind, period, 0, sequence),
            plan=plan.plan,
            plan_version=plan.version,
            rule=rule.id,
            kind=rule.kind,
            name=rule.name.by_language(),
            **self.described(who, ordinal),
            period_kind=kind,
            period=period,
            tier=0,
            threshold=holders.get(who, self.bound()),
            pays=prize or "",
            sequence=sequence,
            state=state,
            amount=prize,
            currency=plan.currency,
            evidence=self.seen(who, ordinal),
            cause=decided.cause,
            position=decided.position,
            late=self.units.closed.holds(kind, ordinal) and decided.cause.type != "close",
        )
