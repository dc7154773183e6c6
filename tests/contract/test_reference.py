# ruff: noqa: E501
"""The naive reference on histories small enough to work out by hand: what the worked examples leave open."""

from __future__ import annotations

import pytest

from schemas.plan import Plan
from tests import reference

ORGANISATION = {
    "company": "acme",
    "departments": [
        {"id": "d", "teams": [
            {"id": "t1", "employees": [{"id": "E1", "role": "rep"}, {"id": "E2", "role": "rep"}]},
            {"id": "t2", "employees": [{"id": "E3", "role": "agent"}]},
        ]},
    ],
}  # fmt: skip
REVENUE = {"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale", "refund"], "field": "amount"}
MINUTES = {"id": "minutes", "name": "M", "aggregate": "mean", "events": ["ticket_resolved"], "field": "minutes",
           "direction": "down"}  # fmt: skip


def plan(*kpis: dict, awards=(), targets=(), **settings) -> Plan:
    return Plan.model_validate(
        {"plan": "p", "timezone": "Asia/Shanghai", "currency": "CNY", "organisation": ORGANISATION}
        | {"kpis": kpis, "targets": targets, "awards": awards}
        | settings
    )


def event(id_: str, type_: str, day: str, **data) -> dict:
    return {"source": "s", "id": id_, "type": type_, "time": f"2026-{day}T10:00:00+08:00", "data": data}


def sale(id_: str, day: str, amount: str, employee: str = "E1", currency: str = "CNY", **more) -> dict:
    return event(id_, "sale", day, employee=employee, amount=amount, currency=currency, **more)


def refund(id_: str, day: str, of: str, amount: str) -> dict:
    return event(id_, "refund", day, sale_id=of, amount=amount, currency="CNY")


def split(id_: str, amount: str, **percents) -> dict:
    splits = [{"employee": employee, "percent": percent} for employee, percent in percents.items()]
    return event(id_, "sale", "03-02", splits=splits, amount=amount, currency="CNY")


def value(outcome: reference.Outcome, **wanted) -> str:
    rows = outcome.kpis if "employee" in wanted else outcome.units
    (found,) = [row for row in rows if all(row[name] == text for name, text in wanted.items())]
    return found["value"]


def changes(outcome: reference.Outcome) -> list[tuple]:
    return [(one["tier"], one["sequence"], one["state"], one["cause"]["id"]) for one in outcome.awards]


def test_each_event_ends_as_exactly_one_thing():
    events = [
        refund("r1", "03-03", "s1", "10"), sale("s1", "03-02", "100"), sale("s1", "03-02", "100"),
        sale("s2", "03-02", "5", employee="E9"), sale("s3", "03-02", "5", currency="EUR"),
        refund("r2", "03-03", "s1", "90.01"), refund("r3", "03-03", "nowhere", "1"),
    ]  # fmt: skip
    outcome = reference.run(plan(REVENUE | {"periods": ["month"]}), events)
    assert outcome.outcomes() == {"applied": 2, "duplicate": 1, "dead_lettered": 3, "parked": 1}
    assert outcome.crediting.dead_letters == [(3, "unknown_employee"), (4, "currency"), (5, "exceeds_sale")]
    assert value(outcome, kpi="revenue", employee="E1") == "90.0000"


@pytest.mark.parametrize(
    "dated, march, april", [("refund", "100.0000", "-40.0000"), ("sale", "60.0000", None)]
)
def test_a_refund_counts_on_the_day_that_the_plan_says(dated, march, april):
    crediting = {"refund_date": dated, "horizon_days": 35}
    outcome = reference.run(
        plan(REVENUE | {"periods": ["month"]}, crediting=crediting),
        [sale("s1", "03-31", "100"), refund("r1", "04-01", "s1", "40")],
    )
    found = {row["period"]: row["value"] for row in outcome.kpis}
    assert found == ({"2026-03": march} | ({"2026-04": april} if april else {}))


def test_refunds_follow_the_split_of_the_total_refunded():
    events = [split("s1", "0.10", E1=50, E2=50)] + [refund(f"r{n}", "03-03", "s1", "0.01") for n in range(3)]
    outcome = reference.run(plan(REVENUE | {"periods": ["month"]}), events)
    parts = [(one.employee, one.fields["amount"]) for one in outcome.crediting.credits[2:]]
    assert parts == [("E1", -100), ("E2", 0), ("E1", 0), ("E2", -100), ("E1", -100), ("E2", 0)]


