"""Reconciliation: agrees with what the stages wrote, and finds what was tampered with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from infra.clickhouse.kpi_sql import PLACE
from infra.clickhouse.reconcile import Report, reconcile, reconcile_values
from infra.ingest.simulate import simulate
from infra.local.clickhouse import ClickHouseServer
from schemas.plan import Plan
from schemas.plan_file import load_plan
from sinks.rows import LOADED_TOPICS
from tests.integration.clickhouse_server import flush, loader_of, running_server, settings_of
from tests.integration.memory_log import MemoryLog

#: Every aggregate, filter and kind of field, over built-in fields and those of a type of the plan's own.
PLAN = """
plan: checks
version: 2
timezone: America/St_Johns
currency: CNY
organisation:
  company: c
  departments:
    - id: d1
      teams:
        - {id: t1, employees: [{id: A, role: r}, {id: B, role: r}]}
        - {id: t2, employees: [{id: C, role: r}]}
events:
  inspection:
    fields: {points: number, grade: string, passed: boolean, site: string}
kpis:
  - {id: sold, name: Sold, aggregate: sum, field: amount, events: [sale, refund], unit: money}
  - {id: sales, name: Sales, aggregate: count, events: [sale], where: {amount: {gt: 10, lte: 5000.5}}}
  - {id: units, name: Units, aggregate: sum, field: quantity, events: [sale], where: {channel: [web, shop]}}
  - {id: mean-sale, name: Mean sale, aggregate: mean, field: amount, events: [sale]}
  - {id: points, name: Points, aggregate: sum, field: points, events: [inspection], where: {passed: true}}
  - {id: three-five, name: Three and a half, aggregate: count, events: [inspection], where: {points: ["3.5", 7]}}
  - {id: sites, name: Sites, aggregate: distinct, field: site, events: [inspection], where: {grade: "a'); --"}}
  - {id: buyers, name: Buyers, aggregate: distinct, field: customer, events: [sale]}
  - {id: best, name: Best, aggregate: max, field: points, events: [inspection]}
  - {id: least, name: Least, aggregate: min, field: amount, events: [sale, refund]}
  - id: pass-rate
    name: Pass rate
    aggregate: ratio
    events: [inspection]
    unit: percent
    numerator: {where: {passed: true}}
    denominator: {}
  - id: points-per-sale
    name: Points per sale
    aggregate: ratio
    events: [inspection, sale]
    numerator: {events: [inspection], field: points}
    denominator: {events: [sale]}
targets:
  - {kpi: sold, period: month, value: 1000}
  - {kpi: buyers, period: rolling_7d, value: 3}
  - {kpi: mean-sale, period: week, value: 3}
  - {kpi: least, period: month, value: 3}
