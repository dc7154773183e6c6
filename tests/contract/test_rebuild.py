"""Rebuild: after it, values, money and standing awards are those of a plan that has always been in force."""

from __future__ import annotations

from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.blocks import kind_header, kind_of
from schemas.control import KIND, PeriodClosed, PlanApplied, encode_control
from schemas.plan import Plan
from streams.backtest import MemoryRecord
from streams.rebuild import Rebuild
from tests.contract.test_adjustments import Seen, credits_of, folded, forgetful
from tests.depth import examples
from tests.generated import random_events, random_plan


def control(record) -> MemoryRecord:
    return MemoryRecord(0, encode_control(record), kind_header(KIND))


def numbered(log: list[MemoryRecord]) -> list[MemoryRecord]:
    return [MemoryRecord(offset, one.value, one.headers) for offset, one in enumerate(log)]


def earlier(plan: Plan, dice: Random) -> Plan:
    """What was in force before: fewer KPIs, some defined otherwise, no awards."""
    given = plan.model_dump(mode="json", exclude_none=True)
    kept = [kpi for kpi in given["kpis"] if dice.random() < 0.6] or given["kpis"][:1]
    for kpi in kept:
        if kpi["id"] == "units":
            kpi["field"] = "amount"
        if kpi["id"] == "activity":
            kpi["events"] = ["visit"]
    return Plan.model_validate(given | {"kpis": kept, "targets": [], "scorecards": [], "awards": [], "version": 1})


def rearmed(plan: Plan) -> Plan:
    """What stands follows from the values alone, not from how often a tier was reached and lost before."""
    given = plan.model_dump(mode="json", exclude_none=True)
    given["awards"] = [award | {"rearm": True} for award in given["awards"]]
    return Plan.model_validate(given)


def rebuilt(log: list[MemoryRecord], applied: PlanApplied, at: int, cuts: Random) -> list[MemoryRecord]:
    """``log`` with what a rebuild that read it up to ``at`` writes there."""
    rebuild = Rebuild(0, 1, applied)
    start = 0
    while start < at:
        end = cuts.randint(start + 1, at)
        rebuild.fold(log[start:end])
        start = end
    assert rebuild.in_force
    records = rebuild.adjustments(rebuild.differences(), 1, "ops", "history")
    return numbered([*log[:at], *(control(one) for one in records), *log[at:]])


def whole(seen: Seen) -> tuple:
    """Values, money and standing awards. Not windows of the ratio: a credit that adds nothing to either side of it
    moves them, and leaves no cell that a rebuild could tell of.
    """
    standing = sorted(seen.reached[one] for one, state in seen.awards.items() if state != "revoked")
    windows = {key for key in seen.periods if key[0] == "yield" and key[2].startswith("rolling_")}
    periods = {key: one for key, one in seen.periods.items() if one[1] and key not in windows}
    return seen.cells(), periods, seen.paid(), standing


def history(seed: int) -> tuple[Random, PlanApplied, list[MemoryRecord], list[MemoryRecord], int]:
    """Credits under the plan from the first on, and as they were: under another one up to somewhere (the place)."""
    dice = Random(seed)
    plan = rearmed(forgetful(random_plan(dice, version=2)))
    credits = [one for one in credits_of(plan, random_events(dice, plan.currency)) if kind_of(one.headers) != KIND]
    applied = PlanApplied(id="p2", plan=plan)
    at = dice.randint(0, len(credits))
    before = control(PlanApplied(id="p1", plan=earlier(plan, dice)))
    was = numbered([before, *credits[:at], control(applied), *credits[at:]])
    return dice, applied, numbered([control(applied), *credits]), was, at + 2


@examples(2)
@example(6498203)  # empties a rolling window that was published
@given(st.integers(0, 2**32))
def test_rebuilt_anywhere_all_is_as_if_the_plan_had_always_been(seed):
    dice, applied, always, was, since = history(seed)
    at = dice.randint(since, len(was))
    log = rebuilt(was, applied, at, dice)
    once = folded(log)
    assert whole(once) == whole(folded(always))
    assert set(once.outcomes) <= {"adjusted"}
    places = range(1, len(log))
    again = folded(log, cuts=set(places), restarts=set(dice.sample(places, min(3, len(places)))))
    assert whole(again) == whole(once) and again.lines == once.lines and again.outcomes == once.outcomes
    assert len(rebuilt(log, applied, dice.randint(at + (len(log) - len(was)), len(log)), dice)) == len(log)


@examples(2)
@given(st.integers(0, 2**32))
def test_cut_off_or_overtaken_it_is_finished_by_the_next(seed):
    """Only some cells were written, or later than what was credited meanwhile: the next one brings the rest."""
    dice, applied, always, was, since = history(seed)
    read = dice.randint(since, len(was))
    rebuild = Rebuild(0, 1, applied)
    rebuild.fold(was[:read])
    cells = rebuild.differences()
    some = rebuild.adjustments(cells[: dice.randint(0, len(cells))], 1, "ops", "history")
    late = dice.randint(read, len(was))
    log = numbered([*was[:late], *(control(one) for one in some * 2), *was[late:]])
    finished = rebuilt(log, applied, len(log), dice)
    assert whole(folded(finished)) == whole(folded(always))


def test_days_that_a_close_has_settled_stay():
    dice = Random(3)
    given = forgetful(random_plan(dice, version=2)).model_dump(mode="json", exclude_none=True)
    plan = Plan.model_validate(given | {"late": "process_date"})
    credits = [one for one in credits_of(plan, random_events(dice, plan.currency)) if kind_of(one.headers) != KIND]
    applied = PlanApplied(id="p2", plan=plan)
    few = given | {"kpis": given["kpis"][:1], "targets": [], "scorecards": [], "awards": [], "late": "process_date"}
    before = PlanApplied(id="p1", plan=Plan.model_validate(few | {"version": 1}))
    closes = [PeriodClosed.of(plan, "month", f"2026-{month:02}") for month in range(1, 13)]
    for shut, expected in ((closes, False), ([], True)):
        rebuild = Rebuild(0, 1, applied)
        rebuild.fold(numbered([control(before), *credits, *map(control, shut), control(applied)]))
        assert bool(rebuild.differences()) is expected
