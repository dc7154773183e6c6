"""How awards say their bounds: as a person would write them, percent with its sign."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.money import SCALE
from schemas.plan import Kpi, Plan
from schemas.results import Award
from streams.backtest import Backtest
from streams.performance.award_records import bound_text, decimal_text, evidence, gap_to, number_text, percent_text
from streams.performance.ladder import NO_TARGET, attainment_of, value_of, value_scale
from tests.depth import examples

ON_TIME = {
    "id": "on-time",
    "name": "On time",
    "aggregate": "ratio",
    "events": ["delivery"],
    "numerator": {"where": {"on_time": True}},
    "denominator": {},
    "unit": "percent",
}
VOLUME = {"id": "volume", "name": "Volume", "aggregate": "sum", "events": ["delivery"], "field": "quantity"}


def awards_of(*awards: dict) -> list[Award]:
    """What three deliveries lead to, of which two are on time: 66.6667 %, 30 pieces."""
    team = {"id": "t", "employees": [{"id": "E1", "role": "driver"}]}
    plan = Plan.model_validate(
        {
            "plan": "p",
            "timezone": "UTC",
            "currency": "CNY",
            "organisation": {"company": "c", "departments": [{"id": "d", "teams": [team]}]},
            "kpis": [ON_TIME, VOLUME],
            "awards": [{"name": "A", "period": "month"} | award for award in awards],
        }
    )
    run = Backtest()
    run.apply(plan)
    run.feed([delivery(number, number != 0) for number in range(3)], 1)
    return run.finish().awards


def delivery(number: int, on_time: bool) -> bytes:
    data = {"employee": "E1", "on_time": on_time, "quantity": 10}
    event = {"specversion": "1.0", "source": "s", "id": f"d{number}", "type": "delivery", "data": data}
    return json.dumps(event | {"time": f"2026-03-0{number + 1}T12:00:00Z"}).encode()


@pytest.mark.parametrize(
    ("number", "text"), [("90.00", "90"), ("100000", "100000"), ("0.50", "0.5"), ("0.0", "0")]
)
def test_numbers_have_no_trailing_zeros(number, text):
    assert number_text(Decimal(number)) == text
    assert percent_text(Decimal(number) / 100) == f"{text}%"


@pytest.mark.parametrize(
    ("kpi", "by", "bound", "text"),
    [
        (ON_TIME, "value", "95.00", "95%"),
        (ON_TIME, "value", "97.5", "97.5%"),
        (ON_TIME, "attainment", "1.050", "105%"),
        (VOLUME, "value", "20.00", "20"),
        (VOLUME, "attainment", "0.8", "80%"),
    ],
)
def test_values_of_unit_percent_have_the_sign(kpi, by, bound, text):
    assert bound_text(Kpi.model_validate(kpi), Decimal(bound), by) == text


def test_tiers_on_a_percentage():
    tiers = [
        {"value": "50%", "amount": "10.00"},
        {"value": "66.6", "amount": "20.50"},
        {"value": "90.0%", "amount": 30},
    ]
    rule = {"id": "punctual", "kind": "tiers", "kpi": "on-time", "pays": "flat", "tiers": tiers}
    *_, sampled = awards_of(rule | {"min_sample": 2})
    assert (sampled.threshold, sampled.next_tier) == ("66.6% (at least 2)", "90%")
    last = awards_of(rule)[-1]
    assert (last.threshold, last.next_tier, last.gap) == ("66.6%", "90%", "23.3333")
    assert (last.pays, last.amount) == ("20.5", "20.5")
    assert (last.evidence[0].value, last.evidence[0].attainment) == ("66.6667", None)


@pytest.mark.parametrize(
    ("direction", "value", "gap"), [("up", 4, "2"), ("up", 7, "0"), ("down", 7, "1"), ("down", 5, "0")]
)
def test_nothing_is_missing_to_a_tier_that_was_passed_at_once(direction, value, gap):
    kpi = Kpi.model_validate(VOLUME | {"direction": direction})
    assert gap_to(kpi, Decimal(6), "value", value * 10_000, 10_000, -1) == gap


def test_conditions_on_a_percentage():
    conditions = [{"kpi": "on-time", "value": "60%", "min_sample": 2}, {"kpi": "volume", "value": "30.0"}]
    (award,) = awards_of({"id": "steady", "kind": "threshold", "all": conditions, "bonus": "100.00"})
    assert award.threshold == "on-time 60% (at least 2) and volume 30"
    assert (award.pays, award.amount) == ("100", "100")
    assert [seen.value for seen in award.evidence] == ["66.6667", "30"]
    assert [seen.name for seen in award.evidence] == [{"en": "On time"}, {"en": "Volume"}]
    assert [seen.unit for seen in award.evidence] == ["percent", "number"]


def kpi_of(aggregate: str, unit: str, direction: str) -> Kpi:
    measured = ON_TIME if aggregate == "ratio" else VOLUME | {"aggregate": aggregate}
    at_zero = {"attainment_at_zero": "150%"} if direction == "down" else {}
    return Kpi.model_validate(measured | at_zero | {"unit": unit, "direction": direction})


@examples(200)
@given(
    st.builds(kpi_of, st.sampled_from(["sum", "mean", "max", "ratio"]), st.sampled_from(["number", "percent"]),
              st.sampled_from(["up", "down"])),
    st.integers(-(10**9), 10**12), st.integers(-2, 3).map(lambda many: many * 10_000),
    st.just(NO_TARGET) | st.integers(0, 10**9), st.sampled_from(["0.8", "1", "1.25", "33.3333"]),
)  # fmt: skip
def test_what_awards_say_is_what_fractions_give(kpi, num, den, target, bound):
    value = value_of(value_scale(kpi), num, den)
    attainment = attainment_of(kpi, value, target)
    seen = evidence(kpi, num, den, target)
    assert seen.value == decimal_text(value)
    assert seen.attainment == (None if attainment is None else decimal_text(attainment * SCALE))
    assert seen.target == (None if target == NO_TARGET else decimal_text(Fraction(target)))
    for by in ("value", "attainment") if target > 0 else ("value",):
        wanted = Fraction(bound) * SCALE if by == "value" else Fraction(bound) * target
        if by == "attainment" and kpi.direction == "down":
            wanted = target / Fraction(bound)
        gap = None
        if value is not None:
            gap = decimal_text(max(wanted - value if kpi.direction == "up" else value - wanted, Fraction(0)))
        assert gap_to(kpi, Decimal(bound), by, num, den, target) == gap
