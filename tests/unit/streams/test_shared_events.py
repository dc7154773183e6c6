"""Shared events under limits on the same customer: what rollups keeps of them, and for how long."""

from __future__ import annotations

import json
from datetime import date

import pytest

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_header, kind_of
from schemas.control import KIND, PlanApplied, encode_control
from schemas.plan import Plan
from schemas.topics import CREDITS, KPI_UPDATES
from streams.backtest import MemoryRecord
from streams.performance import shared_counts
from streams.performance.calendar import day_of
from streams.performance.shared_counts import KIND as SHARED
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups
from tests.contract.test_engine import credit_records

DAY_MS = 24 * 3600 * 1000
FIRST = day_of(date(2026, 3, 2))


def plan_of(version: int = 1, kpi: str = "deals") -> Plan:
    """One sale a day to each customer; E1 and E2 in the team north."""
    people = [{"id": one, "role": "rep"} for one in ("E1", "E2")]
    return Plan.model_validate(
        {
            "plan": "p", "version": version, "timezone": "UTC", "currency": "EUR",
            "organisation": {"company": "acme", "departments": [
                {"id": "sales", "teams": [{"id": "north", "employees": people}]},
            ]},
            "crediting": {"horizon_days": 30, "guards": [{"events": ["sale"], "same_customer": 1, "per": "day"}]},
            "kpis": [{"id": kpi, "name": "D", "aggregate": "count", "events": ["sale"], "periods": ["month"]}],
        }
    )  # fmt: skip


def sale(number: int, *people: str) -> bytes:
    share = 100 / len(people)
    who = {"splits": [{"employee": one, "percent": share} for one in people]} if people[1:] else {"employee": people[0]}
    data = {"amount": "10", "currency": "EUR", "customer": "c"} | who
    event = {"specversion": "1.0", "source": "s", "id": f"e{number}", "type": "sale", "data": data}
    return json.dumps(event | {"time": "2026-03-02T10:00:00+00:00"}).encode()


def control(plan: Plan) -> Out:
    return Out("", encode_control(PlanApplied(id=str(plan.version), plan=plan)), headers=kind_header(KIND))


def updates(values: list[bytes], plans: list[Plan], day: int = FIRST) -> list[Out]:
    """What performance publishes of ``values`` under the first of ``plans``, taken by the broker on ``day``, and of the
    others after them; plans lie ahead of it.
    """
    stage, log = Performance(0, 1), []
    credits = credit_records(plans[0], values)
    for at, out in enumerate([control(plans[0]), *credits, *map(control, plans[1:])]):
        record = MemoryRecord(at, out.value, out.headers, timestamp=day * DAY_MS)
        log += [out] if kind_of(out.headers) == KIND else []
        stage.fold(RecordBatch(CREDITS.name, 0, [record]))
        log += stage.updates()
    return log


def fold(stage: Rollups, log: list[Out], first: int = 0) -> list[Out]:
    records = [MemoryRecord(first + at, out.value, out.headers) for at, out in enumerate(log)]
    stage.fold(RecordBatch(KPI_UPDATES.name, 0, records))
    return stage.updates()


def deals(stage: Rollups, kpi: str = "deals") -> int:
    return stage.cells.measured((kpi, "team", "north"), "count", FIRST, FIRST)[0] // 10_000


OVER = [sale(1, "E1"), sale(2, "E1", "E2")]  # the second one does not count for E1


def test_the_next_one_brings_what_a_limit_does_not_let_the_first_bring():
    stage = Rollups()
    outs = fold(stage, updates(OVER, [plan_of()]))
    assert deals(stage) == 2
    (block,) = [decode_block(out.value) for out in outs if kind_of(out.headers) == "kpi-days"]
    (row,) = block[0].to_pylist()
    assert (row["employee"], row["team"], row["numerator"], row["team_numerator"]) == ("", "north", 0, 10_000)
    assert block[1]["partition"] == -1


def test_where_everybody_counts_nobody_has_a_cell():
    stage = Rollups()
    outs = fold(stage, updates([sale(1, "E1", "E2")], [plan_of()]))
    assert deals(stage) == 1
    assert "kpi-days" not in [kind_of(out.headers) for out in outs]


def test_a_restart_between_what_was_said_and_its_cells_loses_nothing():
    log = updates(OVER, [plan_of()])
    cuts = [at + 1 for at, out in enumerate(log) if kind_of(out.headers) == SHARED]
    assert cuts
    for cut in cuts:
        first, second = Rollups(), Rollups()
        fold(first, log[:cut])
        second.restore({name: value for name, value in first.dirty_rows().items() if value})
        fold(second, log[cut:], cut)
        assert deals(second) == 2
        assert not second.dirty_rows().get("shared_waiting")


def test_it_is_forgotten_with_the_event_and_what_it_came_to_stays():
    stage = Rollups()
    log = updates(OVER, [plan_of()])
    fold(stage, log)
    rows = stage.dirty_rows()
    (name,) = [name for name in rows if name.startswith("shared/")]
    later = [out for out in updates([sale(3, "E1", "E2")], [plan_of()], FIRST + 38) if kind_of(out.headers) == SHARED]
    fold(stage, later, len(log))
    fold(stage, log[:1], len(log) + 1)
    gone = stage.dirty_rows()
    assert gone[name] == b"" and deals(stage) == 2
    again = Rollups()
    again.restore({name: value for name, value in (rows | gone).items() if value})
    assert deals(again) == 2


def test_a_kpi_that_leaves_takes_along_the_cells_of_nobodys():
    stage = Rollups()
    outs = fold(stage, updates(OVER, [plan_of(), plan_of(2, "other"), plan_of(3)]))
    assert deals(stage) == 0
    days = [row for out in outs if kind_of(out.headers) == "kpi-days" for row in decode_block(out.value)[0].to_pylist()]
    assert [(row["kpi"], row["employee"], row["team_numerator"]) for row in days] == [("deals", "", 0)]


@pytest.mark.parametrize("most", [1, 2])
def test_blocks_are_cut(most, monkeypatch):
    monkeypatch.setattr(shared_counts, "_MOST", most)
    log = updates(OVER, [plan_of()])
    assert [kind_of(out.headers) for out in log].count(SHARED) == 2 // most
    stage = Rollups()
    fold(stage, log)
    assert deals(stage) == 2
