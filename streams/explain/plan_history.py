"""By which plan each credit counted, and in which unit it stood, as changes of plan and rebuilds came by. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from schemas.plan import Kpi, Plan
from schemas.plan_moves import Place, place_at
from streams.explain.credits import Close, Credit, days_counted, said_by_who_counts, spans_of
from streams.explain.of_plan import people_of
from streams.performance.calendar import date_of


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan in force from behind ``record`` of a credits partition on; ``id`` of its control record."""

    partition: int
    record: int
    id: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """From ``record`` of a credits partition on, a day's credits of a person count for a KPI as the plan in force there
    has it.
    """

    partition: int
    record: int
    kpi: str
    employee: str
    day: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Behind ``record`` of a partition what stands is what ``plan`` makes of it: it took effect there, or values were
    adjusted (``adjusted``), by a rebuild those of the person too (``rebuilt``).
    """

    record: int
    plan: Plan
    adjusted: bool = False
    rebuilt: bool = False


#: The last record of each credits partition by which changes count; None: all of them do.
Until = Mapping[int, int] | None


class PlanHistory:
    """A KPI counts by the definition of the plan in force, keeps what it has as that changes, and loses it with a plan
    that leaves it out. With nothing known every credit counts by the plan that is asked.

    ``adjusted``: partitions and records of all adjustments that set values, of whomever.
    """

    def __init__(
        self,
        applied: Iterable[Applied] = (),
        rebuilt: Iterable[Rebuilt] = (),
        adjusted: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._plans: dict[int, list[Applied]] = defaultdict(list)
        for one in sorted(applied, key=lambda each: (each.partition, each.record)):
            known = self._plans[one.partition]
            if not known or known[-1].id != one.id:
                known.append(one)
        self._records = {partition: [one.record for one in plans] for partition, plans in self._plans.items()}
        self._rebuilt: dict[tuple[int, str], list[Rebuilt]] = defaultdict(list)
        for one in sorted(rebuilt, key=lambda each: each.record):
            self._rebuilt[one.partition, one.employee].append(one)
        self._adjusted = sorted(set(adjusted))
        self._definitions = cache(self._definitions_of)
        self._moves = cache(self._moves_of)

    @property
    def moves(self) -> bool:
        """Whether a plan said otherwise where people had stood, so that credits count elsewhere than they came."""
        return any(one.plan.organisation.backdated == "move" for plans in self._plans.values() for one in plans[1:])

    @property
    def plans(self) -> list[Plan]:
        """Every plan that is known to have taken effect."""
        return [one.plan for plans in self._plans.values() for one in plans]

    @property
    def partitions(self) -> list[int]:
        """The credits partitions of which it is known, in order; plans take effect in all of them."""
        return sorted(self._plans)

    @property
    def changes(self) -> set[tuple[int, int]]:
        """Partitions and records from which on credits may count otherwise."""
        plans = {(partition, one.record) for partition, known in self._plans.items() for one in known}
        return plans | {(one.partition, one.record) for cells in self._rebuilt.values() for one in cells}

    @property
    def rebuilds(self) -> bool:
        """Whether anything was rebuilt."""
        return bool(self._rebuilt)

    def in_force(self, partition: int, record: int) -> Plan | None:
        """The plan by which a record of a partition counts."""
        at = self._at(partition, record)
        return self._plans[partition][at].plan if at >= 0 else None

    def newest(self, partition: int) -> Plan | None:
        """The last plan that a partition has met."""
        plans = self._plans.get(partition)
        return plans[-1].plan if plans else None

    def replaced(self, plan: Plan) -> bool:
        """Whether another version than ``plan`` came last in any partition."""
        return any(self._plans[partition][-1].plan.version != plan.version for partition in self._plans)

    def turns(self, partition: int, employee: str, until: Until = None) -> list[Turn]:
        """Where anything was decided anew of somebody, in order; none where no plan is known."""
        last = _last(partition, until)
        found = {one.record: Turn(one.record, one.plan) for one in self._plans.get(partition, ())}
        mine = {one.record for one in self._rebuilt.get((partition, employee), ())}
        for record in (record for where, record in self._adjusted if where == partition):
            plan = self.in_force(partition, record)
            if plan is not None:
                found[record] = Turn(record, plan, True, record in mine)
        return [found[record] for record in sorted(found) if record <= last]

    def seen(self, plan: Plan, credits: list[Credit], closes: list[Close], until: Until = None) -> list[Credit]:
        """The credits, each on its day, in its place, and with the definitions that it counts by; ``plan`` dates what
        no plan is known of.
        """
        by_plan: dict[int, tuple[Plan, list[int]]] = {}
        for at, credit in enumerate(credits):
            counts = self.in_force(credit.partition, credit.record) or plan
            by_plan.setdefault(id(counts), (counts, []))[1].append(at)
        found = list(credits)
        for counts, places in by_plan.values():
            for at, day in zip(places, days_counted(counts, [credits[at] for at in places], closes), strict=True):
                credit = credits[at]
                said = not credit.overlay and said_by_who_counts(counts, credit)
                counted = self._as_counted(credit, day, closes, until)
                found[at] = replace(credit, day=day, by_who_counts=said, **counted)
        return found

    def _as_counted(self, credit: Credit, day: int, closes: list[Close], until: Until) -> dict:
        """Place and definitions of a credit that counts on ``day``."""
        partition = credit.partition
        if partition not in self._plans:
            return {}
        last, at = _last(partition, until), self._at(partition, credit.record)
        known = max(bisect_right(self._records[partition], last), at + 1)
        kpis, rebuilt = self._definitions(partition, at, known), frozenset()
        for one in self._rebuilt.get((partition, credit.employee), ()):
            if one.day == day and credit.record < one.record <= last:
                anew = self._definitions(partition, self._at(partition, one.record + 1), known).get(one.kpi)
                kpis = kpis if anew is None else {**kpis, one.kpi: anew}
                rebuilt |= {one.kpi}
        team, department = credit.team, credit.department
        for number in range(max(at, 0) + 1, known):
            team, department = self._moved(credit, day, number, (team, department), closes)
        carries = any(one.plan.organisation.backdated == "move" for one in self._plans[partition][:known])
        return {"kpis": kpis, "team": team, "department": department, "carries": carries, "rebuilt": rebuilt}

    def _at(self, partition: int, record: int) -> int:
        return bisect_left(self._records.get(partition, ()), record) - 1

    def _definitions_of(self, partition: int, at: int, known: int) -> dict[str, Kpi]:
        """Those of a plan that all plans since then, up to so many, have kept."""
        if at < 0:
            return {}
        first, *later = (one.plan for one in self._plans[partition][at:known])
        kept = [{kpi.id for kpi in plan.kpis} for plan in later]
        return {kpi.id: kpi for kpi in first.kpis if all(kpi.id in ids for ids in kept)}

    def _moved(
        self, credit: Credit, day: int, number: int, place: tuple[str, str], closes: list[Close]
    ) -> tuple[str, str]:
        """Where it stands after a change of plan: elsewhere only if it stood where the plan before had the person."""
        partition, one = credit.partition, self._plans[credit.partition][number]
        if one.plan.organisation.backdated != "move":
            return place
        places = self._moves(partition, number).get(credit.employee)
        if places is None or (one.plan.late == "process_date" and _is_closed(one, day, closes)):
            return place
        stood, stands = (place_at(found, date_of(day)) for found in places)
        return (stands.team, stands.department) if place == (stood.team, stood.department) else place

    def _moves_of(self, partition: int, number: int) -> dict[str, tuple[list[Place], list[Place]]]:
        """Of whom the plan says otherwise where they stood: their places by the plan before, and by this one."""
        before, after = (one.plan for one in self._plans[partition][number - 1 : number + 1])
        old = people_of(before)
        return {who: (old[who], places) for who, places in people_of(after).items() if who in old}


def _last(partition: int, until: Until) -> int:
    return 2**63 if until is None else until.get(partition, -1)


def _is_closed(one: Applied, day: int, closes: list[Close]) -> bool:
    """Whether a day was settled by the time the plan took effect."""
    before = [close for close in closes if close.partition == one.partition and close.record < one.record]
    return any(first <= day <= last for _, first, last in spans_of(one.plan, before))
