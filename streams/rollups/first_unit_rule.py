"""First to reach among teams or departments: places as for people, by the values and targets of the units."""

from __future__ import annotations

from schemas.money import to_fixed
from streams.rollups.books import Books, Touched
from streams.rollups.decided import Decided, Line
from streams.rollups.first_rule import FirstRule
from streams.rollups.paid import shared_out
from streams.rollups.places import Place
from streams.rollups.unit_rule import periods_of
from streams.rollups.units import Unit, Units


class FirstUnitRule(FirstRule):
    """Whoever has a place is named as states name a unit: ``team:north``."""

    def __init__(self, rule, units: Units, books: Books) -> None:
        super().__init__(rule, units, books)
        self.kpis = units.kpis

    def _member_kpis(self) -> tuple[str, ...]:
        return ()

    def periods(self, touched: Touched) -> list[tuple[Unit, int]]:
        """As PeopleRule."""
        kept = super().periods(Touched({}, tuple, touched.anew))
        moved = periods_of(self.rule, self.units, touched.units, self.rule.kpi_ids())
        return sorted({*kept, *((self._around(unit), ordinal) for unit, ordinal in moved)})

    def _around(self, contender: Unit) -> Unit:
        within = self.rule.unit
        return self.units.unit(("", within, contender.department if within == "department" else ""))

    def gone(self, who: str) -> bool:
        """As PeopleRule; people have places of a plan before."""
        return ":" not in who or not self.units.in_plan(self.units.held_by(who))

    def members(self, unit: Unit, ordinal: int) -> list[str]:
        """As PeopleRule: the units that race within ``unit``."""
        if unit.kind != self.rule.unit:
            return []
        return [one.holder for one in self.units.all_of(self.rule.contenders) if self._around(one) == unit]

    def measured(self, kpi: str, people: list[str], ordinal: int) -> list[tuple[int, int, int]]:
        """As PeopleRule."""
        held = map(self.units.held_by, people)
        return [self.units.measured(self.units.key(kpi, one), self.rule.period, ordinal) for one in held]

    def described(self, who: str, ordinal: int) -> dict:
        """As PeopleRule."""
        holder = self.units.held_by(who)
        place = {"employee": "", "employee_name": holder.name, "team": holder.team, "department": holder.department}
        place |= {"team_name": self.units.name("team", holder.team)}
        unit_name = self.units.name(holder.kind, holder.id)
        return place | {"unit_kind": holder.kind, "unit": holder.id, "unit_name": unit_name}

    def give_prizes(
        self, unit: Unit, ordinal: int, row: dict[str, Place], awards: dict[str, str], decided: Decided
    ) -> None:
        """As PeopleRule: to the unit itself, or to its members in equal parts."""
        rule = self.rule
        period = self.units.period_text(rule.period, ordinal)
        prize = to_fixed(rule.prize) if rule.prize is not None else 0
        for who in sorted(row):
            if self.gone(who):
                continue  # it keeps what it has
            holder = self.units.held_by(who)
            # a place within the department that it was in before is paid beside one where it races now
            places, due = {"": (holder.team, holder.department)}, {"": prize * self.places.held(rule.id, period, who)}
            if rule.share == "equal":
                members = self.units.members(holder, rule.roles, rule.period, ordinal)
                places |= {one: (place.team, place.department) for one, place in members.items()}
                due = shared_out(due[""], dict.fromkeys(members, 1), self.step)
            for payee, amount in self.paid.change(rule.id, who, period, due):
                team, department = places.get(payee, places[""])
                reason = "award" if amount > 0 else "revocation"
                decided.lines.append(
                    Line(rule.id, payee, team, department, rule.period, period, amount, 0, 0, reason,
                         awards.get(who, ""), self.units.posted_in(rule.period, ordinal), decided.cause)
                )  # fmt: skip
