"""Limits on events of one customer: engine and reference agree, however the log is cut and wherever it is taken up."""

from __future__ import annotations

import json
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_of
from schemas.control import PlanApplied, encode_control
from schemas.plan import Plan
from streams.backtest import MemoryRecord
from streams.performance.stage import Performance
from tests import reference
from tests.contract import test_rollups
from tests.contract.test_engine import (
    check_against_reference,
    comparable,
    credit_records,
    fixed,
    folded,
    published,
    results,
    run,
)
from tests.contract.test_explain import check
from tests.depth import examples
from tests.generated import random_events, random_plan
from tests.generated_sales import shared_history, with_limits
from tests.recorded_log import recorded_log
from tests.reference_credits import credit
from tests.reference_customers import CustomerLimits

SEEDS = st.integers(0, 2**32)


def history(seed: int) -> tuple[Plan, list[dict], list[bytes]]:
    """A plan with one or two limits, and events of which many are over them."""
    dice = Random(seed)
    plan = with_limits(dice, random_plan(dice))
    events = random_events(dice, plan.currency)
    return plan, events, [json.dumps(event).encode() for event in events]


@examples(3)
@example(500074, 1)  # a colleague of whom the limit leaves the sale out gives it to somebody who has a part of it
@given(SEEDS, st.sampled_from([1, 3, 1000]))
def test_a_unit_counts_what_any_of_its_people_counts(seed, batch):
    check_against_reference(*shared_history(seed, of_units=False), batch)


@examples(3)
@example(500197)  # an honour, and somebody who has nothing but what changed hands within the unit
@given(SEEDS)
def test_awards_of_units_rest_on_what_any_of_their_people_counts(seed):
    test_rollups.check_against_reference(*shared_history(seed, of_units=True))


@examples(2)
@given(SEEDS, st.sampled_from([2, 1000]))
def test_engine_equals_the_reference_in_any_batches(seed, batch):
    plan, events, values = history(seed)
    got, want = run(plan, values, batch), reference.run(plan, events)
    assert [(line["rule"], line["employee"], line["amount"], line["id"]) for line in got.earnings] == [
        (line["rule"], line["employee"], fixed(line["amount"]), line["cause_id"]) for line in want.earnings
    ]
    assert {
        key: row["value"]
        for key, row in got.periods.items()
        if row["value"] is not None and not row["period_kind"].startswith("rolling")
    } == {(row["kpi"], row["employee"], row["period_kind"], row["period"]): fixed(row["value"]) for row in want.kpis}
    assert comparable(got) == comparable(run(plan, values, 1))


@examples(2)
@example(628964717, 1)  # who comes first tells what no filter lets through
@example(269403, 1)  # who comes first in the company is told after somebody else
@given(SEEDS, st.sampled_from([1, 4, 1000]))
def test_explanations_of_units_agree(seed, batch):
    plan, events, _ = shared_history(seed, of_units=True)
    check(recorded_log(plan, events, batch))


@examples(2)
@given(SEEDS, st.sampled_from([1, 3, 1000]))
def test_what_is_left_out_is_told_and_nothing_else(seed, batch):
    plan, events, values = history(seed)
    values_of = reference.Reference(plan)
    limits, known = CustomerLimits(values_of), credit(plan, events).credits
    over = [one for one in known if not limits.admits(values_of.dated(one))]
    want = [(one.employee, one.event["type"], one.event["id"]) for one in over]
    log = [Out("credits", encode_control(PlanApplied(id="p", plan=plan)), headers=(("kind", b"control"),))]
    log += credit_records(plan, values)
    stage = Performance(0, 1)
    records = [MemoryRecord(at, out.value, out.headers) for at, out in enumerate(log)]
    for start in range(0, len(records), batch):
        stage.fold(RecordBatch("credits", 0, records[start : start + batch]))
    told = [decode_block(out.value) for out in stage.updates() if kind_of(out.headers) == "left-out"]
    assert all(meta == {"partition": 0, "since": 0} for _, meta in told) and told[0][0].num_rows == 0
    found = []
    for row in (row for table, _ in told for row in table.to_pylist()):
        credits = decode_block(log[row["credits_offset"]].value)[0].to_pylist()
        place = row["facts_offset"], row["facts_index"], row["payee"]
        (one,) = [one for one in credits if (one["offset"], one["index"], one["payee"]) == place]
        found.append((one["employee"], one["type"], one["id"]))
    assert found == want


@examples(2)
@given(SEEDS, st.data())
def test_a_restart_changes_nothing(seed, data):
    """Also across a plan that limits nothing any more: what was left out stays so."""
    plan, _, values = history(seed)
    free = plan.model_copy(update={"version": 2, "crediting": plan.crediting.model_copy(update={"guards": ()})})
    credits = credit_records(plan, values)
    first, second = (
        Out("credits", encode_control(PlanApplied(id=str(at), plan=one)), headers=(("kind", b"control"),))
        for at, one in enumerate((plan, free))
    )
    middle = data.draw(st.integers(0, len(credits)))
    log = [first, *credits[:middle], second, *credits[middle:]]
    cut = data.draw(st.integers(1, len(log)))
    straight, before, after = Performance(0, 1), Performance(0, 1), Performance(0, 1)
    outs = folded(before, log, 0, cut)
    after.restore({key: value for key, value in before.dirty_rows().items() if value})
    outs += folded(after, log, cut, len(log))
    assert results(outs) == results(folded(straight, log, 0, len(log)))
    for stage in (straight, after):
        stage.engine.mark_all_dirty()
    assert published(after) == published(straight)
