"""The simulator: reproducible, valid, and of the shape it promises."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from statistics import mean
from threading import Event as Stop

import msgspec
import pytest

from infra.ingest.event_check import EventCheck
from infra.ingest.sim_clock import TimeText, times_of_day
from infra.ingest.sim_company import generate_plan
from infra.ingest.sim_people import activities_of_role, kind_of_role
from infra.ingest.sim_records import BREAKAGES, Limits, encode, records, simulated_lines
from infra.ingest.simulate import Shares, arrivals, simulate
from schemas.plan import Plan
from schemas.plan_checks import check

START = date(2026, 1, 5)
PLAN = generate_plan(40, 7)


@pytest.fixture(scope="module")
def month():
    """Thirty days of forty people."""
    return list(arrivals(PLAN, 1, START, 30, 600))


def ms(event):
    return int(datetime.fromisoformat(event["time"]).timestamp() * 1000)


def test_the_same_seed_gives_the_same_events_and_another_seed_others(month):
    assert list(arrivals(PLAN, 1, START, 30, 600)) == month
    other = [event for _, event in arrivals(PLAN, 2, START, 30, 600)]
    assert {e["source"] for e in other}.isdisjoint(e["source"] for _, e in month)
    assert [e["data"] for e in other[:50]] != [e["data"] for _, e in month[:50]]


def test_every_event_is_valid_for_intake(month):
    valid = EventCheck(PLAN)
    for _, event in month:
        valid(event)


def test_arrivals_ascend_and_no_event_arrives_before_it_happens(month):
    times = [arrival for arrival, _ in month]
    assert times == sorted(times)
    assert all(arrival >= ms(event) for arrival, event in month)


def test_some_arrive_late_and_some_twice_with_equal_content(month):
    number = len(month)
    firsts, again = {}, 0
    for _, event in month:
        if event["id"] in firsts:
            again += 1
            assert firsts[event["id"]] == event
        firsts[event["id"]] = event
    assert 0.005 < again / number < 0.015
    late = sum(arrival > ms(event) for arrival, event in month) - again
    assert 0.012 < late / number < 0.03


def test_refunds_name_an_earlier_sale_and_stay_within_its_amount(month):
    sales = {event["id"]: event for _, event in month if event["type"] == "sale"}
    refunds = {event["id"]: event for _, event in month if event["type"] == "refund"}
    assert 0.01 < len(refunds) / len(sales) < 0.04
    for refund in refunds.values():
        sale = sales[refund["data"]["sale_id"]]
        assert 0 < refund["data"]["amount"] <= sale["data"]["amount"]
        assert ms(refund) - ms(sale) >= 24 * 3600 * 1000


def test_ids_are_readable_and_count_up_by_type(month):
    ids = {event["id"] for _, event in month if event["type"] == "sale"}
    assert ids == {f"sim-sale-{number:06}" for number in range(1, len(ids) + 1)}


def test_working_days_are_busier_than_sundays_and_noon_than_midnight(month):
    zone = 8 * 3600 * 1000
    moments = [datetime.fromtimestamp((ms(event) + zone) / 1000, UTC) for _, event in month]
    weekdays, hours = Counter(m.weekday() for m in moments), Counter(m.hour for m in moments)
    assert weekdays[6] < weekdays[2] / 2
    assert hours[3] < hours[10] / 10


def test_survey_scores_belong_to_the_person():
    scores = defaultdict(list)
    for event in simulate(PLAN, 3, START, 60, 2000):
        if event["type"] == "survey_answer":
            scores[event["data"]["employee"]].append(event["data"]["score"])
    halves = [(mean(s[: len(s) // 2]), mean(s[len(s) // 2:])) for s in scores.values() if len(s) > 60]
    assert len(halves) > 10
    assert all(abs(first - second) < 9 for first, second in halves)  # the same person answers alike
    assert max(first for first, _ in halves) - min(first for first, _ in halves) > 12  # people differ


def test_revenue_targets_are_within_reach():
    revenue = defaultdict(Decimal)
    for event in simulate(PLAN, 5, date(2026, 3, 1), 31, 800, Shares(split=0, duplicate=0)):
        if event["type"] == "sale":
            revenue[event["data"]["employee"]] += event["data"]["amount"]
    reached = sum(total >= 100_000 for total in revenue.values())
    assert 0 < reached < len(revenue)


def test_no_decimals_for_a_currency_without_them_and_no_float_anywhere(month):
    yen = generate_plan(5, 1, "Asia/Tokyo", "JPY")
    amounts = [e["data"]["amount"] for e in islice(simulate(yen, 1, START), 300) if "amount" in e["data"]]
    assert amounts
    assert all(type(amount) is int for amount in amounts)
    assert not any(type(value) is float for _, event in month for value in event["data"].values())


@pytest.mark.parametrize("employees", [1, 3, 10, 333])
def test_a_made_up_company_is_a_valid_plan_of_its_size(employees):
    plan = generate_plan(employees, 1)
    assert check(plan) == []
    teams = [team for unit in plan.organisation.departments for team in unit.teams]
    assert sum(len(team.employees) for team in teams) == employees
    assert generate_plan(employees, 1) == plan


def test_a_plan_without_people_is_an_error():
    empty = Plan.model_validate(PLAN.model_dump(mode="json") | {"organisation": {"company": "x", "departments": []}})
    with pytest.raises(ValueError, match="no employees"):
        next(simulate(empty, 1, START))


def test_roles_do_what_their_targets_measure():
    assert kind_of_role("senior-sales-rep") == "sales"
    assert kind_of_role("rep") == "sales"
    assert kind_of_role("repairer") == "general"
    document = PLAN.model_dump(mode="json", exclude_unset=True)
    document["events"] = {"audit_done": {"fields": {"points": "number", "ok": "boolean", "site": "string"}}}
    document["kpis"].append({"id": "audits", "name": "Audits", "aggregate": "count", "events": ["audit_done"]})
    document["targets"].append({"kpi": "audits", "period": "month", "value": 5, "role": "auditor"})
    plan = Plan.model_validate(document)
    assert "audit_done" in activities_of_role(plan, "auditor")
    assert "sale" not in activities_of_role(plan, "auditor")
    assert "audit_done" not in activities_of_role(plan, "sales")


def test_count_days_and_rate_spread_the_simulated_time_over_the_run():
    today = date(2026, 6, 30)
    assert Limits(count=9000).settled(None, today) == Limits(date(2026, 4, 1), 90, 100.0, 9000)
    assert Limits(duration=60).settled(300, today).events_per_day == 200
    assert Limits(speedup=86_400).settled(500, today).events_per_day == 500
    assert Limits(start=START, days=10).settled(None, today) == Limits(start=START, days=10)


def test_broken_records_come_on_top_and_leave_the_events_as_they_are():
    good = list(records(PLAN, 1, Limits(START, 3, 500)))
    mixed = list(records(PLAN, 1, Limits(START, 3, 500, bad=0.1)))
    assert [record for record in mixed if record in set(good)] == good
    assert 0.05 < (len(mixed) - len(good)) / len(good) < 0.15
    assert all(b"\n" not in value for _, _, value in mixed)


@pytest.mark.parametrize("number", range(len(BREAKAGES)))
def test_each_breakage_is_refused(number):
    event = next(e for e in simulate(PLAN, 1, START) if e["type"] == "sale")
    broken = BREAKAGES[number](event)
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError, ValueError, TypeError, KeyError)):
        EventCheck(PLAN)(msgspec.json.decode(broken))


def test_a_stop_ends_the_lines():
    stop = Stop()
    lines = simulated_lines(PLAN, 1, None, stop, Limits(START))
    assert msgspec.json.decode(next(lines))["specversion"] == "1.0"
    stop.set()
    assert sum(1 for _ in lines) < 100


def test_encoding_keeps_amounts_exact():
    assert encode({"amount": Decimal("12345.60")}) == b'{"amount":12345.60}'


def test_times_as_text_and_in_order():
    text = TimeText()
    for moment in (0, 1, 86_399_999, 86_400_000, 1_767_571_200_123, 5):
        assert text(moment) == datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace(
            "+00:00", "Z")
    from random import Random
    from zoneinfo import ZoneInfo
    times = times_of_day(date(2026, 3, 29), ZoneInfo("Europe/Berlin"), 500, Random(1))
    assert times == sorted(times)
    assert times[0] >= datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp() * 1000
