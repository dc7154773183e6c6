"""The bi views, fed by the real stages: against the naive reference, and as the BI user sees them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from infra.ingest.simulate import simulate
from infra.local.clickhouse import ClickHouseServer
from infra.local.clickhouse_config import User
from infra.payout_tables import PayoutTables
from runtime.records import RecordBatch
from schemas.money import SCALE, from_fixed, round_half_up
from schemas.payouts import encode_payout
from schemas.plan import Kpi, Plan
from schemas.plan_file import load_plan
from schemas.topics import PAYMENTS
from sinks.rows import LOADED_TOPICS
from streams.backtest import MemoryRecord
from tests.integration.clickhouse_server import flush, loader_of, running_server
from tests.integration.memory_log import SOURCE, MemoryLog
from tests.reference_credits import Credit, credit
from tests.reference_values import Values

ROOT = Path(__file__).parents[2]
LEVELS = ("person", "team", "department", "company")
PERIODS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
}


#: A team lead, who may see one team only.
LEAD = User(
    "lead",
    "lead-of-hotline",
    ["GRANT SELECT ON bi.*"],
    profile="bi",
    row_filters={"bi.kpi_team_day": "team = 'hotline'", "bi.credits": "team = 'hotline'"},
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The example, with a ratio that has less than nothing below the line on days on which sales are given away."""
    given = load_plan(ROOT / "plans" / "example.yaml").model_dump(mode="json", exclude_none=True)
    given["kpis"].append({
        "id": "ticket_size", "name": "Ticket size", "description": "Amount per sale", "aggregate": "ratio",
        "events": ["sale", "correction"], "numerator": {"field": "amount"}, "denominator": {"events": ["sale"]},
        "unit": "money",
    })  # fmt: skip
    given["crediting"]["correction_date"] = "correction"
    return Plan.model_validate(given)


@pytest.fixture(scope="module")
def events(plan: Plan) -> list[dict]:
    # two months of one quarter, and one of the next
    made = simulate(plan, seed=11, start=date(2026, 2, 22), days=44, events_per_day=40)
    decoded = [json.loads(msgspec.json.encode(event), parse_float=Decimal) for event in made]
    sales = [event["data"] for event in decoded if event["type"] == "sale" and "employee" in event["data"]]
    for one, other in zip(sales[::7], sales[1::7], strict=False):  # shared, also by two teams
        if one["employee"] != other["employee"]:
            payees = (one.pop("employee"), other["employee"])
            one["splits"] = [{"employee": payee, "percent": 50} for payee in payees]
    return decoded + list(_given_away(decoded))


def _given_away(events: list[dict]) -> Iterator[dict]:
    """Corrections of some sales, a week later, that name somebody else."""
    sales = [event for event in events if event["type"] == "sale"]
    sellers = sorted({event["data"]["employee"] for event in sales if "employee" in event["data"]})
    for number, sale in enumerate(sales[::9]):
        data = {name: sale["data"][name] for name in ("amount", "currency")}
        day = date.fromisoformat(sale["time"][:10]) + timedelta(days=7)
        data |= {"sale_id": sale["id"], "employee": sellers[number % len(sellers)]}
        yield sale | {
            "type": "correction", "id": f"given-{number}", "time": f"{day}{sale['time'][10:]}", "data": data,
        }  # fmt: skip


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, events: list[dict]
) -> Iterator[ClickHouseServer]:
    log = MemoryLog()
    log.apply(plan)
    log.feed(events)
    log.feed([b"{not json"])
    log.close(plan, "month", "2026-03", "Anna")
    with running_server(tmp_path_factory.mktemp("clickhouse"), users=[LEAD]) as running:
        loader = loader_of(running)
        for batch in log.batches(LOADED_TOPICS):
            loader.add(batch)
        flush(loader)
        with running.client() as client:
            ledger = PayoutTables(client, plan, now_ms=1_775_000_000_000)
            assert ledger.make("month", "2026-03")[0].new
            _, paid, _ = ledger.pay("month", "2026-03", [])
        loader.add(RecordBatch(PAYMENTS.name, 0, [
            MemoryRecord(offset, encode_payout(one), (), None, 0) for offset, one in enumerate(paid)
        ]))  # fmt: skip
        flush(loader)
        yield running