def test_a_shared_event_counts_once_in_a_unit():
    count = {"id": "n", "name": "N", "aggregate": "count", "events": ["sale"], "periods": ["month"]}
    mean = REVENUE | {"id": "mean", "aggregate": "mean", "periods": ["month"], "events": ["sale"]}
    outcome = reference.run(
        plan(count, mean), [split("s1", "90", E1=50, E2=30, E3=20), sale("s2", "03-02", "10")]
    )
    found = {(row["kpi"], row["unit"]): row["value"] for row in outcome.units}
    assert found == {
        ("n", "t1"): "2.0000", ("n", "t2"): "1.0000", ("n", "d"): "2.0000", ("n", "acme"): "2.0000",
        ("mean", "t1"): "41.0000", ("mean", "t2"): "18.0000", ("mean", "d"): "50.0000", ("mean", "acme"): "50.0000",
    }  # fmt: skip
    assert value(outcome, kpi="n", employee="E2") == "1.0000"


def tiers(kpi: str, pays: str, *bounds: dict, **settings) -> dict:
    return {"kind": "tiers", "id": "a", "name": "A", "kpi": kpi, "period": "month", "pays": pays,
            "tiers": bounds} | settings  # fmt: skip


def test_lower_is_better_with_bounds_on_the_value():
    award = tiers("minutes", "flat", {"value": 60, "amount": 100}, {"value": 30, "amount": 250})
    tickets = [
        event(f"t{n}", "ticket_resolved", "03-02", employee="E3", minutes=m)
        for n, m in enumerate((90, 30, 0, 0))
    ]
    outcome = reference.run(plan(MINUTES, awards=[award]), tickets)
    assert changes(outcome) == [(0, 1, "final", "t1"), (1, 1, "final", "t3")]  # means 90, 60, 40, 30
    assert [line["amount"] for line in outcome.earnings] == ["100.00", "150.00"]


def test_attainment_where_lower_is_better_and_the_value_is_nothing():
    award = tiers("minutes", "nothing", {"attainment": "100%"}, {"attainment": "150%"})
    target = {"kpi": "minutes", "period": "month", "value": 60}
    ticket = event("t", "ticket_resolved", "03-02", employee="E3", minutes=0)
    assert [
        tier for tier, *_ in changes(reference.run(plan(MINUTES, awards=[award], targets=[target]), [ticket]))
    ] == [0]
    generous = MINUTES | {"attainment_at_zero": "150%"}
    outcome = reference.run(plan(generous, awards=[award], targets=[target]), [ticket])
    assert [tier for tier, *_ in changes(outcome)] == [0, 1]


@pytest.mark.parametrize("target", [[], [{"kpi": "revenue", "period": "month", "value": 0}]])
def test_without_a_target_there_is_no_attainment_and_no_money(target):
    award = tiers("revenue", "slab", {"attainment": "0%", "rate": "1%"}, {"attainment": "100%", "rate": "2%"})
    outcome = reference.run(plan(REVENUE, awards=[award], targets=target), [sale("s1", "03-02", "100")])
    assert outcome.awards == outcome.earnings == []


HISTORY = [
    sale("s1", "03-02", "100"),
    sale("s2", "03-03", "150"),
    refund("r1", "03-04", "s2", "120"),
    sale("s3", "03-05", "80"),
]
BOUNDS = {"value": 100, "amount": 10}, {"value": 200, "amount": 30}


@pytest.mark.parametrize("settings, expected, amounts", [
    ({}, [(0, 1, "final", "s1"), (1, 1, "final", "s2"), (1, 1, "revoked", "r1")], ["10.00", "20.00", "-20.00", "20.00"]),
    ({"rearm": True}, [(0, 1, "final", "s1"), (1, 1, "final", "s2"), (1, 1, "revoked", "r1"), (1, 2, "final", "s3")],
     ["10.00", "20.00", "-20.00", "20.00"]),
    ({"settle": "sticky"}, [(0, 1, "final", "s1"), (1, 1, "final", "s2")], ["10.00", "20.00"]),
    ({"settle": "period_end"}, [(0, 1, "provisional", "s1"), (1, 1, "provisional", "s2"), (1, 1, "revoked", "r1")],
     ["10.00", "20.00", "-20.00", "20.00"]),
])  # fmt: skip
def test_settling_of_a_flat_table(settings, expected, amounts):
    outcome = reference.run(plan(REVENUE, awards=[tiers("revenue", "flat", *BOUNDS, **settings)]), HISTORY)
    assert changes(outcome) == expected
    assert [line["amount"] for line in outcome.earnings] == amounts


def test_a_rolling_award_runs_on_with_the_latest_day():
    award = tiers("revenue", "nothing", {"value": 200}, period="rolling_7d", rearm=True)
    visits = {"id": "visits", "name": "V", "aggregate": "count", "events": ["visit"]}
    events = [
        sale("s1", "03-01", "100"), sale("s2", "03-07", "100"),  # both within 1 to 7 March
        event("v1", "visit", "03-20", employee="E1"),  # another KPI's: this one's window stays
        sale("s3", "03-08", "50"),  # moves the window on: s1 falls out
        sale("s4", "03-09", "100"), sale("s5", "03-02", "5"),
    ]  # fmt: skip
    outcome = reference.run(plan(REVENUE, visits, awards=[award]), events)
    assert changes(outcome) == [(0, 1, "final", "s2"), (0, 1, "revoked", "s3"), (0, 2, "final", "s4")]
    assert {one["period"] for one in outcome.awards} == {"rolling"}


