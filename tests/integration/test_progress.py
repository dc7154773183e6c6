"""bi.progress on a real server: figures worked out by hand, and the same as a backtest gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from clickhouse_driver import Client

from infra.backtest_report import report_of
from schemas.plan import Plan
from sinks.rows import LOADED_TOPICS
from streams.backtest import Backtest
from tests.contract.test_reference import REVENUE, event, sale
from tests.integration.clickhouse_server import flush, loader_of, running_server
from tests.integration.memory_log import MemoryLog

#: A March of 21 working days, since the 3rd is a holiday; the 13th is the ninth.
PLAN = {
    "plan": "p", "timezone": "Asia/Shanghai", "currency": "CNY",
    "workdays": ["mon", "tue", "wed", "thu", "fri"], "holidays": ["2026-03-03"],
    "organisation": {"company": "acme", "departments": [{"id": "d", "teams": [{"id": "t", "employees": [
        {"id": "E1", "name": "Ada", "role": "rep"},
        {"id": "E2", "role": "rep", "leave": [{"start": "2026-03-05", "end": "2026-03-10"}]},
        {"id": "E3", "role": "agent", "start": "2026-03-16"},
    ]}]}]},
    "kpis": [
        REVENUE | {"unit": "money"},
        {"id": "complaints", "name": "C", "aggregate": "count", "events": ["complaint"], "direction": "down"},
        {"id": "score", "name": "S", "aggregate": "mean", "events": ["survey_answer"], "field": "score",
         "periods": ["rolling_7d"]},
        {"id": "on_time", "name": "O", "aggregate": "ratio", "events": ["delivery"], "unit": "percent",
         "numerator": {"where": {"on_time": True}}, "denominator": {}},
    ],
    "targets": [{"kpi": kpi, "period": "month", "value": value} for kpi, value in
                (("revenue", 21000), ("complaints", 7), ("score", 90))],
    "awards": [
        {"kind": "tiers", "id": "commission", "name": "A", "kpi": "revenue", "period": "month", "pays": "nothing",
         "tiers": [{"attainment": "20%"}, {"attainment": "80%"}, {"attainment": "100%"}]},
        {"kind": "tiers", "id": "volume", "name": "B", "kpi": "revenue", "period": "month", "pays": "nothing",
         "roles": ["rep"], "tiers": [{"value": 8000}]},
        {"kind": "tiers", "id": "few", "name": "C", "kpi": "complaints", "period": "month", "pays": "nothing",
         "tiers": [{"attainment": "100%"}, {"attainment": "140%"}]},
        {"kind": "tiers", "id": "liked", "name": "D", "kpi": "score", "period": "month", "pays": "nothing",
         "tiers": [{"value": 80}, {"value": "85.5"}]},
        {"kind": "tiers", "id": "punctual", "name": "E", "kpi": "on_time", "period": "month", "pays": "nothing",
         "min_sample": 4, "tiers": [{"value": 60}, {"value": 80}, {"value": 95}]},
    ],
}  # fmt: skip
EVENTS = [
    sale("s0", "02-27", "500"), sale("s1", "03-02", "4000"), sale("s2", "03-13", "2000"),
    event("a1", "survey_answer", "03-04", employee="E1", score=81),
    *(event(f"c{n}", "complaint", "03-02", employee="E1") for n in range(6)),
    sale("s3", "03-11", "8000", employee="E2"), sale("s4", "03-12", "100", employee="E3"),
    *(event(f"d{n}", "delivery", "03-10", employee="E1", on_time=n > 0) for n in range(3)),
    *(event(f"o{n}", "delivery", "03-10", employee="E2", on_time=n > 0) for n in range(4)),
    *(event(f"p{n}", "delivery", "03-10", employee="E3", on_time=True) for n in range(2)),
]  # fmt: skip
COLUMNS = (
    "value, expected, pace_percent, forecast, next_rule, next_tier, next_value, gap_to_next_tier, sample_to_next_tier, "
    "reaches_next_tier"
)


@pytest.fixture(scope="module")
def values() -> list[bytes]:
    return [json.dumps(one | {"specversion": "1.0"}).encode() for one in EVENTS]


@pytest.fixture(scope="module")
def bi(tmp_path_factory: pytest.TempPathFactory, values: list[bytes]) -> Iterator[Client]:
    log = MemoryLog()
    log.apply(Plan.model_validate(PLAN))
    log.feed(values)
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        loader = loader_of(running)
        for batch in log.batches(LOADED_TOPICS):
            loader.add(batch)
        flush(loader)
        with running.client("bi") as client:
            yield client


def rows(bi: Client, columns: str, where: str, **settings: int) -> list[tuple]:
    query = f"SELECT kpi, employee, {columns} FROM bi.progress WHERE {where} ORDER BY kpi, employee"
    return [tuple(one if not isinstance(one, Decimal) else f"{one:f}" for one in row)
            for row in bi.execute(query, settings=settings)]  # fmt: skip


@pytest.mark.parametrize("tool", [{}, {"join_use_nulls": 1}, {"prefer_column_name_to_alias": 1}])
def test_pace_forecast_and_the_gap_to_the_next_tier(bi: Client, tool: dict) -> None:
    assert rows(bi, COLUMNS, "period = '2026-03'", **tool) == [
        # 9 of 21 days: 3 complaints may be there by now; 140 % is at 7 ÷ 1.4
        ("complaints", "E1", "6", "3", "50", "14", "few", "140%", "5", "1", 0, False),
        # 2 of 3 are above the first tier's 60 %, which a fourth delivery brings; 3 of 4 have reached it, 2 of 2 none
        ("on_time", "E1", "66.6667", None, None, "66.6667", "punctual", "60", "60", "0", 1, True),
        ("on_time", "E2", "75", None, None, "75", "punctual", "80", "80", "5", 0, False),
        ("on_time", "E3", "100", None, None, "100", "punctual", "60", "60", "0", 2, True),
        # 9000 by now; 8000 comes before 80 %, which is 16800
        ("revenue", "E1", "6000", "9000", "66.67", "14000", "volume", "8000", "8000", "2000", 0, True),
        # 6 of 18 days, three are leave
        ("revenue", "E2", "8000", "7000", "114.29", "24000", "commission", "80%", "16800", "8800", 0, True),
        # nothing is expected before the first day; the volume award is not for agents
        ("revenue", "E3", "100", "0", None, None, "commission", "20%", "4200", "4100", 0, None),
        # a mean stays what it is
        ("score", "E1", "81", "90", "90", "81", "liked", "85.5", "85.5", "4.5", 0, False),
    ]


def test_a_period_that_is_over_is_expected_in_full(bi: Client) -> None:
    assert rows(bi, f"is_open, as_of, workdays_gone, {COLUMNS}", "period = '2026-02'") == [
        ("revenue", "E1", False, date(2026, 2, 28), 20, "500", "21000", "2.38", "500", "commission", "20%", "4200",
         "3700", 0, False),
    ]  # fmt: skip


def test_a_rolling_period_has_a_value_and_nothing_to_come(bi: Client) -> None:
    columns = "workdays, expected, pace_percent, forecast"
    assert rows(bi, "value, " + columns, "period_kind = 'rolling_7d'") == [
        ("score", "E1", "81", 0, None, None, None)
    ]


def test_the_view_and_a_backtest_say_the_same(bi: Client, values: list[bytes]) -> None:
    run = Backtest()
    run.apply(plan := Plan.model_validate(PLAN))
    run.feed(values)
    report = report_of(plan, run.finish(), lambda number: ("", number))
    assert {report["as_of"]} == {str(day) for day, in bi.execute("SELECT max(as_of) FROM bi.progress")}
    reported = [row for row in report["kpis"] if row["period"] == "2026-03"]
    assert len(reported) == 8
    assert sorted((row["kpi"], row["employee"], row["expected"], row["forecast"]) for row in reported) == rows(
        bi, "expected, forecast", "period = '2026-03'"
    )