@pytest.fixture
def bi(server: ClickHouseServer) -> Iterator[Client]:
    with server.client("bi") as client:
        yield client


@pytest.fixture(scope="module")
def values(plan: Plan) -> Values:
    return Values(plan)


@pytest.fixture(scope="module")
def credits(plan: Plan, events: list[dict]) -> list[Credit]:
    made = credit(plan, events).credits
    assert {frozenset(one.first_in) for one in made} >= {frozenset(), frozenset({"team"})}
    return made


def _unit(values: Values, one: Credit, level: str) -> str:
    return {
        "person": one.employee,
        "team": one.team,
        "department": one.department,
        "company": values.plan.organisation.company,
    }[level]


def _shown(values: Values, kpi: Kpi, credits: list[Credit], level: str) -> Decimal | None:
    """The reference's value as views show it: four decimals, half-up."""
    value, _ = values.value(kpi, credits, "" if level == "person" else level)
    if value is None:
        return None
    return from_fixed(round_half_up(value * SCALE, 1))


def _by_unit_and_start(
    values: Values, credits: list[Credit], level: str, period: str
) -> dict[tuple[str, date], list[Credit]]:
    grouped = defaultdict(list)
    for one in credits:
        grouped[_unit(values, one, level), PERIODS[period](values.day(one.time))].append(one)
    return grouped


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("level", LEVELS)
def test_calendar_views_equal_the_reference(
    bi: Client, values: Values, credits: list[Credit], level: str, period: str
) -> None:
    column = "employee" if level == "person" else level
    found = {
        row[:3]: row[3]
        for row in bi.execute(f"SELECT kpi, {column}, {period}, value FROM bi.kpi_{level}_{period}")
    }
    expected = {
        (kpi.id, unit, start): _shown(values, kpi, group, level)
        for (unit, start), group in _by_unit_and_start(values, credits, level, period).items()
        for kpi in values.plan.kpis
    }
    defined = {key: value for key, value in expected.items() if value is not None}
    assert {kpi for kpi, _, _ in defined} == set(values.kpis)
    assert {key: value for key, value in found.items() if value is not None} == defined
    assert {key for key, value in found.items() if value is None} <= set(expected)


def test_a_question_by_key_sees_the_newest_of_each_row(server: ClickHouseServer, bi: Client) -> None:
    """Conditions on the key are looked at ahead of FINAL."""
    everything = bi.execute("SELECT employee, day, kpi, value FROM bi.kpi_person_day")
    with server.client() as writer:
        older = "SELECT * REPLACE (numerator + 1 AS numerator, version - 1 AS version) FROM kpistream.kpi_days FINAL"
        writer.execute("SYSTEM STOP MERGES kpistream.kpi_days")
        writer.execute(f"INSERT INTO kpistream.kpi_days {older} WHERE version > 0")
        [(rows, cells)] = writer.execute("SELECT count(), uniqExact(kpi, employee, team, day) FROM kpistream.kpi_days")
    assert rows > cells
    asked = {one[:2] for one in everything}
    assert len(asked) > 100
    for employee, day in sorted(asked)[::5]:
        found = bi.execute(
            "SELECT employee, day, kpi, value FROM bi.kpi_person_day WHERE employee = %(employee)s AND day = %(day)s",
            {"employee": employee, "day": day},
        )
        assert sorted(found, key=str) == sorted((one for one in everything if one[:2] == (employee, day)), key=str)


@pytest.mark.parametrize("level", ["person", "team"])
def test_less_than_nothing_below_the_line_is_no_value(bi: Client, level: str) -> None:
    values = bi.execute(f"SELECT value FROM bi.kpi_{level}_day WHERE kpi = 'ticket_size' AND denominator < 0")
    assert values
    assert set(values) == {(None,)}


