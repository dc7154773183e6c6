"""Tier tables: an award for each tier crossed, and the money that a level pays."""

from __future__ import annotations

import numpy as np

from schemas.money import minor_step
from schemas.plan import Plan
from schemas.plan_awards import TierAward
from schemas.samples import sample_text
from streams.performance.award_records import (
    AwardWriter,
    bound_text,
    evidence,
    gap_to,
    number_text,
    pays_text,
)
from streams.performance.award_states import AwardStates, next_states
from streams.performance.decisions import Decisions, Lines
from streams.performance.ladder import Ladder, Payout
from streams.performance.limits import Limits
from streams.performance.period_view import PeriodView
from streams.performance.running import Running, key_parts, period_key

#: So few people are looked up one by one.
_FEW = 8


class TierRule:
    """One tier table over one KPI's periods."""

    def __init__(
        self,
        index: int,
        rule: TierAward,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ):
        self.index, self.rule, self.states, self.writer = index, rule, states, writer
        self.view = view = views[rule.kpi]
        self.ladder = Ladder.of_tiers(view.kpi, rule)
        #: Where a tier that stands is lost: at its bound, or beyond it by the margin.
        self.lost = self.ladder if rule.margin is None else Ladder.of_tiers(view.kpi, rule, rule.margin)
        self.payout = None
        if rule.pays != "nothing":
            self.payout = Payout(view.kpi, rule.pays, rule.tiers, minor_step(plan.currency))
        self.limits = Limits(view.kpi, rule)
        self.step = minor_step(plan.currency)
        self.by = self.ladder.by
        self.bounds = [getattr(tier, self.by) for tier in rule.tiers]
        #: What an award of each tier says of it.
        self._told = [self._tier_texts(tier) for tier in range(len(rule.tiers))]
        #: Base rates (a bound of 0) pay but are no achievement.
        self.announced = [bound != 0 for bound in self.bounds]
        self.keeps_peak = rule.settle == "sticky" and rule.pays in ("slab", "flat")

    def decide(self, decisions: Decisions, origins) -> None:
        """Decide every row of the current batch; ``origins`` tells what caused a row."""
        run = self.view.running
        if run is None:
            return
        eligible = self.writer.people.eligible(self.rule.roles, self.rule.period, run.keys)
        if not eligible.any():
            return
        targets = self.view.targets(run.slots)
        spread = run.group_of_row()
        base = np.where(run.base_den == 0, 0, self.ladder.levels(run.base_num, run.base_den, targets))
        level = self.ladder.levels(run.num, run.den, targets[spread])
        before = run.before(level, base)
        counts = eligible[spread]
        peaks = self._peaks(run) if self.keeps_peak else None  # as they stood before this batch
        turns, held = level != before, level
        if self.lost is not self.ladder:
            held_base = np.where(run.base_den == 0, 0, self.lost.levels(run.base_num, run.base_den, targets))
            held = self.lost.levels(run.num, run.den, targets[spread])
            turns |= held != run.before(held, held_base)
        if self.rule.cool_down_days:
            turns |= self._thaws(run, turns, spread)
        turned = np.flatnonzero(turns & counts)
        if len(turned) > _FEW:
            self.writer.people.look_up(key_parts(run.keys[spread[turned]])[0])
        group = spread[turned]
        values = run.num[turned], run.den[turned], targets[group]
        columns = (run.keys[group], run.rows[turned], level[turned], held[turned], *values)
        for key, row, reached, kept, *values in zip(*(column.tolist() for column in columns), strict=True):
            self._announce(key, (reached, kept), row, tuple(values), decisions, origins)
        if self.payout:
            self._earn(run, (base, level), (targets, spread, counts), peaks, decisions, origins)

    def _thaws(self, run: Running, turns: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Rows that may end a cool-down, which no level shows: all of a group that cools or may begin to."""
        cools = np.array([self.states.cools(*self._holder(*key_parts(key))) for key in run.keys.tolist()], bool)
        cools[spread[turns]] = True
        return cools[spread]

    def _announce(
        self, key: int, levels: tuple[int, int], row: int, values: tuple[int, int, int], decisions: Decisions, origins
    ) -> None:
        """``levels``: the tiers reached, and those not lost if they stand."""
        level, held = levels
        code, ordinal = key_parts(key)
        holder = self._holder(code, ordinal)
        tiers = len(self.bounds)
        state = self.states.of(*holder, tiers)
        # base rates are not announced, but a sticky level must remember them too
        reached = [
            tier < (held if state[tier][1] else level) and (self.announced[tier] or self.keeps_peak)
            for tier in range(tiers)
        ]
        rule = self.rule
        changes = next_states(state, reached, rule.settle, rule.rearm, decisions.day(row), rule.cool_down_days)
        if not changes:
            return
        self.states.set(*holder, state)
        seen = (evidence(self.view.kpi, *values),)
        for tier, granted in changes:
            if not self.announced[tier]:
                continue
            texts = self._texts(tier, values)
            award = self.writer.write(
                self.rule, "tier", code, ordinal, tier, state[tier][0], granted, seen, origins.of(row), texts
            )
            decisions.award(row, self.index, award)

    def finalise(self, ordinal: int, decisions: Decisions, origins) -> None:
        """Its period was closed: announce the tiers that stand as final."""
        for employee in self.states.standing(self.rule.id, self.writer.period_text(self.rule.period, ordinal)):
            code = self.writer.people.code(employee)
            key = int(period_key(code, ordinal))
            values = *self.view.current(key), self.view.target_of(key)
            state = self.states.of(*self._holder(code, ordinal), len(self.bounds))
            for tier, (sequence, stands, *_) in enumerate(state[: len(self.bounds)]):
                if stands and self.announced[tier]:
                    seen, texts = (evidence(self.view.kpi, *values),), self._texts(tier, values)
                    award = self.writer.write(
                        self.rule, "tier", code, ordinal, tier, sequence, True, seen, origins.of(-1), texts
                    )
                    decisions.award(-1, self.index, award)

    def _tier_texts(self, tier: int) -> dict:
        chosen, kpi = self.rule.tiers[tier], self.view.kpi
        following = self.bounds[tier + 1 : tier + 2]
        return {
            "name": (chosen.name or self.rule.name).by_language(),
            "threshold": bound_text(kpi, self.bounds[tier], self.by) + sample_text(self.rule.min_sample),
            "pays": pays_text(chosen),
            "amount": number_text(chosen.amount) if self.rule.pays == "flat" else None,
            "next_tier": bound_text(kpi, following[0], self.by) if following else None,
        }

    def _texts(self, tier: int, values: tuple[int, int, int]) -> dict:
        gap = None
        if tier + 1 < len(self.bounds):
            gap = gap_to(self.view.kpi, self.bounds[tier + 1], self.by, *values)
        return self._told[tier] | {"gap": gap}

    def _earn(
        self, run: Running, levels: tuple, spreads: tuple, peaks: np.ndarray | None, decisions: Decisions, origins
    ) -> None:
        base, level = levels
        targets, spread, counts = spreads
        if peaks is not None:
            base = np.maximum(base, peaks)
            level = _running_max(np.maximum(level, base[spread]), spread)
        start, start_withheld = self._money(base, run.base_num, run.base_den, targets)
        earned, withheld = self._money(level, run.num, run.den, targets[spread])
        amount = earned - run.before(earned, start)
        if self.rule.clawback == "as_paid":
            amount = self._as_paid(run, spread, counts, amount, origins)
        changed = amount != 0
        if withheld is not None:
            withheld = withheld - run.before(withheld, start_withheld)
            changed |= withheld != 0
        paid = np.flatnonzero(changed & counts)
        if len(paid):
            basis = run.num - run.before(run.num, run.base_num)
            keys = run.keys[spread[paid]]
            lines = Lines(self.index, run.rows[paid], keys, amount[paid], basis[paid], run.num[paid], reason="credit")
            if withheld is not None:
                lines.withheld = withheld[paid]
            decisions.lines.append(lines)

    def _as_paid(
        self, run: Running, spread: np.ndarray, counts: np.ndarray, amount: np.ndarray, origins
    ) -> np.ndarray:
        """``amount`` with each refund's money replaced by its share of what its sale was paid; a sale that a correction
        brings is paid as one that comes with it.
        """
        amount = amount.copy()
        sales, basis = self.states.paid_sales, run.num - run.before(run.num, run.base_num)
        moved, before = origins.rows.moved, {}
        # in log order across periods: a refund may count in another period than its sale
        for at in np.argsort(run.rows, kind="stable").tolist():
            if not counts[at]:
                continue
            code, _ = key_parts(int(run.keys[spread[at]]))
            holder = self.rule.id, self.writer.people.id(code)
            row = int(run.rows[at])
            sale, follows, (day, floor) = origins.sale_of(row)
            came = (holder, origins.event_of(row)) if follows else None
            if moved is not None and moved[row] > 0:
                before[came] = sales.come(holder, sale, day, int(amount[at]), int(basis[at]))
            elif moved is not None and moved[row] < 0 and came in before:
                kept = before[came]  # what an overlay had of the sale gives way to the share in it
                amount[at] = amount[at] if kept is None else -kept
            elif not follows:
                sales.pay(holder, sale, day, int(amount[at]), int(basis[at]))
            elif (taken := sales.reverse(holder, sale, floor, -int(basis[at]), self.step)) is not None:
                amount[at] = taken
        return amount

    def _money(self, level: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What a level pays for numerators, denominators and targets, and what the cap withholds."""
        return self.limits.apply(self.payout.earned(level, *values), *values)

    def _peaks(self, run: Running) -> np.ndarray:
        return np.array([self._peak(key) for key in run.keys.tolist()], np.int64)

    def _peak(self, key: int) -> int:
        """The highest tier ever reached; a plan before may have had more of them."""
        return min(self.states.peak(*self._holder(*key_parts(key))), len(self.bounds))

    def _holder(self, code: int, ordinal: int) -> tuple[str, str, str]:
        return self.rule.id, self.writer.people.id(code), self.writer.period_text(self.rule.period, ordinal)

    def earned(self) -> dict[int, tuple[int, int]]:
        """Money earned by the present values and withheld from it, by period key."""
        keys = dict.fromkeys(self.view.table.keys[: self.view.table.size].tolist())
        # the highest tier may still pay where the score is nobody's any more
        awarded = self.states.awarded_keys(self.rule, self.writer.people) if self.keeps_peak else ()
        found = {key: self._earned_by(key) for key in keys | dict.fromkeys(awarded)}
        return {key: money for key, money in found.items() if any(money)}

    def _earned_by(self, key: int) -> tuple[int, int]:
        num, den = self.view.current(key)
        if self.payout is None or (den == 0 and not self.keeps_peak):
            return 0, 0
        target = self.view.target_of(key)
        columns = np.array([num]), np.array([den]), np.array([target])
        level = self.ladder.levels(*columns) * (den != 0)  # nothing is reached by nothing
        if self.keeps_peak:
            level = np.maximum(level, self._peak(key))
        earned, withheld = self._money(level, *columns)
        return int(earned[0]), int(withheld[0]) if withheld is not None else 0

    def reconsider(self, earned_before: dict[int, tuple[int, int]], decisions: Decisions, origins) -> None:
        """A plan took effect: decide every known period anew; ``earned_before`` by period key under the old plan.

        Among them periods that had a value under the old plan only, as of a score that is nobody's any more.
        """
        table = self.view.table
        keys = {*table.keys[: table.size].tolist(), *earned_before}
        for key in self.writer.people.taking_part(self.rule, keys):
            num, den = self.view.current(key)
            target = self.view.target_of(key)
            levels = (self.ladder.level(num, den, target), self.lost.level(num, den, target)) if den else (0, 0)
            self._announce(key, levels, -1, (num, den, target), decisions, origins)
            (earned, withheld), before = self._earned_by(key), earned_before.get(key, (0, 0))
            change = earned - before[0], withheld - before[1]
            if any(change):
                columns = (np.array([one]) for one in (-1, key, change[0], 0, num))
                decisions.lines.append(Lines(self.index, *columns, reason=origins.reason, withheld=change[1]))


def _running_max(level: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Running maximum within each group: groups lifted apart so that one pass does all."""
    lift = group * (int(level.max(initial=0)) + 1)
    return np.maximum.accumulate(level + lift) - lift
