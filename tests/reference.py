"""The naive reference engine: every rule in a few obvious lines, everything recomputed after each credit.

Slow on purpose. It shares with the engine only the plan's models, the payload models and schemas/money.py;
days, periods, targets, values, levels and money are worked out a second time, with Fraction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from schemas.identity import award_id
from schemas.money import SCALE, minor_step, round_half_up, to_fixed
from schemas.plan import Kpi, Plan
from schemas.plan_awards import Condition, ThresholdAward, TierAward
from schemas.plan_goals import targets_of
from schemas.plan_lookup import period_kind_of
from schemas.plan_units import of_units
from tests.reference_best import personal_best
from tests.reference_closes import Closing
from tests.reference_credits import FOLLOWING, Credit, Crediting, credit
from tests.reference_customers import CustomerLimits, by_those_who_count
from tests.reference_nudge import eased, forecast_nudge, nudge
from tests.reference_scorecards import SCORE, score
from tests.reference_spiff import spiff
from tests.reference_streak import streak
from tests.reference_training import shows_day, training
from tests.reference_values import something

ROLLING = "rolling"
#: A credit may decide them in other periods than its own, and they ask for the role there.
_OF_SEVERAL_PERIODS = ("streak", "personal_best")


@dataclass
class Outcome:
    """Everything that a history leads to, in the shape that ``kpistream backtest`` prints."""

    crediting: Crediting
    awards: list[dict] = field(default_factory=list)
    earnings: list[dict] = field(default_factory=list)
    kpis: list[dict] = field(default_factory=list)
    units: list[dict] = field(default_factory=list)

    def outcomes(self) -> dict[str, int]:
        """Events by what became of them."""
        counts = Counter(self.crediting.outcomes.values())
        return {name: counts[name] for name in ("applied", "duplicate", "dead_lettered", "parked")}

    def total(self, rule: str, employee: str) -> Decimal:
        """Sum of an employee's earning lines under a rule."""
        lines = (line for line in self.earnings if (line["rule"], line["employee"]) == (rule, employee))
        return sum((Decimal(line["amount"]) for line in lines), Decimal(0))


def run(plan: Plan, events: list[dict]) -> Outcome:
    """The outcome of ``events`` (CloudEvents as dictionaries, valid, in log order) under ``plan``.

    ``{"control": "close", "period": KEY}`` among them closes a period.
    """
    reference = Reference(plan)
    business = [event for event in events if "control" not in event]
    outcome = Outcome(credit(plan, business))
    given, limits, seen = [], CustomerLimits(reference), 0
    closes = [place for place, event in enumerate(events) if "control" in event]
    for place in [*closes, len(events)]:
        before = [event for event in events[:place] if "control" not in event]
        so_far = outcome.crediting.so_far[len(before)]
        for one in outcome.crediting.credits[seen:so_far]:
            dated = reference.dated(one)
            counts = limits.admits(dated)
            given += [dated] * counts
            reference.after(dated, given, outcome, counts)
        seen = so_far
        if place < len(events):
            reference.close(events[place]["period"], outcome)
    # what comes to a person comes as it is told, to a unit by those who count
    outcome.kpis, outcome.units = reference.values(given)[0], reference.values(by_those_who_count(given))[1]
    return outcome