@pytest.mark.parametrize("level", LEVELS)
def test_rolling_views_equal_the_reference(
    bi: Client, values: Values, credits: list[Credit], level: str
) -> None:
    column = "employee" if level == "person" else level
    rows = bi.execute(
        f"SELECT kpi, {column}, day, value_7d, value_30d, value_90d FROM bi.kpi_{level}_rolling"
    )
    days = bi.execute(f"SELECT kpi, {column}, day FROM bi.kpi_{level}_day")
    assert sorted(row[:3] for row in rows) == sorted(days)
    grouped = defaultdict(list)
    for one in credits:
        grouped[_unit(values, one, level)].append((values.day(one.time), one))
    for kpi, unit, day, *found in rows:
        expected = [
            _shown(
                values,
                values.kpis[kpi],
                [c for at, c in grouped[unit] if day - timedelta(days=n) < at <= day],
                level,
            )
            for n in (7, 30, 90)
        ]
        assert found == expected, (kpi, unit, day)


def test_attainment_has_value_target_and_gap(bi: Client) -> None:
    rows = bi.execute(
        "SELECT employee, period, value, target, attainment_percent, gap FROM bi.attainment "
        "WHERE kpi = 'revenue' AND period_kind = 'month' AND isNotNull(target)"
    )
    assert len(rows) > 5
    for _, _, value, target, percent, gap in rows:
        assert gap == target - value
        assert abs(percent - 100 * value / target) <= Decimal("0.01")


def test_the_gap_of_a_kpi_where_lower_is_better_turns_round(bi: Client) -> None:
    rows = bi.execute(
        "SELECT value, target, gap FROM bi.attainment WHERE kpi = 'resolution_time' AND isNotNull(gap)"
    )
    assert rows
    assert all(gap == value - target for value, target, gap in rows)


def test_statements_are_the_sum_of_their_lines(bi: Client) -> None:
    total, lines = bi.execute("SELECT sum(amount), sum(lines) FROM bi.statements")[0]
    assert [(total, lines)] == bi.execute("SELECT sum(amount), count() FROM bi.earnings")
    assert lines > 0


def test_balances_are_what_was_earned_less_what_was_paid(bi: Client) -> None:
    earned, paid, balance = bi.execute("SELECT sum(earned), sum(paid), sum(balance) FROM bi.balances")[0]
    assert (earned,) == bi.execute("SELECT sum(amount) FROM bi.earnings")[0]
    assert (paid,) == bi.execute("SELECT sum(amount) FROM bi.payouts")[0] and paid
    assert (balance,) == bi.execute(
        "SELECT sum(amount) FROM bi.statements WHERE (period_kind, period) != ('month', '2026-03')"
    )[0]
    assert not bi.execute("SELECT * FROM bi.balances WHERE earned - paid != balance")


def test_conservation_accounts_for_every_offset(bi: Client, events: list[dict]) -> None:
    assert bi.execute(
        "SELECT topic, partition, dead_lettered, accounted, next_offset, unaccounted FROM bi.conservation"
    ) == [(SOURCE, 0, 1, len(events) + 1, len(events) + 1, 0)]


def test_drill_down_from_a_month_to_its_credits(bi: Client) -> None:
    [(employee, value)] = bi.execute(
        "SELECT employee, value FROM bi.kpi_person_month WHERE kpi = 'revenue' AND period = '2026-03' "
        "ORDER BY value DESC LIMIT 1"
    )
    [(total,)] = bi.execute(
        "SELECT sum(amount) FROM bi.credits WHERE employee = %(employee)s AND type IN ('sale', 'refund') "
        "AND toStartOfMonth(day) = '2026-03-01'",
        {"employee": employee},
    )
    assert total == value
    assert bi.execute(
        "SELECT count() FROM bi.credits WHERE (source, id) NOT IN (SELECT source, id FROM bi.events)"
    ) == [(0,)]


def test_whether_a_ticket_was_reopened_is_told(bi: Client, events: list[dict]) -> None:
    given = {one["id"]: one["data"]["reopened"] for one in events if one["type"] == "ticket_resolved"}
    assert set(given.values()) == {True, False}
    told = "SELECT id, reopened FROM bi.{} WHERE type = 'ticket_resolved'"
    assert dict(bi.execute(told.format("events"))) == given
    assert dict(bi.execute(told.format("credits"))).items() <= given.items()
    others = "SELECT count() FROM bi.credits WHERE type != 'ticket_resolved' AND reopened IS NOT NULL"
    assert bi.execute(others) == [(0,)]