"""


def _event(number: int, kind: str, day: int, **data: object) -> dict:
    return {
        "specversion": "1.0",
        "source": "test",
        "id": f"{kind}-{number}",
        "type": kind,
        "time": f"2026-03-{1 + day % 28:02}T0{day % 10}:1{number % 10}:00Z",
        "data": data,
    }


def _history() -> Iterator[dict | bytes]:
    """Sales (some split, some twice), refunds before and after them, inspections with fields missing."""
    people = ("A", "B", "C")
    for n in range(120):
        payee: dict = {"employee": people[n % 3]}
        if n % 7 == 0:
            payee = {
                "splits": [
                    {"employee": "A", "percent": 50},
                    {"employee": "B", "percent": 30},
                    {"employee": "C", "percent": 20},
                ]
            }
        optional = {"channel": ("web", "shop", "fair")[n % 3]} if n % 4 else {}
        sale = _event(
            n,
            "sale",
            n,
            amount=f"{(n * 7919) % 6000}.01",
            currency="CNY",
            quantity=n % 5,
            customer=f"K{n % 11}",
            **payee,
            **optional,
        )
        if n % 10 == 3:
            yield _event(n, "refund", n + 1, sale_id=sale["id"], amount="0.01", currency="CNY")
        yield sale
        if n % 9 == 0:
            yield sale
        graded = {"grade": ("a'); --", "b")[n % 2], "passed": n % 3 == 0} if n % 5 else {}
        yield _event(
            n,
            "inspection",
            n,
            employee=people[n % 2],
            points=("3.5", 7, n)[n % 3],
            site=f"S{n % 4}",
            **graded,
        )
    yield _event(999, "refund", 3, sale_id="never sold", amount="5", currency="CNY")
    yield b"not an event"
    yield _event(998, "sale", 3, employee="nobody", amount="5", currency="CNY")


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    made = MemoryLog()
    made.apply(_plan())
    made.feed(_history(), batch=50)
    return made


def _plan() -> Plan:
    return load_plan(PLAN)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse")) as one:
        yield one


@pytest.fixture
def server(running: ClickHouseServer, log: MemoryLog) -> ClickHouseServer:
    """Freshly loaded tables."""
    _empty(running)
    _load(running, log)
    return running


def _empty(server: ClickHouseServer) -> None:
    with server.client() as client:
        for (name,) in client.execute(
            "SELECT name FROM system.tables WHERE database = 'kpistream' AND engine LIKE '%MergeTree' AND "
            "name != 'migrations'"
        ):
            client.execute(f"TRUNCATE TABLE kpistream.{name}")


def _load(server: ClickHouseServer, log: MemoryLog) -> None:
    loader = loader_of(server)
    for batch in log.batches(LOADED_TOPICS):
        loader.add(batch)
    flush(loader)


def _execute(server: ClickHouseServer, statement: str) -> None:
    with server.client() as client:
        client.execute(statement, settings={"mutations_sync": 2})


def _reconciled(server: ClickHouseServer) -> Report:
    return reconcile(settings_of(server))


def _differing(report: Report) -> dict[str, int]:
    return {check.name: check.differences for check in report.checks if check.differences}


def test_agrees_with_the_stages_on_every_kpi(server: ClickHouseServer) -> None:
    report = _reconciled(server)
    assert _differing(report) == {}, str(report)
    assert str(report).endswith("agrees")
    compared = {check.name: check.compared for check in report.checks}
    assert all(compared[f"days of {kpi.id}"] for kpi in _plan().kpis), compared
    assert all(compared[f"periods of {kpi}"] for kpi in ("sold", "buyers", "mean-sale"))
    assert compared["events without credits"] == 1  # the parked refund


def test_agrees_after_everything_was_loaded_twice(server: ClickHouseServer, log: MemoryLog) -> None:
    _load(server, log)
    assert _reconciled(server).differences == 0


def test_agrees_with_the_example_plan(running: ClickHouseServer, server: ClickHouseServer) -> None:
    plan = load_plan(Path(__file__).parents[2] / "plans" / "example.yaml")
    _empty(running)
    log = MemoryLog()
    log.apply(plan)
    log.feed(simulate(plan, seed=3, start=date(2026, 2, 20), days=12, events_per_day=150))
    _load(running, log)
    assert _differing(_reconciled(running)) == {}


def test_agrees_when_the_plan_changed_on_the_way(running: ClickHouseServer, server: ClickHouseServer) -> None:
    """A KPI is new, one has another filter, one left, an employee moved: the plan of the time counts."""
    events = list(_history())
    third = len(events) // 3
    without = "\n".join(line for line in PLAN.splitlines() if "id: units" not in line)
    changed = (
        without.replace("where: {amount: {gt: 10, lte: 5000.5}}", "where: {amount: {lte: 3000}}")
        .replace("targets:", "  - {id: refunds, name: Refunds, aggregate: count, events: [refund]}\ntargets:")
        .replace("[{id: A, role: r}, {id: B, role: r}]", "[{id: A, role: r}]")
        .replace("[{id: C, role: r}]", "[{id: C, role: r}, {id: B, role: r}]")
    )
    again = changed.replace("lte: 3000", "lte: 3000, gt: 100")
    log = MemoryLog()
    for version, (text, part) in enumerate(
        [(PLAN, events[:third]), (changed, events[third : 2 * third]), (again, events[2 * third :])], start=2
    ):
        log.apply(load_plan(text.replace("version: 2", f"version: {version}")))
        log.feed(part, batch=20)
    _empty(running)
    _load(running, log)
    report = _reconciled(running)
    assert _differing(report) == {}, str(report)
    assert {check.name for check in report.checks} >= {"days of refunds", "days of sales"}


def test_agrees_when_kpis_leave_the_plan_and_come_back(
    running: ClickHouseServer, server: ClickHouseServer
) -> None:
    """They start anew: nothing of what they were before they left counts, nor does anything of it remain."""
    events = list(_history())
    third = len(events) // 3
    ids = ("units", "sites", "buyers", "best", "least")
    gone = [*(f"id: {one}," for one in ids), *(f"kpi: {one}," for one in ids)]
    without = "\n".join(line for line in PLAN.splitlines() if not any(one in line for one in gone))
    log = MemoryLog()
    for version, (text, part) in enumerate(
        [(PLAN, events[:third]), (without, events[third : 2 * third]), (PLAN, events[2 * third :])], start=2
    ):
        log.apply(load_plan(text.replace("version: 2", f"version: {version}")))
        log.feed(part, batch=20)
    _empty(running)
    _load(running, log)
    report = _reconciled(running)
    assert _differing(report) == {}, str(report)
    compared = {check.name: check.compared for check in report.checks}
    assert all(compared[f"days of {one}"] for one in ids), compared
    assert compared["periods of buyers"] and compared["periods of least"]


#: One KPI each, which no other one's days say anything about.
DAYS_OFF = {
    "days of sold": (
        "ALTER TABLE kpistream.kpi_days UPDATE numerator = numerator + toDecimal64('0.0001', 4) WHERE kpi = 'sold' "
        "AND employee = 'A' AND day = '2026-03-03'"
    ),
    "days of mean-sale": (
        "ALTER TABLE kpistream.kpi_days UPDATE department_denominator = 0 WHERE kpi = 'mean-sale' AND employee = 'A' "
        "AND department_denominator > 0 AND day = '2026-03-03'"
    ),
    "days of buyers": (
        "ALTER TABLE kpistream.kpi_days UPDATE members = [1] WHERE kpi = 'buyers' AND employee = 'B' "
        "AND day = (SELECT min(day) FROM kpistream.kpi_days WHERE kpi = 'buyers' AND employee = 'B')"
    ),
    "days of best": (
        "ALTER TABLE kpistream.kpi_days DELETE WHERE kpi = 'best' AND employee = 'A' "
        "AND day = (SELECT max(day) FROM kpistream.kpi_days WHERE kpi = 'best' AND employee = 'A')"
    ),
}


@pytest.mark.parametrize(
    ("statements", "checks"),
    [
        (list(DAYS_OFF.values()), list(DAYS_OFF)),
        (
            ["ALTER TABLE kpistream.kpi_periods UPDATE numerator = 1 WHERE kpi = 'sold' AND employee = 'C'"],
            ["periods of sold"],
        ),
        (
            ["ALTER TABLE kpistream.credits DELETE WHERE id = 'sale-5'"],
            ["events without credits", "events with credits, and outcomes that apply one"],
        ),
        (
            ["ALTER TABLE kpistream.credits DELETE WHERE id = 'sale-7' AND employee = 'B'"],
            ["credits sum to their event"],
        ),
        (["ALTER TABLE kpistream.facts DELETE WHERE id = 'sale-5'"], ["events of credits and dead letters"]),
        (["ALTER TABLE kpistream.facts DELETE WHERE id = 'sale-998'"], ["events of credits and dead letters"]),
        (["ALTER TABLE kpistream.facts DELETE WHERE id = 'refund-999'"], ["events without credits"]),
        (["ALTER TABLE kpistream.dead_letters DELETE WHERE reason = 'unknown_employee'"], ["events without credits"]),
        (
            ["ALTER TABLE kpistream.dead_letters DELETE WHERE reason = 'invalid_json'"],
            ["dead letters, and outcomes that are one"],
        ),
        (
            ["ALTER TABLE kpistream.outcomes UPDATE applied = applied - 1 WHERE facts_partition = 0"],
            ["every source offset accounted for"],
        ),
    ],
)
def test_finds_what_does_not_fit(server: ClickHouseServer, statements: list[str], checks: list[str]) -> None:
    for statement in statements:
        _execute(server, statement)
    report = _reconciled(server)
    found = {one.name: one for one in report.checks if one.differences}
    for check in checks:
        assert check in found, str(report)
        assert found[check].examples
    assert report.differences >= len(checks)
    assert str(report).endswith(f"{report.differences} differences")


LIMITED = PLAN.replace(
    "kpis:\n",
    """crediting:
  guards: [{events: [sale], same_customer: 2, per: week}, {events: [sale, visit], same_customer: 3, per: month}]
