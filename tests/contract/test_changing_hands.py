"""Sales that corrections give to others: counts, averages by count, SPIFFs and what sales were paid follow. Against
the naive reference, under any batching, across restarts, explained, for people and units.
"""

from __future__ import annotations

import json
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.plan import Plan
from tests.contract import test_rollups
from tests.contract.test_engine import SEEDS, check_against_reference, check_restart, comparable, run
from tests.contract.test_explain import agrees
from tests.depth import examples
from tests.generated import random_plan, with_closes
from tests.generated_awards import random_spiff
from tests.generated_units import random_unit_plan

_WEB = {"channel": ["web", "shop"]}
#: In place of the KPIs of the same ids.
_COUNTING = {
    "activity": {"aggregate": "count", "events": ["sale"]},
    "customers": {"aggregate": "count", "events": ["sale"], "where": {"amount": {"gte": 20}}, "field": None},
    "largest": {
        "aggregate": "sum", "events": ["sale", "refund", "correction"], "field": "amount",
        "where": {"amount": {"gte": 20, "lt": 50}},
    },
    "complaints": {"aggregate": "count", "events": ["sale", "correction"], "where": _WEB, "direction": "up"},
    "yield": {
        "aggregate": "ratio", "events": ["sale", "refund", "correction"], "numerator": {"field": "amount"},
        "denominator": {"events": ["sale"], "where": {"amount": {"gte": 10}}},
    },
}  # fmt: skip


def _counting(plan: Plan, dice: Random) -> Plan:
    """``plan`` about sales, with SPIFFs."""
    given_ = plan.model_dump(mode="json", exclude_none=True)
    for kpi in given_["kpis"]:
        kpi |= _COUNTING.get(kpi["id"], {})
    kinds = ["month", "week", "season", "day"]
    given_["awards"] += [random_spiff(dice, f"x{number}", kinds, []) for number in range(2)]
    given_["awards"].append(_as_paid(dice, dice.choice(kinds)))
    return Plan.model_validate(given_)


def _as_paid(dice: Random, period: str) -> dict:
    """A tier table by which every sale keeps the line that it was paid by, whoever has it."""
    tiers = [{"value": 0, "rate": "2%"}, {"value": 30, "rate": "5%"}, {"value": 60, "rate": "7.77%"}]
    return {
        "id": "own", "kind": "tiers", "name": "own", "kpi": "revenue", "period": period,
        "pays": dice.choice(["marginal", "slab"]), "settle": dice.choice(["live", "sticky"]), "clawback": "as_paid",
        "tiers": tiers[dice.randint(0, 1) :],
    }  # fmt: skip


def _plan(dice: Random, version: int = 1) -> Plan:
    return _counting(random_plan(dice, version=version), dice)


def _events(dice: Random, currency: str, most: int = 30, least: str = "0") -> list[dict]:
    events = []
    for number in range(dice.randint(1, most)):
        kind = dice.choice(["sale", "sale", "correction", "correction", "correction", "refund", "cancellation"])
        kind = "refund" if kind == "cancellation" and dice.random() < 0.6 else kind
        fields = {"channel": dice.choice(["web", "shop", "fair"])} if dice.random() < 0.6 else {}
        about = {} if kind == "sale" else {"sale_id": f"e{dice.randint(0, number)}"}
        money = {} if kind == "cancellation" else {
            "amount": dice.choice(["10", "33.33", "60", "9.99", least if kind == "sale" else "5"]),
            "currency": currency,
        }  # fmt: skip
        time = f"2026-03-{dice.randint(1, 10):02d}T{dice.randint(0, 23):02d}:30:00+00:00"
        data = fields | about | money | (_payees(dice, kind))
        events.append(
            {"specversion": "1.0", "source": "s", "id": f"e{number}", "type": kind, "time": time, "data": data}
        )
    return events


def _payees(dice: Random, kind: str) -> dict:
    if kind not in ("sale", "correction") or (kind == "correction" and dice.random() < 0.2):
        return {}
    if dice.random() < 0.6:
        return {"employee": dice.choice(["E1", "E2", "E3"])}
    shares = dice.choice([["50", "50"], ["66.67", "33.33"], ["33.34", "33.33", "33.33"]])
    people = dice.sample(["E1", "E2", "E3"], len(shares))
    return {"splits": [{"employee": one, "percent": share} for one, share in zip(people, shares, strict=True)]}


def _history(seed: int) -> tuple:
    dice = Random(seed)
    plan = _plan(dice)
    events = with_closes(dice, _events(dice, plan.currency))
    return plan, events, [json.dumps(event).encode() for event in events]


@examples(12)
@example(169, 1)  # a ratio whose denominator falls below 0 has no value
@example(4_294_967_295, 1)  # nor an attainment in a score
@example(140, 1)  # an overlay of a sale shares it from then on
@example(172, 3)  # and a batch in which somebody gets a sale and loses it
@given(SEEDS, st.sampled_from([1, 3, 1000]))
def test_engine_equals_the_reference(seed, batch):
    check_against_reference(*_history(seed), batch)


@examples(6)
@example(2701)  # all that a unit's scorecard counts in a week is a sale that changed hands within the unit
@example(320925)  # a department keeps a sale by other people, whose parts the filter sees otherwise
@example(247)  # a sticky table of a unit that has no score any more
@example(3)  # a window whose last day has nothing left
@given(SEEDS)
def test_units_equal_the_reference(seed):
    dice = Random(seed)
    given_ = random_unit_plan(dice).model_dump(mode="json", exclude_none=True)
    for kpi in given_["kpis"]:
        kpi |= _COUNTING.get(kpi["id"], {})
    plan = Plan.model_validate(given_)
    # a sale of nothing leaves no trace in the cells of a ratio, which a rolling window of the reference would see
    events = with_closes(dice, _events(dice, plan.currency, least="5"))
    test_rollups.check_against_reference(plan, events, [json.dumps(event).encode() for event in events])


@examples(6)
@given(SEEDS, st.sampled_from([2, 7, 1000]))
@example(4005311, 7)  # less than nothing for a while, to divide by, gave a score without a value
def test_batching_does_not_matter(seed, batch):
    plan, _, values = _history(seed)
    assert comparable(run(plan, values, batch)) == comparable(run(plan, values, 1))


@examples(6)
@given(SEEDS, st.data())
def test_a_restart_changes_nothing(seed, data):
    dice = Random(seed)
    check_restart(dice, _plan(dice), _plan(dice, version=2), data, _events)


@examples(4)
@given(SEEDS, st.sampled_from([1, 4, 1000]))
def test_explanations_agree(seed, batch):
    plan, events, _ = _history(seed)
    agrees(plan, events[:15], batch)
