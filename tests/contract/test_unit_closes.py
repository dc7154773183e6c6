"""Credits partitions come to a close at different moments: what becomes final counts what each had before it."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from runtime.records import Out, RecordBatch
from schemas.blocks import kind_header, kind_of
from schemas.control import CLOSED_KIND, PartitionClosed, PeriodClosed, PlanApplied, encode_control
from schemas.event_types import EventTypes
from schemas.plan import Plan
from schemas.results import decode_award
from schemas.topics import AWARDS, CREDITS, FACTS
from streams.backtest import MemoryRecord
from streams.crediting.stage import Crediting
from streams.intake import Intake
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups
from tests.contract.test_rollups import folded, values_of
from tests.depth import examples
from tests.generated import random_events
from tests.generated_units import random_unit_plan

SEEDS = st.integers(0, 2**32)
PARTITIONS = 2


def control(record) -> Out:
    return Out("", encode_control(record), headers=kind_header("control"))


def plan_that_waits(dice: Random) -> Plan:
    """Every award stands or not by the values alone, whatever was before."""
    given = random_unit_plan(dice).model_dump(mode="json", exclude_none=True)
    given["awards"] = [award for award in given["awards"] if award["kind"] != "first"]
    for award in given["awards"]:
        if award["kind"] in ("tiers", "threshold"):
            award |= {"settle": "live" if award["period"].startswith("rolling") else "period_end", "rearm": True}
    return Plan.model_validate(given)


def credits_of(plan: Plan, values: list[bytes]) -> list[list[Out]]:
    """Credits records of each partition, the plan ahead of them."""
    intake, crediting = Intake(1, EventTypes({}), {}), Crediting(0, PARTITIONS)
    applied = control(PlanApplied(id="control", plan=plan))
    crediting.fold(RecordBatch(FACTS.name, 0, [MemoryRecord(0, applied.value, applied.headers)]))
    logs, offset = [[applied] for _ in range(PARTITIONS)], 1
    for number, value in enumerate(values):
        facts = intake.fold(RecordBatch("events", 0, [MemoryRecord(number, value)]))
        batch = [MemoryRecord(offset + at, out.value, out.headers) for at, out in enumerate(facts)]
        offset += len(batch)
        for out in crediting.fold(RecordBatch(FACTS.name, 0, batch)) if batch else []:
            if out.topic == CREDITS.name:
                logs[out.partition].append(out)
    return logs


def published(credits: list[Out], partition: int, dice: Random) -> list[Out]:
    """What performance publishes of a partition, cut anywhere; at times a worker falls and the next says some again."""
    stage, log, rows, saved = Performance(partition, PARTITIONS), [], None, 0
    fall = dice.randint(1, len(credits)) if dice.random() < 0.5 else 0
    for offset in range(len(credits)):
        if offset == fall and rows is not None:
            stage = Performance(partition, PARTITIONS)
            stage.restore({key: value for key, value in rows.items() if value})
            for again in range(saved, offset):
                fold(stage, credits, again)
                log += stage.updates() if dice.random() < 0.3 else []
        fold(stage, credits, offset)
        if dice.random() < 0.4:
            log += stage.updates()
            if rows is None:
                rows, saved = stage.dirty_rows(), offset + 1
    return log + stage.updates()


def fold(stage: Performance, credits: list[Out], offset: int) -> None:
    stage.fold(RecordBatch(CREDITS.name, 0, [MemoryRecord(offset, credits[offset].value, credits[offset].headers)]))


def interleaved(logs: list[list[Out]], dice: Random) -> list[Out]:
    order = [number for number, log in enumerate(logs) for _ in log]
    dice.shuffle(order)
    places = [iter(log) for log in logs]
    return [next(places[number]) for number in order]


def parts_of(log: list[Out]) -> tuple[list[Out], list[Out]]:
    """A partition's log up to its marker, and what follows."""
    at = [kind_of(out.headers) for out in log].index(CLOSED_KIND)
    return log[: at + 1], log[at + 1 :]


