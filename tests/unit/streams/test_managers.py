"""What managers have by the units that they lead: worked by hand, also when a new plan says otherwise who led."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.records import Out
from schemas.plan import Plan
from schemas.plan_file import load_plan
from schemas.topics import AWARDS
from streams.backtest import Backtest, BacktestResult

PLAN = load_plan(Path(__file__).parents[3] / "plans" / "examples" / "managers.yaml")
SHARED = [{"employee": "E1", "percent": 50}, {"employee": "E3", "percent": 50}]


def event(number: int, day: int, kind: str = "sale", **data: object) -> bytes:
    return json.dumps({
        "specversion": "1.0", "source": "s", "id": f"s{number}", "type": kind, "time": f"2026-03-{day:02d}T10:00:00Z",
        "data": {"currency": "EUR"} | data,
    }).encode()  # fmt: skip


EVENTS = [
    event(1, 10, employee="E3", amount=50_000),
    event(2, 12, splits=SHARED, amount=20_000),
    event(3, 20, employee="E3", amount=75_000),
    event(4, 25, "refund", sale_id="s2", amount=15_000),
]


class Keyed(Backtest):
    """Keeps the keys of awards."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[bytes] = []

    def _absorb(self, outs: list[Out]) -> list[Out]:
        self.keys += [out.key for out in outs if out.topic == AWARDS.name]
        return super()._absorb(outs)


@pytest.fixture
def known() -> Keyed:
    """All events under the plan."""
    test = Keyed()
    test.apply(PLAN)
    test.feed(EVENTS, 1)
    test.finish()
    return test


def values(result: BacktestResult, kpi: str = "revenue") -> dict[str, tuple]:
    return {
        row["unit"]: (row["value"] and row["value"] // 10_000, row["attainment"])
        for row in result.units.values()
        if (row["kpi"], row["unit_kind"], row["period"]) == (kpi, "manager", "2026-03")
    }


def awards(result: BacktestResult) -> list[tuple]:
    return [(one.rule, one.employee, one.employee_name, one.team, one.tier, one.state) for one in result.awards]


def money(result: BacktestResult) -> list[tuple]:
    return [(line["rule"], line["employee"], line["team"], line["amount"] // 10_000) for line in result.earnings]


def led_by(manager: str, *handovers: dict) -> Plan:
    """The plan, second version, with other managers of north."""
    said = PLAN.model_dump(mode="json", exclude_none=True) | {"version": 2}
    said["organisation"]["departments"][0]["teams"][0] |= {"manager": manager, "handovers": list(handovers)}
    return Plan.model_validate(said)


def test_each_manager_has_the_days_on_which_he_leads_and_his_own_target(known):
    result = known.result
    assert values(result) == {"E1": (70_000, 1_1667), "E2": (60_000, 1_0000), "M1": (130_000, 3250)}
    assert values(result, "orders") == {"E1": (2, None), "E2": (1, None), "M1": (3, None)}
    assert awards(result) == [
        ("manager-bonus", "E1", "Anna", "north", 0, "final"),
        ("busy-lead", "E1", "Anna", "north", 0, "final"),
        ("manager-bonus", "E2", "Tom", "north", 0, "final"),
        ("manager-bonus", "E2", "Tom", "north", 1, "final"),
        ("manager-bonus", "E2", "Tom", "north", 1, "revoked"),
    ]
    assert money(result) == [
        ("manager-bonus", "E1", "north", 1500), ("busy-lead", "E1", "north", 100),
        ("manager-bonus", "E2", "north", 3000), ("manager-bonus", "E2", "north", -1500),
    ]  # fmt: skip


def test_an_award_names_the_manager_as_unit_and_person_and_lies_under_his_key(known):
    (first, *_) = known.result.awards
    (seen,) = first.evidence
    assert (first.unit_kind, first.unit, first.department) == ("manager", "E1", "sales")
    assert (seen.value, seen.target, seen.attainment) == ("70000", "60000", "1.1667")
    assert known.keys == [b"E1", b"E1", b"E2", b"E2", b"E2"]


def test_a_plan_that_says_otherwise_who_led_moves_values_and_pays_the_difference(known):
    before = len(known.result.earnings)
    known.apply(led_by("E1", {"date": "2026-03-11", "manager": "E2"}))
    result = known.finish()
    assert values(result) == {"E1": (50_000, 8333), "E2": (80_000, 1_3333), "M1": (130_000, 3250)}
    assert money(result)[before:] == [
        ("manager-bonus", "E1", "north", -1500), ("manager-bonus", "E2", "north", 1500),
        ("busy-lead", "E1", "north", -100), ("busy-lead", "E2", "north", 100),
    ]  # fmt: skip
    assert {line["reason"] for line in result.earnings[before:]} == {"plan_change"}


def test_who_leads_nothing_any_more_gives_back_what_he_had_of_it(known):
    known.apply(led_by("E2"))
    result = known.finish()
    assert values(result) == {"E1": (None, None), "E2": (130_000, 2_1667), "M1": (130_000, 3250)}
    assert sum(line["amount"] for line in result.earnings if line["employee"] == "E1") == 0
    assert [one.state for one in result.awards if one.employee == "E1"] == ["final", "final", "revoked", "revoked"]


@pytest.mark.parametrize(
    ("prorate", "first", "second"),
    [("days", 58_064_5161, 61_935_4839), ("workdays", 65_454_5455, 54_545_4545)],  # 15 + 16, and 6 + 5 working days
)
def test_a_prorated_target_counts_the_days_on_which_somebody_leads(prorate, first, second):
    said = PLAN.model_dump(mode="json", exclude_none=True) | {"workdays": ["sun", "tue", "fri"]}
    said["holidays"] = ["2026-03-29", "2026-03-31", "2026-03-01"]
    said["targets"][1]["prorate"] = prorate
    del said["targets"][2]
    test = Backtest()
    test.apply(Plan.model_validate(said))
    test.feed(EVENTS)
    targets = {row["unit"]: row["target"] for row in test.finish().units.values() if row["kpi"] == "revenue"
               and row["unit_kind"] == "manager"}  # fmt: skip
    assert targets == {"E1": first, "E2": second, "M1": 400_000_0000}
