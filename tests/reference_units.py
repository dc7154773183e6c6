"""The naive reference for awards of units: after each event everything is worked out again from all credits so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from schemas.identity import award_id
from schemas.money import SCALE, minor_step, round_half_up, to_fixed
from schemas.plan import Kpi, Plan
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_lookup import period_kind_of
from schemas.plan_managers import rolled_up_kpis
from schemas.plan_units import of_units
from tests.reference import ROLLING, _money
from tests.reference_closes import Closing
from tests.reference_credits import Credit, credit
from tests.reference_customers import CustomerLimits, by_those_who_count
from tests.reference_people import PEOPLE, contenders
from tests.reference_scorecards import SCORE, unit_score
from tests.reference_targets import DAYS, countable
from tests.reference_values import in_part, left


def manager_on(unit, day: date) -> str | None:
    """Who leads a unit on a day."""
    manager = unit.manager
    for change in unit.handovers:
        if change.date <= day:
            manager = change.manager
    return manager


def _event(one: Credit) -> tuple[str, str]:
    return one.event["source"], one.event["id"]


def _adds(kpi: Kpi, one: Credit) -> bool:
    """Whether a credit leaves a trace in the KPI's numbers: a ratio of sums has none of a 0."""
    parts = [part for part in (kpi.numerator, kpi.denominator) if part and in_part(kpi, part, one)]
    return kpi.aggregate != "ratio" or any(part.field is None or one.fields.get(part.field) for part in parts)


