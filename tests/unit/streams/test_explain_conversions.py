"""What converted amounts were, and at which rate of which plan, as explanations find it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from infra.explain.from_backtest import BacktestEvidence
from infra.explain.speaking import Speaker
from infra.explain.telling import Teller
from schemas.event_fields import FOLLOWING
from schemas.money import SCALE, to_fixed
from schemas.plan import Plan
from streams.explain.conversions import Original, with_conversions
from streams.explain.credits import Conversion, Credit, sale_of
from streams.explain.history import Evidence
from streams.explain.period import explain_period
from streams.explain.plan_history import PlanHistory
from tests.depth import examples
from tests.generated import random_events, random_plan
from tests.recorded_log import recorded_log
from tests.reference_credits import credit

KPIS = [
    {"id": "sold", "name": "S", "aggregate": "sum", "events": ["sale", "refund"], "field": "amount"},
    {"id": "many", "name": "M", "aggregate": "count", "events": ["sale"]},
]


def plan(version: int, rates: list[dict], **more: object) -> Plan:
    people = [{"id": "E1", "role": "rep"}, {"id": "E2", "role": "rep"}]
    return Plan.model_validate({
        "plan": "p", "version": version, "timezone": "Asia/Shanghai", "currency": "CNY", "kpis": KPIS, "rates": rates,
        "organisation": {"company": "c", "departments": [{"id": "d", "teams": [{"id": "t", "employees": people}]}]},
        "awards": [
            {"kind": "tiers", "id": "money", "name": "A", "kpi": "sold", "period": "month", "pays": "slab",
             "tiers": [{"value": 0, "rate": "1%"}]},
            {"kind": "threshold", "id": "number", "name": "B", "period": "month", "all": [{"kpi": "many", "value": 9}]},
            {"kind": "spiff", "id": "each", "name": "C", "period": "month", "events": ["sale"], "field": "amount",
             "rate": "2%"},
        ],
    } | more)  # fmt: skip


def rate(value: str, since: str = "2026-03-01", currency: str = "USD") -> dict:
    return {"currency": currency, "date": since, "rate": value}


def event(type_: str, id: str, time: str, amount: str = "", currency: str = "USD", **data: object) -> dict:
    data |= {"amount": amount, "currency": currency} if amount else {}
    data |= {} if type_ in FOLLOWING or "splits" in data else {"employee": "E1"}
    return {"specversion": "1.0", "source": "s", "type": type_, "id": id, "time": time, "data": data}


def converted(evidence: Evidence) -> dict[str, Conversion | None]:
    return {credit.id: credit.converted for credit in evidence.credits}


def test_what_comes_about_a_sale_has_the_rate_of_the_plan_by_which_that_was_converted():
    history = [
        event("sale", "a", "2026-03-02T15:59:59Z", "100"),
        event("sale", "own", "2026-03-02T10:00:00Z", "100", "CNY"),
        {"control": "plan"},
        event("refund", "r", "2026-03-20T10:00:00Z", "40.05", sale_id="a"),
        event("sale", "b", "2026-03-02T16:00:00Z", "100"),
        event("cancellation", "gone", "2026-03-20T10:00:00Z", sale_id="b"),
    ]
    rates = [rate("7", "2026-03-01"), rate("7.5", "2026-03-03")]
    later = plan(2, [rate("8", "2026-03-01"), rate("8.0001", "2026-03-03")])
    evidence = recorded_log(plan(1, rates), history, 1, later).of("E1")
    assert converted(evidence) == {
        "a": Conversion(100 * SCALE, "USD", Decimal(7), date(2026, 3, 1)),
        "own": None,
        "r": Conversion(400_500, "USD", Decimal(7), date(2026, 3, 1)),
        "b": Conversion(100 * SCALE, "USD", Decimal("8.0001"), date(2026, 3, 3)),
        "gone": None,  # it has no amount of its own
    }


def test_a_cap_is_told_and_a_share_is_one_of_the_converted_amount():
    splits = [{"employee": "E1", "percent": "33.33"}, {"employee": "E2", "percent": "66.67"}]
    history = [
        event("sale", "big", "2026-03-02T10:00:00Z", "1000", splits=splits),
        event("refund", "r", "2026-03-03T10:00:00Z", "950", sale_id="big"),
        event("sale", "small", "2026-03-02T10:00:00Z", "0.07", splits=splits),
    ]
    given = plan(1, [rate("7.1234")], crediting={"guards": [{"cap": 5000}]})
    source = BacktestEvidence(given, lambda run: run.feed([json.dumps(one).encode() for one in history]))
    at = Decimal("7.1234"), date(2026, 3, 1)
    for employee in ("E1", "E2"):
        assert converted(source.of(employee)) == {
            "big": Conversion(1000 * SCALE, "USD", *at, 5000 * SCALE),
            "r": Conversion(950 * SCALE, "USD", *at, 5000 * SCALE),
            "small": Conversion(700, "USD", *at),
        }
    (big, *_) = source.of("E1").credits
    told = [Speaker(given, language).came(big) for language in ("en", "zh")]
    assert told == [
        " (1,000.00 USD at 7.1234, the rate since 1 March 2026; up to 5,000.00 CNY counts)",
        "（1,000.00 美元，按2026年3月1日起的汇率 7.1234 折算，最多计入 5,000.00 元）",
    ]


def test_it_is_told_where_amounts_count_and_not_where_events_are_counted():
    history = [event("sale", "a", "2026-03-02T10:00:00Z", "100")]
    given = plan(1, [rate("7")])
    source = BacktestEvidence(given, lambda run: run.feed([json.dumps(one).encode() for one in history]))
    found = {one.rule.id: one for one in explain_period(source.of("E1"), "2026-03")}
    told = {name: "\n".join(Teller(given, "en").rule(one, "2026-03")) for name, one in found.items()}
    was = "sale a (100.00 USD at 7, the rate since 1 March 2026)"
    assert f"{was}  +700" in told["money"] and f"{was} (amount 700)  14.00 CNY" in told["each"]
    assert "sale a  +1" in told["number"]


def test_what_no_rate_leads_to_is_told_without():
    """The copy that counted came behind a dead letter with another amount."""
    wrong = Credit(0, "s", "a", "sale", 0, "E1", 1_000_000, {"amount": 7_000_100, "currency": "CNY"})
    right = replace(wrong, fields=wrong.fields | {"amount": 7_000_000})
    originals = {("s", "a"): Original(1_000_000, "USD", 1_772_445_600_000)}
    found = with_conversions([wrong, right], originals, plan(1, [rate("7")]), PlanHistory())
    assert [one.converted and one.converted.rate for one in found] == [None, 7]
    assert Speaker(plan(1, []), "en").came(found[0]) == ""


@examples(12)
@example(46636)  # a copy in another currency behind the event in the plan's own
@given(st.integers(0, 2**32))
def test_every_credit_of_an_event_in_another_currency_has_the_rate_of_its_day_and_no_other_has(seed):
    dice = Random(seed)
    plan = random_plan(dice)
    events = random_events(dice, plan.currency)
    source = BacktestEvidence(plan, lambda run: run.feed([json.dumps(one).encode() for one in events]))
    outcomes = credit(plan, events).outcomes
    first = {(one["source"], one["id"]): at for at, one in reversed(list(enumerate(events)))}
    by_id = {name: events[at] for name, at in first.items() if outcomes[at] == "applied"}
    for one in (one for employee in ("E1", "E2", "E3") for one in source.of(employee).credits):
        event = by_id.get((one.source, one.id))
        if event is None or (one.type in FOLLOWING and sale_of(one) not in by_id):
            continue  # a copy behind a dead letter
        if event["data"].get("currency", plan.currency) == plan.currency:
            assert one.converted is None
            continue
        sold = by_id[sale_of(one)] if one.type in FOLLOWING else event
        day = datetime.fromisoformat(sold["time"]).astimezone(ZoneInfo(plan.timezone)).date()
        rate = max((each for each in plan.rates if each.date <= day), key=lambda each: each.date)
        assert (one.converted.rate, one.converted.since) == (rate.rate, rate.date), event
        assert one.converted.amount == to_fixed(Decimal(str(event["data"]["amount"])))
