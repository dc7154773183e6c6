"""Awards of units against the naive reference, and the laws on the kpi-updates log."""

from __future__ import annotations

import json
from fractions import Fraction
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_header
from schemas.control import PlanApplied, encode_control
from schemas.money import SCALE, round_half_up
from schemas.plan import Plan
from schemas.topics import AWARDS, CREDITS, EARNINGS, KPI_UPDATES
from streams.backtest import Backtest, MemoryRecord
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups
from tests.depth import examples
from tests.generated import random_events, with_closes
from tests.generated_awards import swinging_events
from tests.generated_sales import shared_history
from tests.generated_units import random_people_plan, random_unit_plan
from tests.reference_units import UnitReference

SEEDS = st.integers(0, 2**32)


def history(seed: int, people: bool = False) -> tuple:
    dice = Random(seed)
    plan = random_people_plan(dice) if people else random_unit_plan(dice)
    events = people_events(dice, plan.currency) if people else random_events(dice, plan.currency, 15)
    events = with_closes(dice, events)
    return plan, events, [json.dumps(event).encode() for event in events]


def people_events(dice: Random, currency: str) -> list[dict]:
    """Three people whose values go up and down, and closes late enough to have something in their periods."""
    events = [event for event in swinging_events(dice, currency) for _ in range(dice.choice([1, 1, 1, 2]))]
    for event in events:
        if "employee" in event["data"]:
            event["data"]["employee"] = dice.choice(["E1", "E2", "E3"])
    for period in dice.sample(["2026-03", "2026-W10", "s1", "s2"], 2):
        place = dice.randint(len(events) // 2, len(events))
        events.insert(place, {"control": "close", "period": period})
    return events


class Tapped(Backtest):
    """Keeps a topic's records."""

    def __init__(self, topic: str) -> None:
        super().__init__()
        self.topic, self.kept = topic, []

    def _absorb(self, outs: list[Out]) -> list[Out]:
        self.kept.extend(out for out in outs if out.topic == self.topic)
        return super()._absorb(outs)


@example(193)  # a manager's sale of which a limit leaves out the first credit
@examples(2)
@given(SEEDS)
def test_awards_of_units_equal_the_reference(seed):
    check_against_reference(*history(seed))


@examples(2)
@given(SEEDS)
def test_awards_that_compare_people_equal_the_reference(seed):
    check_against_reference(*history(seed, people=True))


def check_against_reference(plan: Plan, events: list[dict], values: list[bytes]) -> None:
    test = Backtest()
    test.apply(plan, "control")
    test.feed(values, 1)
    got, want = test.finish(), UnitReference(plan)
    want.run(events)
    names = ("award_id", "rule", "kind", "unit_kind", "unit", "period", "tier", "sequence", "state", "late", "employee")
    assert [tuple(getattr(award, name) for name in names) for award in got.awards] == want.awards
    names = ("rule", "employee", "period_kind", "period", "posted_in", "amount")
    assert [tuple(line[name] for name in names) for line in got.earnings] == want.lines
    assert len({line["line_id"] for line in got.earnings}) == len(got.earnings)
    scores = {
        (row["kpi"], row["unit_kind"], row["unit"], row["period"]): Fraction(row["value"], SCALE)
        for row in got.units.values()
        if row["kpi"] in want.cards and row["value"] is not None
    }
    assert scores == want.scores(want.counted)
    led = {
        (row["kpi"], row["unit"], row["period"]): Fraction(row["value"], SCALE)
        for row in got.units.values()
        if (row["unit_kind"], row["period_kind"]) == ("manager", "month") and row["kpi"] in want.kpis
        if row["value"] is not None
    }
    wanted = want.manager_values(want.counted)
    assert led == {key: Fraction(round_half_up(value * SCALE, 1), SCALE) for key, value in wanted.items()}


def updates_log(seed: int, limited: bool) -> tuple:
    """A plan, a second one, and a kpi-updates log with both."""
    people = seed % 2 == 1 and not limited
    plan, _, values = shared_history(seed, of_units=True) if limited else history(seed, people)
    second = (random_people_plan if people else random_unit_plan)(Random(seed + 1), version=2)
    second = second.model_copy(update={"currency": plan.currency, "timezone": plan.timezone})
    test = Tapped(KPI_UPDATES.name)
    test.apply(plan, "one")
    test.feed(values, 2)
    controls = [
        Out(KPI_UPDATES.name, encode_control(PlanApplied(id=id_, plan=one)), headers=kind_header("control"))
        for id_, one in (("one", plan), ("two", second))
    ]
    middle = len(test.kept) // 2
    return plan, [controls[0], *test.kept[:middle], controls[1], *test.kept[middle:]]


def records(log: list[Out], start: int, end: int) -> list[MemoryRecord]:
    return [MemoryRecord(offset, log[offset].value, log[offset].headers) for offset in range(start, end)]


def folded(stage: Rollups, log: list[Out], start: int, end: int, size: int = 1) -> list:
    outs = []
    for first in range(start, end, size):
        outs += stage.fold(RecordBatch(KPI_UPDATES.name, 0, records(log, first, min(first + size, end))))
    return [decode_block(out.value)[0].to_pylist() if out.topic == EARNINGS.name else out for out in outs]


def values_of(stage: Rollups) -> list:
    """Every value of every unit."""
    stage.updates()
    stage._mark_changed(stage._everything())
    return sorted(repr(row) for out in stage.updates() for row in decode_block(out.value)[0].to_pylist())


@examples(2)
@given(SEEDS, st.integers(2, 9), st.booleans())
def test_law_1_batching_the_updates_does_not_matter(seed, size, limited):
    _, log = updates_log(seed, limited)
    one, other = Rollups(), Rollups()
    assert folded(one, log, 0, len(log)) == folded(other, log, 0, len(log), size)
    assert values_of(one) == values_of(other)


@examples(2)
@given(SEEDS, st.data(), st.booleans())
def test_law_2_a_restart_changes_nothing(seed, data, limited):
    _, log = updates_log(seed, limited)
    cut = data.draw(st.integers(1, len(log)))
    saves = data.draw(st.lists(st.integers(1, cut), min_size=1, max_size=3).map(sorted))
    straight = Rollups()
    expected = folded(straight, log, 0, len(log))
    first, rows, outs, done = Rollups(), {}, [], 0
    for save in saves:
        outs += folded(first, log, done, save)
        rows |= first.dirty_rows()
        done = save
    restarted = Rollups()
    restarted.restore({key: value for key, value in rows.items() if value})
    outs += folded(restarted, log, done, len(log))
    assert outs == expected
    assert values_of(restarted) == values_of(straight)


_POOL = {"id": "pool", "kind": "pool", "name": "P", "period": "month", "unit": "team", "settle": "live", "amount": 100}


def test_law_2_a_pool_that_paid_once_is_decided_by_a_later_plan_too():
    """Nothing of it is left when the worker falls, and what the plan after that looks at has moved for nobody."""
    people = [{"id": one, "role": "rep"} for one in ("E1", "E2")]
    given_ = {
        "plan": "p", "timezone": "UTC", "currency": "CNY",
        "organisation": {"company": "acme", "departments": [
            {"id": "sales", "teams": [{"id": "north", "employees": people}]},
        ]},
        "kpis": [
            {"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale", "refund"], "field": "amount"},
            {"id": "complaints", "name": "C", "aggregate": "count", "events": ["complaint"], "direction": "down"},
        ],
    }  # fmt: skip
    first, second = (
        Plan.model_validate(given_ | {"version": version, "awards": [_POOL | {"all": [{"kpi": kpi, "value": value}]}]})
        for version, kpi, value in ((1, "revenue", 10), (2, "complaints", 0))
    )
    events = [
        {"specversion": "1.0", "source": "s", "time": "2026-03-02T10:00:00+00:00"} | one
        for one in (
            {"id": "e1", "type": "sale", "data": {"employee": "E1", "amount": "10", "currency": "CNY"}},
            {"id": "e2", "type": "refund", "data": {"sale_id": "e1", "amount": "10", "currency": "CNY"}},
        )
    ]
    test = Tapped(KPI_UPDATES.name)
    test.apply(first, "one")
    test.feed([json.dumps(event).encode() for event in events], 1)
    controls = [
        Out(KPI_UPDATES.name, encode_control(PlanApplied(id=str(at), plan=one)), headers=kind_header("control"))
        for at, one in enumerate((first, second))
    ]
    log = [controls[0], *test.kept, controls[1]]
    straight, before, after = Rollups(), Rollups(), Rollups()
    outs = folded(straight, log, 0, len(log))
    money = [(line["employee"], line["amount"]) for out in outs if isinstance(out, list) for line in out]
    assert money == [("E1", 100 * SCALE), ("E1", -100 * SCALE), ("E1", 50 * SCALE), ("E2", 50 * SCALE)]
    folded(before, log, 0, len(log) - 1)
    after.restore({key: value for key, value in before.dirty_rows().items() if value})
    assert folded(after, log, len(log) - 1, len(log)) == outs[-1:]