def test_dictionary_and_organisation_are_the_plan(bi: Client, plan: Plan) -> None:
    kpis = {
        row[0]: row[1:]
        for row in bi.execute(
            "SELECT kpi, name_en, name_zh, aggregate, unit, currency FROM bi.kpi_dictionary"
        )
    }
    assert kpis == {
        kpi.id: (
            kpi.name.en,
            kpi.name.zh,
            kpi.aggregate,
            kpi.unit,
            plan.currency if kpi.unit == "money" else "",
        )
        for kpi in plan.kpis
    }
    people = bi.execute("SELECT employee, team, department, company FROM bi.organisation")
    assert sorted(people) == sorted(
        (employee.id, team.id, department.id, plan.organisation.company)
        for department in plan.organisation.departments
        for team in department.teams
        for employee in team.employees
    )
    assert bi.execute("SELECT count() FROM bi.targets") == [(len(plan.targets),)]


def _views(server: ClickHouseServer) -> list[str]:
    with server.client() as client:
        return [
            name
            for (name,) in client.execute(
                "SELECT name FROM system.tables WHERE database = 'bi' ORDER BY name"
            )
        ]


@pytest.mark.parametrize("tool", [{}, {"join_use_nulls": 1}, {"prefer_column_name_to_alias": 1}])
def test_the_bi_user_reads_every_view_with_the_settings_that_tools_make(
    server: ClickHouseServer, bi: Client, tool: dict
) -> None:
    views = _views(server)
    assert len(views) >= 28
    empty = [view for view in views if not bi.execute(f"SELECT * FROM bi.{view} LIMIT 1", settings=tool)]
    # this test sets nothing right and sends no alerts, and its plan has no manager and no scorecard
    assert empty == ["adjustments", "alerts", "managers", "scores"]


def test_every_text_can_be_asked_whether_it_is_empty(bi: Client) -> None:
    types = ("String", "LowCardinality(String)", "Nullable(String)", "LowCardinality(Nullable(String))")
    listed = "SELECT table, groupArray(name) FROM system.columns WHERE database = 'bi' AND type IN %(types)s GROUP BY 1"
    texts = dict(bi.execute(listed, {"types": types}))
    assert "team" in texts["awards"]
    for view, names in texts.items():
        filled = " OR ".join(f"`{name}` != ''" for name in names)
        rows = bi.execute(f"SELECT {', '.join(f'`{name}`' for name in names)} FROM bi.{view}")
        assert bi.execute(f"SELECT count() FROM bi.{view} WHERE {filled}") == [(sum(map(any, rows)),)], view


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count() FROM kpistream.facts",
        "SELECT count() FROM kpistream.current_kpis",
        "SELECT raw FROM kpistream.dead_letters",
        "INSERT INTO kpistream.alerts (alert_id) VALUES ('x')",
        "INSERT INTO bi.credits (employee) VALUES ('x')",
        "DROP VIEW bi.credits",
        "CREATE OR REPLACE VIEW bi.credits AS SELECT 1",
    ],
)
def test_the_bi_user_may_not(bi: Client, statement: str) -> None:
    with pytest.raises(ServerException) as refused:
        bi.execute(statement)
    assert refused.value.code in (164, 497)  # read-only, access denied


@pytest.mark.parametrize("view", ["kpi_team_day", "credits"])
def test_a_row_policy_on_a_view_limits_what_a_user_sees(
    server: ClickHouseServer, bi: Client, view: str
) -> None:
    query = f"SELECT team, count() FROM bi.{view} GROUP BY team ORDER BY team"
    everything = bi.execute(query)
    with server.client("lead", LEAD.password) as lead:
        assert lead.execute(query) == [row for row in everything if row[0] == "hotline"]
    assert len(everything) > 1


def test_every_view_says_what_its_columns_mean(bi: Client) -> None:
    rows = bi.execute("SELECT table, name, type, comment FROM system.columns WHERE database = 'bi'")
    assert len(rows) > 250
    assert [row for row in rows if not row[3]] == []
    assert [row for row in rows if "DateTime" in row[2] and row[2] != "DateTime64(3, 'UTC')"] == []
    assert [row for row in rows if "LowCardinality" in row[2] or "FixedString" in row[2]] == []