class Reference(Closing):
    """Awards and money need history (what was awarded, what was paid); nothing else is remembered."""

    def __init__(self, plan: Plan):
        super().__init__(plan)
        self.sequence: dict[tuple, int] = {}  # (rule, employee, period, tier): awards so far
        self.active: set[tuple] = set()
        self.highest: dict[tuple, int] = {}  # (rule, employee, period): level
        self.paid: dict[tuple, tuple[int, int]] = {}  # and what was withheld
        self.mine: list[Credit] = []  # of the employee who was just credited
        self.memory: dict[tuple, object] = {}  # what kinds of awards remember for themselves
        self.sales: dict[tuple, list[Fraction | int]] = {}  # (rule, employee, sale): paid, credited, refunded, taken
        self.gave_back: dict[tuple, list | None] = {}  # (rule, employee, sale, correction): what an overlay of it had

    # Closed periods

    def close(self, period: str, outcome: Outcome) -> None:
        """Nothing in the period is provisional any more."""
        if not self.shut(period):
            return
        kind = period_kind_of(self.plan, period)
        cause = {"source": "plan", "id": f"close:{self.plan.plan}:{kind}:{period}", "type": "close", "time": 0}
        for rule in self.plan.awards:
            if (rule.period, rule.settle) != (kind, "period_end"):
                continue
            for id_, employee, within, tier in sorted(self.active):
                if (id_, within) == (rule.id, period):
                    name = "tier"
                    if rule.kind != "tiers":
                        parts = ["bonus"] * (rule.bonus is not None) + ["promotion"] * rule.promotion
                        name = "+".join([rule.kind] * (rule.kind in _OF_SEVERAL_PERIODS) + parts)
                    one = Credit(cause, 0, employee, "", "", {}, set())
                    self._award(rule, name, one, period, tier, "final", outcome)

    # Awards and money, after each credit

    def after(self, one: Credit, credits: list[Credit], outcome: Outcome, counts: bool = True) -> None:
        """Decide every award of the plan for the employee who was just credited; by what only shows a day the few
        that wait for days.
        """
        shows_day(self, one)
        self.mine = mine = [each for each in credits if each.employee == one.employee]
        for rule in self.plan.awards:
            if of_units(rule):
                continue  # tests/reference_units.py
            if rule.kind == "training":
                training(self, rule, one, credits, outcome)
            if rule.kind == "nudge" and rule.by == "forecast":
                forecast_nudge(self, rule, one, credits, outcome)
                continue
            if rule.kind == "spiff" and counts:
                spiff(self, rule, one, outcome)
            if rule.kind not in DECIDE or not counts:
                continue
            if not any(self.counts(self.kpis[kpi], one) for kpi in self._moved_by(rule)):
                continue
            rolling = rule.period.startswith("rolling_")
            period = ROLLING if rolling else self.period(rule.period, self.day(one.time))
            if period is None:
                continue
            role = self.standing(one.employee, rule.period, period).role
            if rule.roles and role not in rule.roles and rule.kind not in _OF_SEVERAL_PERIODS:
                continue
            inside = {kpi: self._inside(self.kpis[kpi], rule.period, period, mine) for kpi in self._moved_by(rule)}
            inside |= dict.fromkeys(self.cards, mine)
            DECIDE[rule.kind](self, rule, one, period, inside, outcome)

    def _moved_by(self, rule) -> list[str]:
        """The KPIs that a rule looks at, be it through a scorecard."""
        return [
            kpi
            for id in rule.kpi_ids()
            for kpi in ([part.kpi for part in self.cards[id].kpis] if id in self.cards else [id])
        ]

    def _inside(self, kpi: Kpi, kind: str, period: str, mine: list[Credit]) -> list[Credit]:
        """What counts for a KPI in the period; a rolling window ends on the latest day that has something for it."""
        mine = [each for each in mine if self.counts(kpi, each)]
        latest = max((self.day(each.time) for each in mine), default=None)
        return [each for each in mine if self.within(kind, period, self.day(each.time), latest)]

    def _tiers(
        self, rule: TierAward, one: Credit, period: str, inside: dict[str, list[Credit]], outcome: Outcome
    ) -> None:
        kpi, value, sample, target = self.standing_of(rule.kpi, rule.period, one.employee, period, inside)
        enough = sample >= rule.min_sample
        level = sum(enough and self.reached(kpi, tier, value, target) for tier in rule.tiers)
        key = (rule.id, one.employee, period)
        self.highest[key] = max(level, self.highest.get(key, 0))
        announced = [
            tier.attainment != 0 if tier.attainment is not None else tier.value != 0 for tier in rule.tiers
        ]
        self._change(
            rule,
            "tier",
            one,
            period,
            [number < level and announced[number] for number in range(len(announced))],
            outcome,
            rule.margin is not None
            and [enough and self.reached(kpi, eased(kpi, tier, rule.margin), value, target) for tier in rule.tiers],
        )
        if rule.pays == "nothing":
            return
        if rule.settle == "sticky" and rule.pays in ("slab", "flat"):
            level = self.highest[key]
        money = Fraction(0)
        if level:
            money = _money(rule, level, value or Fraction(0), target)
        earned, withheld = self._limited(
            rule, round_half_up(money * SCALE, minor_step(self.plan.currency)), enough, value, target
        )
        before = self.paid.get(key, (0, 0))
        change = earned - before[0]
        if rule.clawback == "as_paid":
            without, _ = self.value(kpi, [each for each in inside[kpi.id] if each is not one])
            change = self._as_paid(rule, one, change, (value or Fraction(0)) - (without or Fraction(0)))
        self._line(rule, one, period, change, "credit", outcome, withheld - before[1])
        self.paid[key] = earned, withheld

    def standing_of(self, id: str, kind: str, employee: str, period: str, inside: dict) -> tuple:
        """A KPI, or a score seen as one, its value, its sample and its target."""
        if id in self.cards:
            return SCORE, *score(self, self.cards[id], employee, period, inside[id]), None
        kpi = self.kpis[id]
        return kpi, *self.value(kpi, inside[id]), self.target(id, employee, kind, period)

    def _as_paid(self, rule: TierAward, one: Credit, change: int, credited: Fraction) -> int:
        """A sale keeps its own line, be it that it comes from somebody else; a refund takes back its share of it."""
        data, source = one.fields, one.event["source"]
        if one.event["type"] not in FOLLOWING:
            self.sales[rule.id, one.employee, source, one.event["id"]] = [change, credited, 0, 0]
            return change
        sale = rule.id, one.employee, data.get("sale_source") or source, data["sale_id"]
        came = *sale, one.event["id"]
        if one.moved == 1:
            self.gave_back[came] = self.sales.get(sale)
            self.sales[sale] = [change, credited, 0, 0]
        if one.moved == -1 and came in self.gave_back:  # an overlay of the sale who shares it now
            known = self.gave_back[came]
            return change if known is None else known[3] - known[0]
        known = self.sales.get(sale)
        if known is None or one.moved == 1:
            return change
        known[2] -= credited
        before, known[3] = known[3], 0
        if known[1]:
            known[3] = round_half_up(Fraction(known[0]) * known[2] / known[1], minor_step(self.plan.currency))
        return before - known[3]

    def _limited(
        self, rule: TierAward, money: int, enough: bool, value: Fraction | None, target: Fraction | None
    ) -> tuple[int, int]:
        """What is paid and what the cap withholds: the hurdle first, then the floor, then the cap."""
        kpi = self.kpis.get(rule.kpi, SCORE)
        over = rule.hurdle is None or (enough and self.reached(kpi, rule.hurdle, value, target))
        money = money if over else 0
        if rule.floor is not None and over and (money > 0 or rule.hurdle is not None):
            money = max(money, to_fixed(rule.floor))
        cap = money if rule.cap is None else min(money, to_fixed(rule.cap))
        return cap, money - cap

    def _threshold(
        self, rule: ThresholdAward, one: Credit, period: str, inside: dict[str, list[Credit]], outcome: Outcome
    ) -> None:
        def holds(condition: Condition, margin: Decimal = Decimal(0)) -> bool:
            if condition.kpi in self.cards:
                found, sample = score(self, self.cards[condition.kpi], one.employee, period, inside[condition.kpi])
                bound = Fraction(condition.value) - abs(Fraction(condition.value)) * Fraction(margin)
                return found is not None and sample >= condition.min_sample and found >= bound
            kpi = self.kpis[condition.kpi]
            value, sample = self.value(kpi, inside[kpi.id])
            if value is None and kpi.aggregate in ("sum", "count", "distinct"):
                value = Fraction(0)  # nothing came: no complaints are 0 complaints
            target = self.target(condition.kpi, one.employee, rule.period, period)
            return sample >= condition.min_sample and self.reached(kpi, eased(kpi, condition, margin), value, target)

        def met(margin: Decimal = Decimal(0)) -> bool:
            held = [holds(condition, margin) for condition in rule.all or rule.any]
            return begun() and (all(held) if rule.all else any(held))

        def begun() -> bool:
            asked = {condition.kpi for condition in rule.all or rule.any}
            scores = [
                score(self, self.cards[id], one.employee, period, inside[id])[0] for id in asked & self.cards.keys()
            ]
            return any(found is not None for found in scores) or any(
                something(self, self.kpis[id], inside[id]) for id in asked - self.cards.keys()
            )

        kind = "+".join(["bonus"] * (rule.bonus is not None) + ["promotion"] * rule.promotion)
        bonus = to_fixed(rule.bonus or 0)
        lost_at = rule.margin is not None and [met(rule.margin)]
        for granted in self._change(rule, kind, one, period, [met()], outcome, lost_at):
            self._line(
                rule, one, period, bonus if granted else -bonus, "award" if granted else "revocation", outcome
            )

    def _change(
        self, rule, kind: str, one: Credit, period: str, reached: list[bool], outcome: Outcome, held=None
    ) -> list[bool]:
        """Award what is newly reached, lowest first; revoke what is lost, highest first; True per award.

        ``held`` says of each tier whether it stays if it stands, where that is not the same as being reached.
        """
        done, today = [], self.day(one.time)
        kept = held or reached
        for tier, now in enumerate(reached):
            key = (rule.id, one.employee, period, tier)
            cools = today < self.memory.get(("cools", *key), today)
            if now and key not in self.active and not cools and (rule.rearm or key not in self.sequence):
                self.active.add(key)
                self.sequence[key] = self.sequence.get(key, 0) + 1
                self._award(
                    rule,
                    kind,
                    one,
                    period,
                    tier,
                    "provisional"
                    if rule.settle == "period_end" and (rule.period, period) not in self.closed
                    else "final",
                    outcome,
                )
                done.append(True)
        for tier in reversed(range(len(reached))):
            key = (rule.id, one.employee, period, tier)
            if not kept[tier] and key in self.active and rule.settle != "sticky":
                self.active.discard(key)
                if getattr(rule, "cool_down_days", 0):
                    self.memory["cools", *key] = today + timedelta(days=rule.cool_down_days)
                self._award(rule, kind, one, period, tier, "revoked", outcome)
                done.append(False)
        return done

    def _award(
        self, rule, kind: str, one: Credit, period: str, tier: int, state: str, outcome: Outcome
    ) -> None:
        sequence = self.sequence[rule.id, one.employee, period, tier]
        outcome.awards.append(
            {
                "award_id": award_id(
                    self.plan.plan, rule.id, one.employee, rule.period, period, tier, sequence
                ),
                "rule": rule.id,
                "kind": kind,
                "employee": one.employee,
                "period_kind": rule.period,
                "period": period,
                "tier": tier,
                "sequence": sequence,
                "state": state,
                "late": (rule.period, period) in self.closed and one.event["type"] != "close",
                "cause": one.event,
            }
        )

    def _line(
        self, rule, one: Credit, period: str, amount: int, reason: str, outcome: Outcome, withheld: int = 0
    ) -> None:
        if amount or withheld:
            outcome.earnings.append(
                {
                    "rule": rule.id,
                    "employee": one.employee,
                    "period_kind": rule.period,
                    "period": period,
                    "posted_in": self.open_period(rule.period, period),
                    "amount": _text(Fraction(amount, SCALE), minor_step(self.plan.currency)),
                    "withheld": _text(Fraction(withheld, SCALE), minor_step(self.plan.currency)),
                    "reason": reason,
                    "source": one.event["source"],
                    "cause_id": one.event["id"],
                }
            )

    # What is published at the end

    def values(self, credits: list[Credit]) -> tuple[list[dict], list[dict]]:
        """KPI values by employee, team, department and company, for every period that is not rolling."""
        people, units = {}, {}
        for kpi in self.plan.kpis:
            for kind in self._kinds(kpi.id):
                for one in credits:
                    period = self.period(kind, self.day(one.time))
                    if period is not None and self.matching(kpi, one):
                        self._publish(kpi, kind, period, one, credits, people, units)
        for card in self.plan.scorecards:
            for one in credits:
                period = self.period(card.period, self.day(one.time))
                key = (card.id, one.employee, card.period, period)
                if period is not None and key not in people:
                    mine = [each for each in credits if each.employee == one.employee]
                    people[key] = dict(zip(("kpi", "employee", "period_kind", "period"), key, strict=True)) | {
                        "value": _text(score(self, card, one.employee, period, mine)[0]),
                        "target": None,
                        "attainment": None,
                    }
        defined = [[row for row in rows.values() if row["value"] is not None] for rows in (people, units)]
        return defined[0], defined[1]

    def _kinds(self, kpi: str) -> list[str]:
        """Kinds of periods that a KPI is published for: its own, its targets', its awards'."""
        kinds = dict.fromkeys(self.kpis[kpi].periods)
        kinds |= dict.fromkeys(target.period for target in targets_of(self.plan) if target.kpi == kpi)
        for card in self.plan.scorecards:
            kinds |= {card.period: None} if kpi in [part.kpi for part in card.kpis] else {}
        for rule in self.plan.awards:
            kinds |= {rule.period: None} if kpi in rule.kpi_ids() else {}
        return [kind for kind in kinds if not kind.startswith("rolling_")]

    def _publish(
        self, kpi: Kpi, kind: str, period: str, one: Credit, credits: list[Credit], people: dict, units: dict
    ) -> None:
        inside = [each for each in credits if self.period(kind, self.day(each.time)) == period]
        key = (kpi.id, one.employee, kind, period)
        if key not in people:
            value, _ = self.value(kpi, [each for each in inside if each.employee == one.employee])
            target = self.target(kpi.id, one.employee, kind, period)
            people[key] = dict(zip(("kpi", "employee", "period_kind", "period"), key, strict=True)) | {
                "value": _text(value),
                "target": _text(target),
                "attainment": _text(self.attainment(kpi, value, target)),
            }
        for unit_kind, unit in () if one.overlay else (
            ("team", one.team),
            ("department", one.department),
            ("company", self.plan.organisation.company),
        ):
            key = (kpi.id, unit_kind, unit, kind, period)
            if key not in units:
                members = [each for each in inside if unit_kind == "company" or getattr(each, unit_kind) == unit]
                value, _ = self.value(kpi, members, unit_kind)
                units[key] = dict(
                    zip(("kpi", "unit_kind", "unit", "period_kind", "period"), key, strict=True)
                ) | {"value": _text(value)}


