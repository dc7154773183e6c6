"""The engine against the naive reference, and laws 1 and 2, over random plans and histories."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from infra.backtest_report import report_of
from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block
from schemas.control import PeriodClosed, PlanApplied, encode_control
from schemas.money import SCALE
from streams.backtest import Backtest, BacktestResult, MemoryRecord
from streams.performance.engine import published_kinds
from streams.performance.stage import Performance
from streams.rollups import unit_values
from tests import reference
from tests.depth import examples
from tests.generated import random_events, random_plan, with_closes

SEEDS = st.integers(0, 2**32)


def history(seed: int, rolling: bool = True) -> tuple:
    """A plan, its events and the records they come as."""
    dice = Random(seed)
    plan = random_plan(dice, rolling)
    events = with_closes(dice, random_events(dice, plan.currency))
    return plan, events, [json.dumps(event).encode() for event in events]


def run(plan, values: list[bytes], batch: int) -> BacktestResult:
    test = Backtest()
    test.apply(plan, "control")
    test.feed(values, batch)
    return test.finish()


def fixed(text: str | None) -> int | None:
    return None if text is None else int(Decimal(text) * SCALE)


@examples(4)
@given(SEEDS, st.sampled_from([1, 3, 1000]))
def test_engine_equals_the_reference(seed, batch):
    check_against_reference(*history(seed), batch)


def check_against_reference(plan, events: list[dict], values: list[bytes], batch: int) -> BacktestResult:
    """Every result of the engine, which is returned, is one of the reference, in the same order, and the other way
    round.
    """
    got, want = run(plan, values, batch), reference.run(plan, events)
    counts = [json.loads(value) for value in got.outcomes.values()]
    assert {name: sum(count[name] for count in counts) for name in want.outcomes()} == want.outcomes()
    awards = ("award_id", "rule", "kind", "employee", "period_kind", "period", "tier", "sequence", "state", "late")
    assert [(*(getattr(award, name) for name in awards), award.cause.id) for award in got.awards] == [
        (*(award[name] for name in awards), award["cause"]["id"]) for award in want.awards
    ]
    lines = ("rule", "employee", "period_kind", "period", "posted_in", "reason")
    assert [
        (*(line[name] for name in lines), line["amount"], line["withheld"], line["id"]) for line in got.earnings
    ] == [
        (*(line[name] for name in lines), fixed(line["amount"]), fixed(line["withheld"]), line["cause_id"])
        for line in want.earnings
    ]
    assert len({line["line_id"] for line in got.earnings}) == len(got.earnings)
    assert {
        key: (row["value"], row["target"], row["attainment"])
        for key, row in got.periods.items()
        if row["value"] is not None and not row["period_kind"].startswith("rolling")
    } == {
        (row["kpi"], row["employee"], row["period_kind"], row["period"]): tuple(
            fixed(row[name]) for name in ("value", "target", "attainment")
        )
        for row in want.kpis
    }
    kinds = published_kinds(plan)
    assert {
        (one.kpi, one.unit_kind, one.unit, one.period_kind, one.period): one.value
        for one in unit_values(got.days.values(), plan)
        if one.value is not None
        and one.period_kind in kinds[one.kpi]  # month is given always
        and not one.period_kind.startswith("rolling")
    } == {
        (row["kpi"], row["unit_kind"], row["unit"], row["period_kind"], row["period"]): fixed(row["value"])
        for row in want.units
    }
    return got


@examples(3)
@given(SEEDS)
def test_statements_are_the_sum_of_their_lines(seed):
    """What periods pay and what they earned are the same money, and a close changes nothing that it has paid."""
    plan, _, values = history(seed, rolling=False)
    report = report_of(plan, run(plan, values, 7), lambda number: ("", number))
    amounts = [(one["employee"], one["period_kind"], Decimal(one["amount"]), one) for one in report["statements"]]
    lines: dict[tuple, Decimal] = {}
    for line in report["earnings"]:
        for name in ("period", "posted_in"):
            key = (name, line["employee"], line["period_kind"], line[name])
            lines[key] = lines.get(key, Decimal(0)) + Decimal(line["amount"])
    for employee, kind, amount, one in amounts:
        assert amount == lines.get(("posted_in", employee, kind, one["period"]), 0)
        assert Decimal(one["earned"]) == lines.get(("period", employee, kind, one["period"]), 0)
    assert sum(amount for _, _, amount, _ in amounts) == sum(Decimal(one["earned"]) for *_, one in amounts)


def comparable(result: BacktestResult) -> tuple:
    """Everything but the places in the internal logs, which differ where blocks are cut differently."""
    places = {"line_id", "offset", "index"}
    awards = [(award.award_id, award.state, award.evidence, award.gap, award.cause) for award in result.awards]
    lines = [{name: value for name, value in line.items() if name not in places} for line in result.earnings]
    outcomes = [json.loads(value) | {"version": 0} for value in result.outcomes.values()]
    return awards, lines, result.days, result.periods, result.dead_letters, outcomes


@examples(3)
@given(SEEDS, st.sampled_from([2, 7, 1000]))
def test_law_1_batching_does_not_matter(seed, batch):
    plan, _, values = history(seed)
    assert comparable(run(plan, values, batch)) == comparable(run(plan, values, 1))


def credit_records(plan, values: list[bytes]) -> list[Out]:
    """The credits log of a history."""
    kept: list[Out] = []

    class Tapped(Backtest):
        def _absorb(self, outs: list[Out]) -> list[Out]:
            kept.extend(out for out in outs if out.topic == "credits")
            return super()._absorb(outs)

    test = Tapped()
    test.apply(plan, "control")
    test.feed(values, 3)
    return kept


@examples(3)
@given(SEEDS, st.data())
def test_law_2_a_restart_changes_nothing(seed, data):
    """Fold the credits log with a restart from checkpoints at any place, re-folding what came after the checkpoint."""
    dice = Random(seed)
    check_restart(dice, random_plan(dice), random_plan(dice, version=2), data)


def check_restart(dice: Random, plan, changed, data, generate=random_events) -> None:
    """A history under ``plan``, then ``changed``, in which a checkpoint is gone back to."""
    changed = changed.model_copy(update={"currency": plan.currency, "timezone": plan.timezone})
    values = [json.dumps(event).encode() for event in generate(dice, plan.currency)]
    credits = credit_records(plan, values)
    controls = [
        Out("credits", encode_control(PlanApplied(id=str(at), plan=one)), headers=(("kind", b"control"),))
        for at, one in enumerate((plan, changed))
    ]
    closes = [
        Out("credits", encode_control(PeriodClosed.of(plan, kind, key)), headers=(("kind", b"control"),))
        for kind, key in dice.sample([("month", "2026-03"), ("week", "2026-W10"), ("season", "s1")], dice.randint(0, 2))
    ]
    middle = len(credits) // 2
    log = [controls[0], *credits[:middle], controls[1], *credits[middle:]]
    for close in closes:
        log.insert(dice.randint(1, len(log)), close)
    cut = data.draw(st.integers(0, len(log)))
    saves = data.draw(st.lists(st.integers(0, cut), max_size=3).map(sorted))

    straight = Performance(0, 1)
    expected = folded(straight, log, 0, len(log))
    first, rows, outs = Performance(0, 1), {}, []
    done = 0
    for save in saves:
        outs += folded(first, log, done, save)
        rows |= first.dirty_rows()
        done = save
    restarted = Performance(0, 1)
    if saves:
        restarted.restore({key: value for key, value in rows.items() if value})
    outs += folded(restarted, log, done, len(log))
    assert results(outs) == results(expected)
    for stage in (straight, restarted):  # whatever was published before, the absolute values are the same
        stage.updates()
        if stage.engine:
            stage.engine.mark_all_dirty()
    assert published(restarted) == published(straight)


def folded(stage: Performance, log: list[Out], start: int, end: int) -> list[Out]:
    """Fold records one by one; among the results what a change of plan takes back of KPIs that it has not."""
    outs = []
    for offset in range(start, end):
        record = MemoryRecord(offset, log[offset].value, log[offset].headers)
        outs += stage.fold(RecordBatch("credits", 0, [record]))
        held, stage.publisher._held = stage.publisher._held, []
        outs += [] if b"close" in record.value[:20] else held
    return outs


def results(outs: list[Out]) -> list:
    return [decode_block(out.value)[0].to_pylist() if out.topic in ("earnings", "kpi-updates") else out for out in outs]


def published(stage: Performance) -> list:
    rows = [row for out in stage.updates() for row in decode_block(out.value)[0].to_pylist()]
    return sorted(map(repr, rows))