class UnitReference(Closing):
    """Awards and lines of units, in ``awards`` and ``lines``, as an update after each event finds them."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.counted: list[Credit] = []  # the credits that count for units
        self.personal: list[Credit] = []  # those that count for people
        self.steps, self.closing = 0, False  # events so far; whether a close is what decides
        self.queues: dict[tuple, dict[str, int]] = {}  # who has reached it first, and after which event
        self.awards: list[tuple] = []
        self.lines: list[tuple] = []
        self.sequence: dict[tuple, int] = {}
        self.active: set[tuple] = set()
        self.highest: dict[tuple, int] = {}
        self.paid: dict[tuple, int] = {}
        self.department_of = {team.id: one.id for one in plan.organisation.departments for team in one.teams}
        self.units = {
            "team": sorted(self.department_of),
            "department": sorted(one.id for one in plan.organisation.departments),
            "company": [plan.organisation.company],
            "manager": sorted(
                one.id for dep in plan.organisation.departments for team in dep.teams for one in team.employees
            ),
        }

    def run(self, events: list[dict]) -> None:
        """Decide after each event; ``{"control": "close", "period": KEY}`` among them closes a period."""
        limits = CustomerLimits(self)
        whole = credit(self.plan, [event for event in events if "control" not in event])
        for event in events:
            if "control" in event:
                self.close(event["period"])
                continue
            new = whole.credits[whole.so_far[self.steps] : whole.so_far[self.steps + 1]]
            self.personal += [one for one in map(self.dated, new) if limits.admits(one)]
            self.counted = by_those_who_count([one for one in self.personal if not one.overlay])
            self.steps += 1
            self.settle(self.counted)

    def close(self, period: str) -> None:
        """What stands in the period is final."""
        if not self.shut(period):
            return
        self.closing = True
        for rule in filter(of_units, self.plan.awards):
            if (rule.period, rule.settle) == (period_kind_of(self.plan, period), "period_end") and rule.kind in PEOPLE:
                for unit in self.units[rule.unit]:
                    PEOPLE[rule.kind](self, rule, unit, period)
                continue
            kind = "tier" if isinstance(rule, TierAward) else "bonus"
            if (rule.period, rule.settle) == (period_kind_of(self.plan, period), "period_end"):
                for key in sorted(self.active):
                    if (key[0], key[2]) == (rule.id, period):
                        self._award(rule, kind, key, "final")
        self.closing = False

    def settle(self, credits: list[Credit]) -> None:
        """Decide every unit's every period."""
        for rule in filter(of_units, self.plan.awards):
            for unit in self.units[rule.unit]:
                if rule.kind in PEOPLE:
                    self._compare(rule, unit)
                    continue
                mine, kpis = self.credits_of(rule.unit, unit, credits), self._behind(rule.kpi_ids())
                mine = [one for one in mine if any(self.counts(kpi, one) for kpi in kpis)]
                for period in self._periods(rule.period, mine):
                    self._settle(rule, unit, period, mine)

    def _compare(self, rule, unit: str) -> None:
        """Decide the periods that something which the rule looks at moved in, of a member or of the unit."""
        if getattr(rule, "contenders", "person") != "person":
            self._race(rule, unit)
            return
        kind, named = rule.period, rule.member_kpis() if rule.kind == "pool" else rule.kpi_ids()
        moving = [one for one in self.personal if any(self._moves(kpi, one) for kpi in self._behind(named))]
        found = {
            period for one in moving if (period := self.period(kind, self.day(one.time))) is not None
            and (rule.unit == "company" or getattr(self.standing(one.employee, kind, period), rule.unit) == unit)
        }  # fmt: skip
        if rule.kind == "pool" and rule.kpi is not None:
            mine = self.credits_of(rule.unit, unit, self.counted)
            found |= set(self._periods(kind, [one for one in mine if self._moves(self.kpis[rule.kpi], one)]))
        for period in sorted(found, key=lambda key: self._first_day(kind, key)):
            if rule.settle != "period_end" or (kind, period) in self.closed:
                PEOPLE[rule.kind](self, rule, unit, period)

    def _race(self, rule, unit: str) -> None:
        found = set()
        for one in contenders(self, rule, unit, ""):
            mine = self.credits_of(rule.contenders, one, self.counted)
            moving = [each for each in mine if any(self._moves(kpi, each) for kpi in self._behind(rule.kpi_ids()))]
            found |= set(self._periods(rule.period, moving))
        for period in sorted(found, key=lambda key: self._first_day(rule.period, key)):
            PEOPLE[rule.kind](self, rule, unit, period)

    def adds(self, kpi: Kpi, one: Credit) -> bool:
        """Whether a credit leaves a trace in the KPI's numbers."""
        return _adds(kpi, one)

    def _moves(self, kpi: Kpi, one: Credit) -> bool:
        return self.counts(kpi, one) and _adds(kpi, one)

    def _first_day(self, kind: str, period: str) -> date:
        return next(day for day in DAYS if self.period(kind, day) == period)

    def traces(self, kpis: tuple[str, ...], who: str, kind: str, period: str) -> Iterator[bool]:
        """Of each credit of somebody in the period: whether it moved one of the KPIs."""
        for one in self.personal:
            if one.employee == who and self.period(kind, self.day(one.time)) == period:
                yield any(self._moves(kpi, one) for kpi in self._behind(kpis))

    def unit_value(self, kpi: str, rule, unit: str, period: str) -> tuple:
        """A unit's value and target, and the events behind the value."""
        mine = self.credits_of(rule.unit, unit, self.counted)
        value, sample, _ = self._measured(kpi, rule, unit, period, mine)
        return value, self.unit_target(kpi, rule.unit, unit, rule.period, period), sample

    def credits_of(self, kind: str, unit: str, credits: list[Credit]) -> list[Credit]:
        """What counts for a unit; for a manager whatever happened where he led that day, each event once: with its
        first credit there that counts.
        """
        if kind != "manager":
            return [one for one in credits if kind == "company" or getattr(one, kind) == unit]
        mine = [one for one in credits if unit in self._leaders(one)]
        events = [_event(one) for one in mine]
        first = [event not in events[:at] for at, event in enumerate(events)]
        moves, before = self._sales_moved(mine, events), self._firsts_before(mine, events)
        return [
            replace(
                one,
                first_in=one.first_in | ({"manager"} if once else set()),
                moved_in=one.moved_in | ({"manager"} if at in moves else set()),
                first_before=one.first_before | ({"manager"} if at in before else set()),
            )
            for at, (one, once) in enumerate(zip(mine, first, strict=True))
        ]

    def _sales_moved(self, mine: list[Credit], events: list[tuple]) -> list[int]:
        """The credits by which a sale comes to all that somebody leads, or leaves it."""
        found = []
        for event in dict.fromkeys(events):
            told = [(at, mine[at].moved) for at, each in enumerate(events) if each == event and not mine[at].overlay]
            if not any(moved is None for _, moved in told):
                had, has = any(moved <= 0 for _, moved in told), any(moved >= 0 for _, moved in told)
                found += [at for at, moved in told if moved][:1] if had != has else []
        return found

    def _firsts_before(self, mine: list[Credit], events: list[tuple]) -> list[int]:
        """Of each correction the credit of him who came first of all who had the sale before it."""
        found = []
        for event in dict.fromkeys(events):
            told = [(mine[at].held, at) for at, each in enumerate(events) if each == event]
            found += [at for _, at in sorted(one for one in told if one[0] is not None)[:1]]
        return found

    def _leaders(self, one: Credit) -> set[str | None]:
        """Who leads the team, the department, the company of a credit on its day."""
        organisation = self.plan.organisation
        around = [unit for unit in self._leading_units() if getattr(unit, "id", "") in (one.team, one.department)]
        return {manager_on(unit, self.day(one.time)) for unit in (*around, organisation)}

    def manager_values(self, credits: list[Credit]) -> dict[tuple, Fraction]:
        """Every month's value of every KPI that is rolled up to managers, by KPI, manager and month."""
        found = {}
        for manager in self.units["manager"]:
            mine = self.credits_of("manager", manager, credits)
            for kpi in (self.kpis[id] for id in sorted(rolled_up_kpis(self.plan))):
                counting = [one for one in mine if self.counts(kpi, one)]
                for month in self._periods("month", counting):
                    inside = [one for one in counting if self.period("month", self.day(one.time)) == month]
                    found[kpi.id, manager, month] = self.value(kpi, inside, "manager")[0]
        return {key: value for key, value in found.items() if value is not None}

    def scores(self, credits: list[Credit]) -> dict[tuple, Fraction]:
        """The score of every unit that has one, by scorecard, kind of unit, unit and period."""
        found = {}
        for card in self.plan.scorecards:
            for kind in card.units:
                for unit in self.units[kind]:
                    mine = self.credits_of(kind, unit, credits)
                    for period in self._periods(card.period, mine):
                        value, _ = unit_score(self, card, kind, unit, period, mine)
                        if value is not None:
                            found[card.id, kind, unit, period] = value
        return found

    def _behind(self, ids: tuple[str, ...]) -> list[Kpi]:
        """The KPIs of ``ids``, and those of its scorecards."""
        parts = [part.kpi for id in ids if id in self.cards for part in self.cards[id].kpis]
        return [self.kpis[id] for id in (*ids, *parts) if id in self.kpis]

    def _periods(self, kind: str, credits: list[Credit]) -> list[str]:
        if kind.startswith("rolling_"):
            return [ROLLING] if credits else []
        found = {self.period(kind, self.day(one.time)) for one in credits} - {None}
        return sorted(found)

    def _measured(
        self, kpi: str, rule, unit: str, period: str, credits: list[Credit]
    ) -> tuple[Fraction | None, int, list]:
        if kpi in self.cards:
            value, sample = unit_score(self, self.cards[kpi], rule.unit, unit, period, credits)
            return value, sample, [] if value is None else credits
        mine = [one for one in credits if self.counts(self.kpis[kpi], one)]
        latest = self._latest(self.kpis[kpi], mine)
        inside = [one for one in mine if self.within(rule.period, period, self.day(one.time), latest)]
        value, sample = self.value(self.kpis[kpi], inside, rule.unit)
        return value, sample, inside

    def _latest(self, kpi: Kpi, credits: list[Credit]) -> date:
        """Where a window ends: on the last day of which anybody has anything left, past all credits without any."""
        cells: dict[tuple, list[Credit]] = {}
        for one in credits:
            cells.setdefault((self.day(one.time), one.employee, one.team), []).append(one)
        kept = (day for (day, *_), cell in cells.items() if kpi.aggregate != "ratio" or left(kpi, cell))
        return max(kept, default=date.max)

    def unit_target(self, kpi: str, kind: str, unit: str, period_kind: str, period: str) -> Fraction | None:
        """By the unit's own name, by its department or the manager's role, for all; then by ``at``. Worked out once."""
        asked = (kpi, kind, unit, period_kind, period)
        if asked not in self.known_targets:
            self.known_targets[asked] = self._unit_target(*asked)
        return self.known_targets[asked]

    def _unit_target(self, kpi: str, kind: str, unit: str, period_kind: str, period: str) -> Fraction | None:
        manager, role = (unit, self.standing(unit, period_kind, period).role) if kind == "manager" else (None, None)
        department = {"team": self.department_of.get(unit), "department": unit}.get(kind)
        team = unit if kind == "team" else None
        best = None
        for target in self.targets:
            applies = (
                (target.kpi, target.unit, target.period) == (kpi, kind, period_kind)
                and target.employee in (None, manager)
                and target.role in (None, role)
                and target.team in (None, team)
                and target.department in (None, department)
                and target.at in (None, period)
            )
            rank = [getattr(target, name) is not None for name in ("employee", "role", "team", "department", "at")]
            if applies and (best is None or rank > best[0]):
                best = rank, target
        if best is None:
            return None
        return Fraction(best[1].value) if best[1].prorate == "none" else self._led_part(best[1], unit, period)

    def _led_part(self, target, manager: str, period: str) -> Fraction:
        """The target reduced to the days on which the manager leads something."""
        days = self.days_in(target.period, period)
        days = [day for day in days if countable(self.plan, target, day)] or days
        led = sum(any(manager_on(unit, day) == manager for unit in self._leading_units()) for day in days)
        return Fraction(round_half_up(to_fixed(target.value) * Fraction(led, len(days)), 1), SCALE)

    def _leading_units(self) -> list:
        organisation = self.plan.organisation
        teams = [team for department in organisation.departments for team in department.teams]
        return [organisation, *organisation.departments, *teams]

    def _settle(self, rule, unit: str, period: str, credits: list[Credit]) -> None:
        led = rule.unit == "manager"
        if led and rule.roles and self.standing(unit, rule.period, period).role not in rule.roles:
            return
        decide = self._tiers if isinstance(rule, TierAward) else self._threshold
        earned = decide(rule, unit, period, credits)
        if earned is None:
            return
        _, _, inside = self._measured(rule.kpi_ids()[0], rule, unit, period, credits)
        due = {unit if led else "": earned}
        if rule.share != "unit":
            due = self._shared(rule, unit, period, earned, inside)
        self.pay(rule, unit, period, due)

    def pay(self, rule, unit: str, period: str, due: dict[str, int]) -> None:
        """A line for every difference to what was paid."""
        for payee in sorted({payee for *key, payee in self.paid if key == [rule.id, unit, period]} | due.keys()):
            key = (rule.id, unit, period, payee)
            change = due.get(payee, 0) - self.paid.get(key, 0)
            if change:
                self.paid[key] = due.get(payee, 0)
                posted_in = period if self.closing else self.open_period(rule.period, period)
                self.lines.append((rule.id, payee, rule.period, period, posted_in, change))

    def _shared(self, rule, unit: str, period: str, earned: int, inside: list[Credit]) -> dict[str, int]:
        listed = [one.id for dep in self.plan.organisation.departments for team in dep.teams for one in team.employees]
        places = {one: self.standing(one, rule.period, period) for one in listed}
        members = [
            one
            for one, place in places.items()
            if (rule.unit == "company" or getattr(place, rule.unit) == unit)
            and (not rule.roles or place.role in rule.roles)
        ]
        weights = dict.fromkeys(members, Fraction(1))
        for member in members if rule.share == "by_value" else ():
            value, _ = self.value(self.kpis[rule.kpi_ids()[0]], [one for one in inside if one.employee == member])
            weights[member] = max(value or Fraction(0), Fraction(0))
        return self.parted(earned, weights)

    def parted(self, earned: int, weights: dict[str, Fraction]) -> dict[str, int]:
        """By the largest remainder; ties in the order of the payees."""
        members = list(weights)
        if members and not sum(weights.values()):
            weights = dict.fromkeys(members, Fraction(1))
        step = minor_step(self.plan.currency)
        exact = {one: Fraction(earned, step) * weight / sum(weights.values()) for one, weight in weights.items()}
        parts = {one: int(part) for one, part in exact.items()}
        left = earned // step - sum(parts.values())
        order = sorted(members, key=lambda one: (parts[one] - exact[one], members.index(one)))
        for one in order[:left]:
            parts[one] += 1
        return {one: part * step for one, part in parts.items()}

    def _tiers(self, rule: TierAward, unit: str, period: str, credits: list[Credit]) -> int | None:
        kpi = self.kpis.get(rule.kpi, SCORE)
        value, sample, _ = self._measured(rule.kpi, rule, unit, period, credits)
        target = self.unit_target(rule.kpi, rule.unit, unit, rule.period, period)
        level = sum(sample >= rule.min_sample and self.reached(kpi, tier, value, target) for tier in rule.tiers)
        key = (rule.id, unit, period)
        self.highest[key] = max(level, self.highest.get(key, 0))
        bounds = [tier.attainment if tier.attainment is not None else tier.value for tier in rule.tiers]
        reached = [number < level and bound != 0 for number, bound in enumerate(bounds)]
        self._change(rule, "tier", unit, period, reached)
        if rule.pays == "nothing":
            return 0
        if rule.settle == "sticky" and rule.pays in ("slab", "flat"):
            level = self.highest[key]
        money = _money(rule, level, value or Fraction(0), target) if level else Fraction(0)
        return round_half_up(money * SCALE, minor_step(self.plan.currency))

    def _threshold(self, rule: ThresholdAward, unit: str, period: str, credits: list[Credit]) -> int:
        held, anything = [], False
        for condition in rule.all or rule.any:
            kpi = self.kpis.get(condition.kpi, SCORE)
            value, sample, inside = self._measured(condition.kpi, rule, unit, period, credits)
            anything = anything or any(_adds(kpi, one) for one in inside)
            if value is None and kpi.aggregate in ("sum", "count", "distinct"):
                value = Fraction(0)
            target = self.unit_target(condition.kpi, rule.unit, unit, rule.period, period)
            held.append(sample >= condition.min_sample and self.reached(kpi, condition, value, target))
        met = anything and (all(held) if rule.all else any(held))
        self._change(rule, "bonus", unit, period, [met])
        return to_fixed(rule.bonus or Decimal(0)) if (rule.id, unit, period, 0) in self.active else 0

    def _change(self, rule, kind: str, unit: str, period: str, reached: list[bool]) -> None:
        for tier, now in enumerate(reached):
            key = (rule.id, unit, period, tier)
            if now and key not in self.active and (rule.rearm or key not in self.sequence):
                self.active.add(key)
                self.sequence[key] = self.sequence.get(key, 0) + 1
                waits = rule.settle == "period_end" and (rule.period, period) not in self.closed
                self._award(rule, kind, key, "provisional" if waits else "final")
        for tier in reversed(range(len(reached))):
            key = (rule.id, unit, period, tier)
            if not reached[tier] and key in self.active and rule.settle != "sticky":
                self.active.discard(key)
                self._award(rule, kind, key, "revoked")

    def _award(self, rule, kind: str, key: tuple, state: str) -> None:
        _, unit, period, tier = key
        sequence = self.sequence[key]
        id_ = award_id(self.plan.plan, rule.id, f"{rule.unit}:{unit}", rule.period, period, tier, sequence)
        late = (rule.period, period) in self.closed and not self.closing
        person = unit if rule.unit == "manager" else ""
        self.awards.append((id_, rule.id, kind, rule.unit, unit, period, tier, sequence, state, late, person))