kpis:
  - {id: kept, name: Kept, aggregate: sum, field: amount, events: [sale, refund, correction], unit: money}
  - {id: visits, name: Visits, aggregate: count, events: [visit]}
  - {id: deals, name: Deals, aggregate: count, events: [sale], where: {amount: {gte: 1500}}}
  - {id: big, name: Big, aggregate: sum, field: amount, events: [sale, refund, correction], where: {amount: {gt: 1500}}}
  - id: per-deal
    name: Per deal
    aggregate: ratio
    events: [sale, correction]
    numerator: {field: amount, where: {amount: {gte: 900}}}
    denominator: {events: [sale], where: {amount: {gte: 900, lt: 4000}}}
""",
    1,
)


def _named(n: int) -> dict:
    """Whom a correction names: nobody, another one, several."""
    shares = (("A", 60), ("C", 40)) if n % 2 else (("C", 30), ("A", 30), ("B", 40))
    split = {"splits": [{"employee": one, "percent": percent} for one, percent in shares]}
    return ({}, {"employee": "ABC"[n % 3]}, split, split)[n // 5 % 4]


@pytest.fixture
def limited(running: ClickHouseServer) -> ClickHouseServer:
    """A limit on the same customer that is changed on the way, and corrections that give sales to others."""
    events = [_event(n, "visit", n, employee="ABC"[n % 3], customer=f"K{n % 11}") for n in range(40)]
    events += _history()
    events += [
        _event(n, "correction", n % 60, sale_id=f"sale-{n % 60}", amount=str(20 + n * 37), currency="CNY", **_named(n))
        for n in range(150)
    ]
    log = MemoryLog()
    log.apply(load_plan(LIMITED))
    log.feed(events[:100], batch=20)
    log.apply(load_plan(LIMITED.replace("version: 2", "version: 3").replace("same_customer: 3", "same_customer: 1")))
    log.feed(events[100:], batch=20)
    _empty(running)
    _load(running, log)
    return running


def test_agrees_where_events_of_the_same_customer_are_left_out(limited: ClickHouseServer) -> None:
    report = _reconciled(limited)
    assert _differing(report) == {}, str(report)
    compared = {check.name: check.compared for check in report.checks}
    assert [kpi.id for kpi in load_plan(LIMITED).kpis if not compared[f"days of {kpi.id}"]] == []
    with limited.client() as client:
        told = dict(client.execute("SELECT type, count() FROM bi.credits WHERE left_out GROUP BY type"))
        assert client.execute("SELECT count() FROM kpistream.left_out FINAL") == [(sum(told.values()),)]
        # what units have of shared events, beside the cells of their people: published values are the sums of both
        beside = "FROM kpistream.kpi_days FINAL WHERE employee = '' AND team_numerator != 0 AND kpi = 'deals'"
        assert client.execute(f"SELECT count() {beside}")[0][0] > 0
        assert "" not in [name for (name,) in client.execute("SELECT DISTINCT employee FROM bi.kpi_person_day")]
        (in_teams,) = client.execute("SELECT sum(value) FROM bi.kpi_team_day WHERE kpi = 'deals'")
        (kept,) = client.execute(
            "SELECT sum(team_numerator) FROM kpistream.kpi_days FINAL WHERE kpi = 'deals' AND team != ''"
        )
        assert in_teams == kept
    assert compared["units of deals"] > 0
    assert told["sale"] > 10 and told["refund"] and told["correction"]


def test_finds_a_credit_that_counted_although_it_was_left_out(limited: ClickHouseServer) -> None:
    _execute(
        limited,
        f"ALTER TABLE kpistream.left_out DELETE WHERE ({PLACE}) IN "
        f"(SELECT {PLACE} FROM kpistream.credits WHERE type = 'sale' AND employee = 'A')",
    )
    assert {"days of sold", "days of buyers"} <= _differing(_reconciled(limited)).keys()


def test_does_not_compare_what_was_left_out_before_it_was_told(limited: ClickHouseServer) -> None:
    _execute(limited, "ALTER TABLE kpistream.updates DELETE WHERE kind = 'limits' AND credits_partition = 1")
    report = _reconciled(limited)
    told = {check.name: check.examples for check in report.checks if check.level == "" and "days of" in check.name}
    assert told["days of sold"] == (
        "not compared: which credits a limit on the same customer left out was not kept from its beginning on",
    )


#: Converted, capped, held back; what comes after a close counts in the first open period.
MONEY = """
plan: money
version: 1
timezone: Asia/Shanghai
currency: CNY
late: process_date
organisation:
  company: c
  departments:
    - {id: d1, teams: [{id: t1, employees: [{id: A, role: r}, {id: B, role: r}]}]}