def test_awards_are_for_their_roles():
    award = tiers("revenue", "nothing", {"value": 1}, roles=["agent"])
    events = [sale("s1", "03-02", "5"), sale("s2", "03-02", "5", employee="E3")]
    assert [one["employee"] for one in reference.run(plan(REVENUE, awards=[award]), events).awards] == ["E3"]


@pytest.mark.parametrize("standing, earners", [("period_end", []), ("period_start", ["s1", "s2"])])
def test_a_period_sees_the_role_and_the_target_of_its_day(standing, earners):
    moves = [{"date": "2026-03-16", "team": "t2", "role": "agent"}, {"date": "2026-05-01", "role": "rep"}]
    moving = {"company": "acme", "standing": standing, "departments": [
        {"id": "d", "teams": [{"id": "t1", "employees": [{"id": "E1", "role": "rep", "moves": moves}]}, {"id": "t2"}]}]}  # fmt: skip
    targets = [{"kpi": "revenue", "period": "month", "value": 100, "role": "rep"},
               {"kpi": "revenue", "period": "month", "value": 1000}]  # fmt: skip
    award = tiers("revenue", "flat", {"value": 100, "amount": 10}, {"value": 200, "amount": 20}, roles=["rep"])
    events = [sale("s1", "03-15", "100"), sale("s2", "03-16", "100")]
    outcome = reference.run(plan(REVENUE, organisation=moving, awards=[award], targets=targets), events)
    assert [one["cause"]["id"] for one in outcome.awards] == earners
    (row,) = outcome.kpis
    assert row["target"] == ("100.0000" if earners else "1000.0000")
    assert value(outcome, unit="t1") == value(outcome, unit="t2") == "100.0000"


def test_any_of_several_conditions_is_enough():
    award = {"kind": "threshold", "id": "a", "name": "A", "period": "month", "promotion": True, "any": [
        {"kpi": "revenue", "value": 100}, {"kpi": "minutes", "value": 30}]}  # fmt: skip
    events = [event("t1", "ticket_resolved", "03-02", employee="E1", minutes=20), sale("s1", "03-02", "100"),
              event("t2", "ticket_resolved", "03-02", employee="E1", minutes=90)]  # fmt: skip
    outcome = reference.run(plan(REVENUE, MINUTES, awards=[award]), events)
    assert [(one["kind"], *change) for one, change in zip(outcome.awards, changes(outcome), strict=True)] == [
        ("promotion", 0, 1, "final", "t1")
    ]
    assert outcome.earnings == []


@pytest.mark.parametrize(
    "aggregate, expected", [("min", "2.0000"), ("max", "9.5000"), ("sum", "16.5000"), ("mean", "5.5000")]
)
def test_aggregates_and_filters(aggregate, expected):
    kpi = {"id": "k", "name": "K", "aggregate": aggregate, "events": ["visit"], "field": "minutes", "periods": ["year"],
           "where": {"minutes": {"gte": 2, "lt": 100}, "customer": ["a", "b"]}}  # fmt: skip
    minutes = [("a", 2), ("b", "9.5"), ("a", 5), ("c", 50), ("a", 1), ("b", 100)]
    events = [
        event(f"v{n}", "visit", "03-02", employee="E1", customer=c, minutes=m)
        for n, (c, m) in enumerate(minutes)
    ]
    events.append(event("v", "visit", "03-02", employee="E1", minutes=5))
    assert value(reference.run(plan(kpi), events), employee="E1") == expected


def test_ratio_and_distinct():
    ratio = {"id": "ratio", "name": "R", "aggregate": "ratio", "events": ["lead"], "periods": ["month"],
             "numerator": {"where": {"converted": True}}, "denominator": {}}  # fmt: skip
    distinct = {"id": "distinct", "name": "D", "aggregate": "distinct", "events": ["lead"], "field": "customer",
                "periods": ["month"]}  # fmt: skip
    leads = [("a", True), ("b", False), ("a", False)]
    events = [
        event(f"l{n}", "lead", "03-02", employee="E1", customer=c, converted=x)
        for n, (c, x) in enumerate(leads)
    ]
    outcome = reference.run(plan(ratio, distinct), events)
    assert value(outcome, kpi="ratio", employee="E1") == "0.3333"
    assert value(outcome, kpi="distinct", employee="E1") == "2.0000"