def _money(rule: TierAward, level: int, value: Fraction, target: Fraction | None) -> Fraction:
    """What a tier table pays at a level (at least 1), before rounding."""
    if rule.pays == "flat":
        return Fraction(rule.tiers[level - 1].amount)
    if rule.pays == "slab":
        return Fraction(rule.tiers[level - 1].rate) * value
    bounds = [
        Fraction(tier.value) if tier.value is not None else Fraction(tier.attainment) * (target or 0)
        for tier in rule.tiers
    ]
    if rule.pays == "interpolated":
        low = Fraction(rule.tiers[level - 1].amount)
        if level == len(rule.tiers):
            return low
        part = (value - bounds[level - 1]) / (bounds[level] - bounds[level - 1])
        return low + part * (Fraction(rule.tiers[level].amount) - low)
    total = Fraction(0)
    for tier, low, high in zip(rule.tiers, bounds, [*bounds[1:], None], strict=True):
        top = value if high is None else min(value, high)
        total += Fraction(tier.rate) * max(top - low, Fraction(0))
    return total


def _text(value: Fraction | None, step: int = 1) -> str | None:
    """Decimal text, rounded half-up to ``step`` ten-thousandths."""
    if value is None:
        return None
    decimals = {1: 4, 10: 3, 100: 2, 10_000: 0}[step]
    return str(Decimal(round_half_up(value * SCALE, step)).scaleb(-4).quantize(Decimal(1).scaleb(-decimals)))


#: How each kind of award is decided.
DECIDE = {
    "tiers": Reference._tiers, "threshold": Reference._threshold, "nudge": nudge, "streak": streak,
    "personal_best": personal_best,
}  # fmt: skip