rates:
  - {currency: USD, date: 2026-03-01, rate: 7.1234}
  - {currency: USD, date: 2026-03-10, rate: 6.9871}
  - {currency: JPY, date: 2026-03-01, rate: 0.0487}
crediting:
  guards: [{events: [sale], cap: 500}]
kpis:
  - {id: sold, name: Sold, aggregate: sum, field: amount, events: [sale, refund, correction, cancellation], unit: money}
  - {id: sales, name: Sales, aggregate: count, events: [sale]}
targets:
  - {kpi: sold, period: month, value: 1000}
  - {kpi: sold, period: week, value: 1000}
"""


def _money_history() -> list[dict]:
    """Sales in three currencies, some over the cap, some shared, with everything that can come about them."""
    events = []
    for n in range(60):
        currency = ("CNY", "USD", "JPY")[n % 3]
        payee: dict = {"employee": "AB"[n % 2]}
        if n % 5 == 0:
            payee = {"splits": [{"employee": "A", "percent": "33.33"}, {"employee": "B", "percent": "66.67"}]}
        amount = ("13.37", "99.99", "4321")[n % 3] if n % 4 else ("800", "131.07", "20000")[n % 3]
        events.append(_event(n, "sale", n % 20, amount=amount, currency=currency, **payee))
        about = {"sale_id": f"sale-{n}", "currency": currency}
        if n % 6 == 1:
            events.append(_event(n, "refund", n % 20 + 3, amount="3.33" if n % 3 != 2 else "100", **about))
        if n % 6 == 2:
            events.append(_event(n, "correction", n % 20 + 1, amount="1234", **about))
        if n % 9 == 4:
            events.append(_event(n, "cancellation", n % 20 + 2, sale_id=f"sale-{n}"))
    return events


@pytest.fixture
def money(running: ClickHouseServer) -> ClickHouseServer:
    plan, events, log = load_plan(MONEY), _money_history(), MemoryLog()
    log.apply(plan)
    log.feed(events[:30], batch=10)
    log.close(plan, "week", "2026-W10", "test")
    log.feed(events[30:60], batch=10)
    log.close(plan, "week", "2026-W11", "test")
    log.feed(events[60:], batch=10)
    _empty(running)
    _load(running, log)
    return running


def test_agrees_on_converted_and_capped_sales_and_by_process_date(money: ClickHouseServer) -> None:
    report = _reconciled(money)
    assert _differing(report) == {}, str(report)
    compared = {check.name: check.compared for check in report.checks}
    assert compared["sales by rates and caps"] == 60 and compared["days of sold"]
    with money.client() as client:
        moved = "SELECT count() FROM kpistream.credits FINAL WHERE toDate(time, 'Asia/Shanghai') < '2026-03-16'"
        kept = "SELECT sum(denominator) FROM kpistream.kpi_days FINAL WHERE kpi = 'sold' AND day < '2026-03-16'"
        assert client.execute(moved)[0][0] > client.execute(kept)[0][0] > 0


@pytest.mark.parametrize("id_", ["sale-1", "sale-0", "refund-7", "correction-8", "cancellation-13"])
def test_a_cent_too_much_of_a_converted_or_capped_sale_is_found(money: ClickHouseServer, id_: str) -> None:
    _execute(
        money,
        f"ALTER TABLE kpistream.credits UPDATE amount = amount + toDecimal64('0.01', 4) WHERE id = '{id_}' "
        "AND employee = (SELECT min(employee) FROM kpistream.credits WHERE id = '" + id_ + "')",
    )
    assert "sales by rates and caps" in _differing(_reconciled(money))


def test_values_up_to_a_cut_are_exact_while_more_arrives(running: ClickHouseServer, log: MemoryLog) -> None:
    """Credits beyond the cut and cells newer than it are left alone; a wrong cell before it is found."""
    _empty(running)
    _load(running, log)
    settings = settings_of(running)
    ends = {part: len(log.records["credits", part]) - 1 for part in range(log.partitions)}
    updates = len(log.records["kpi-updates", 0])
    whole = reconcile_values(settings, ends, updates)
    assert whole.differences == 0 and sum(check.compared for check in whole.checks) > 300
    # a cell that was published, and the credits behind it not yet loaded
    cut = {part: end - 1 for part, end in ends.items()}
    _execute(running, f"ALTER TABLE kpistream.credits DELETE WHERE credits_offset >= {min(ends.values())}")
    part = reconcile_values(settings, cut, updates)
    assert part.differences == 0 and sum(check.compared for check in part.checks) > 100
    assert reconcile_values(settings, dict.fromkeys(cut, 0), updates) is not None
    assert reconcile_values(settings, dict.fromkeys(cut, -1), updates) is None, "the plan lies beyond the cut"
    _execute(running, "ALTER TABLE kpistream.kpi_days UPDATE numerator = numerator + 1 WHERE kpi = 'sold' AND "
                      f"version <= {min(cut.values())} AND employee = 'A'")  # fmt: skip
    (found, *_) = [check for check in reconcile_values(settings, cut, updates).checks if check.name == "days of sold"]
    assert found.differences and found.drifts[0].entity == "A" and found.drifts[0].difference == 1