def history(seed: int) -> tuple[Out, list[list[Out]]]:
    """The plan, and what each partition publishes with a close in it."""
    dice = Random(seed)
    plan = plan_that_waits(dice)
    credits = credits_of(plan, [json.dumps(event).encode() for event in random_events(dice, plan.currency, 15)])
    kind, period = dice.choice([("month", "2026-03"), ("week", "2026-W10"), ("season", "s2")])
    for log in credits:
        log.insert(dice.randint(1, len(log)), control(PeriodClosed.of(plan, kind, period)))
    logs = [published(log, partition, dice) for partition, log in enumerate(credits)]
    return control(PlanApplied(id="control", plan=plan)), logs


def told(outs: list) -> tuple[list, dict]:
    """What the close made final, and the money by payee, period and the period that pays it."""
    final, money = [], defaultdict(int)
    for out in outs:
        if isinstance(out, list):
            for line in out:
                names = ("rule", "employee", "team", "department", "period", "posted_in")
                money[tuple(line[name] for name in names)] += line["amount"]
        elif out.topic == AWARDS.name and (award := decode_award(out.value)).cause.type == "close":
            about = award.rule, award.unit, award.employee, award.period, award.tier
            final.append((about, award.state, award.evidence))
    return sorted(final, key=repr), {key: amount for key, amount in money.items() if amount}


@examples(2)
@given(SEEDS)
def test_what_a_close_makes_final_does_not_depend_on_how_partitions_lie_among_each_other(seed):
    plan, logs = history(seed)
    one, other = Rollups(), Rollups()
    parts = [parts_of(log) for log in logs]
    straight = [plan, *(out for before, _ in parts for out in before), *(out for _, after in parts for out in after)]
    mixed = [plan, *interleaved(logs, Random(seed))]
    wanted = told(folded(one, straight, 0, len(straight)))
    assert told(folded(other, mixed, 0, len(mixed))) == wanted
    assert values_of(other) == values_of(one)


@examples(2)
@given(SEEDS, st.data())
def test_batches_and_restarts_while_a_close_is_under_way_change_nothing(seed, data):
    plan, logs = history(seed)
    log = [plan, *interleaved(logs, Random(seed))]
    straight = Rollups()
    expected = folded(straight, log, 0, len(log))
    first, rows, outs, done = Rollups(), {}, [], 0
    for save in data.draw(st.lists(st.integers(1, len(log)), min_size=1, max_size=4).map(sorted)):
        outs += folded(first, log, done, save, 3)
        rows |= first.dirty_rows()
        done = save
    restarted = Rollups()
    restarted.restore({key: value for key, value in rows.items() if value})
    outs += folded(restarted, log, done, len(log), 4)
    assert outs == expected
    assert values_of(restarted) == values_of(straight)


def marker(partition: int, period: str, plan: Plan) -> Out:
    close = PeriodClosed.of(plan, "month", period)
    record = PartitionClosed(partition=partition, partitions=PARTITIONS, offset=7, close=close)
    return Out("", record.model_dump_json().encode(), headers=kind_header(CLOSED_KIND))


def test_two_closes_that_partitions_meet_in_different_order_both_end():
    plan = plan_that_waits(Random(1))
    stage = Rollups()
    applied = control(PlanApplied(id="control", plan=plan))
    log = [applied, marker(0, "2026-02", plan), marker(1, "2026-03", plan), marker(0, "2026-03", plan)]
    folded(stage, log, 0, len(log))
    assert not stage.units.closed
    log += [marker(1, "2026-02", plan), marker(1, "2026-02", plan)]
    assert not folded(stage, log, 4, 6)
    assert stage.units.closed.holds("month", stage.units.calendar.parse("month", "2026-02"))
    assert stage.units.closed.holds("month", stage.units.calendar.parse("month", "2026-03"))
    assert not stage.alignment.holds(0)
    assert not stage.alignment.holds(1)


def test_the_histories_hold_money_that_comes_after_the_close():
    def late(seed: int) -> bool:
        plan, logs = history(seed)
        log = [plan, *interleaved(logs, Random(seed))]
        lines = [line for out in folded(Rollups(), log, 0, len(log)) if isinstance(out, list) for line in out]
        return any(line["posted_in"] != line["period"] for line in lines)

    assert any(map(late, range(60)))