@examples(2)
@given(SEEDS, st.data(), st.booleans())
def test_what_performance_publishes_again_changes_nothing(seed, data, limited):
    """A worker falls, the next begins at the checkpoint and publishes again, cut otherwise."""
    plan, _, values = shared_history(seed, of_units=True) if limited else history(seed)
    tap = Tapped(CREDITS.name)
    tap.apply(plan, "control")
    tap.feed(values, 2)
    control = Out("", encode_control(PlanApplied(id="control", plan=plan)), headers=kind_header("control"))
    credits = [control, *tap.kept]
    cuts = st.lists(st.integers(1, len(credits)), max_size=4).map(sorted)
    fall = data.draw(st.integers(1, len(credits)))
    first, log = Performance(0, 1), [control]
    saved, rows = 0, None
    for at in [*[cut for cut in data.draw(cuts) if cut < fall], fall]:
        credited(first, credits, max(saved, first.last_offset + 1), at)
        log += first.updates()
        if rows is None:
            rows, saved = first.dirty_rows(), at
    second = Performance(0, 1)
    second.restore({key: value for key, value in rows.items() if value})
    for at in [*[cut for cut in data.draw(cuts) if cut > saved], len(credits)]:
        credited(second, credits, second.last_offset + 1, at)
        log += second.updates()
    straight = Performance(0, 1)
    credited(straight, credits, 0, len(credits))
    want, got = Rollups(), Rollups()
    once = [control, *straight.updates()]
    folded(want, once, 0, len(once))
    folded(got, log, 0, len(log))
    assert values_of(got) == values_of(want)


def credited(stage: Performance, credits: list[Out], start: int, end: int) -> None:
    if start < end:
        stage.fold(RecordBatch(CREDITS.name, 0, records(credits, start, end)))


def test_awards_are_sent_under_their_unit():
    kept = []
    for seed in range(6):
        plan, _, values = history(seed)
        test = Tapped(AWARDS.name)
        test.apply(plan, "control")
        test.feed(values, 5)
        kept += test.kept
    assert kept
    keys = {out.key.decode().partition(":")[0] for out in kept}
    assert keys <= {"team", "department", "company", "E1", "E2", "E3"}  # awards of managers are a person's
