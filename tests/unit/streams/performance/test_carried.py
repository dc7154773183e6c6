"""Sales that change hands within a team: whose they are once a plan says that people stood elsewhere."""

from __future__ import annotations

import json

import pytest

from runtime.records import Out
from schemas.blocks import decode_block, kind_of
from schemas.control import PlanApplied, encode_control
from schemas.plan import Plan
from streams.performance.carried import Carried
from streams.performance.stage import Performance
from tests.contract.test_engine import credit_records, folded

ANN, BOB = ("sold", "E1", "north", "sales", 20_514), ("sold", "E2", "north", "sales", 20_514)


def plan_of(version: int, backdated: str = "keep", moved: str = "", kpi: str = "sold") -> Plan:
    """E1 and E2 in the team north, but for ``moved``, who stands in south from the first day on."""
    people = [
        {"id": one, "role": "rep"}
        | ({"moves": [{"date": "2026-01-01", "team": "south"}]} if one == moved else {})
        for one in ("E1", "E2")
    ]
    teams = [{"id": "north", "employees": people}, {"id": "south", "employees": []}]
    organisation = {"company": "acme", "departments": [{"id": "sales", "teams": teams}], "backdated": backdated}
    return Plan.model_validate(
        {
            "plan": "p", "version": version, "timezone": "UTC", "currency": "EUR", "organisation": organisation,
            "kpis": [{"id": kpi, "name": "S", "aggregate": "count", "events": ["sale"], "periods": ["month"]}],
        }
    )  # fmt: skip


def control(plan: Plan) -> Out:
    return Out("credits", encode_control(PlanApplied(id=str(plan.version), plan=plan)), headers=(("kind", b"control"),))


def given_away() -> list[Out]:
    """A sale of E1, which a correction gives to E2: two records of credits, of at most three events each."""
    events = [
        {"specversion": "1.0", "source": "s", "id": id_, "type": type_, "time": "2026-03-02T10:00:00+00:00",
         "data": {"amount": "10", "currency": "EUR"} | data}
        for id_, type_, data in (
            ("e1", "sale", {"employee": "E1"}),
            *((f"r{number}", "refund", {"sale_id": "e1", "amount": "1"}) for number in range(2)),
            ("e2", "correction", {"employee": "E2", "sale_id": "e1"}),
        )
    ]  # fmt: skip
    return credit_records(plan_of(1), [json.dumps(event).encode() for event in events])


def teams(stage: Performance) -> dict[tuple[str, str], int]:
    """What everybody's cells add to their teams."""
    stage.updates()
    stage.engine.mark_all_dirty()
    rows = [row for out in stage.updates() if kind_of(out.headers) == "kpi-days"
            for row in decode_block(out.value)[0].to_pylist()]  # fmt: skip
    return {(row["employee"], row["team"]): row["team_numerator"] // 10_000 for row in rows if row["team_numerator"]}


@pytest.mark.parametrize(
    ("moved", "wanted"), [("E1", ("E2", "north")), ("E2", ("E2", "south")), ("", ("E2", "north"))]
)
@pytest.mark.parametrize("saved_after", range(1, 5))
def test_a_team_has_the_sales_of_whoever_has_them_in_the_end(moved, wanted, saved_after):
    log = [control(plan_of(1)), *given_away(), control(plan_of(2, "move", moved))]
    first, second = Performance(0, 1), Performance(0, 1)
    folded(first, log, 0, saved_after)
    second.restore({key: value for key, value in first.dirty_rows().items() if value})
    folded(second, log, saved_after, len(log))
    assert teams(second) == {wanted: 1}


def test_until_then_it_counts_with_whoever_brought_it():
    stage = Performance(0, 1)
    log = [control(plan_of(1)), *given_away(), control(plan_of(2, "keep", "E1"))]
    folded(stage, log, 0, len(log))
    assert teams(stage) == {("E1", "north"): 1}


def test_after_it_everybody_carries_what_they_have_whatever_later_plans_say():
    stage = Performance(0, 1)
    log = [control(plan_of(1, "move")), control(plan_of(2)), *given_away()]
    folded(stage, log, 0, len(log))
    assert teams(stage) == {("E2", "north"): 1}


def test_a_kpi_that_was_gone_meanwhile_begins_anew():
    log = [control(plan_of(1)), *given_away(), control(plan_of(2, kpi="other")), control(plan_of(3))]
    stage = Performance(0, 1)
    folded(stage, log, 0, len(log))
    assert stage.states.carried.begin() == {}


def test_what_is_kept_survives_a_restart_and_is_given_out_once():
    kept, rows = Carried(), {}
    kept.keep(ANN, (-1, 0, 0, 0))
    kept.keep(BOB, (1, 0, 0, 0))
    rows |= kept.dirty_rows()
    kept.keep(ANN, (1, 0, 0, 0))
    rows |= kept.dirty_rows()
    assert kept.dirty_rows() == {} and not kept.begun
    again = Carried()
    again.restore({key: value for key, value in rows.items() if value})
    assert again.begin() == kept.begin() == {BOB: [1, 0, 0, 0]}
    assert again.begin() == {} and again.dirty_rows() == kept.dirty_rows()
    last = Carried()
    last.restore({"carried_begun": b"\x01"})
    assert last.begun and last.begin() == {} and last.dirty_rows() == {}
