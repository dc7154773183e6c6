"""The ledger's tables and views on a real ClickHouse: payouts made in any order, draws as lines, closes, balances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from clickhouse_driver import Client

from infra.local.clickhouse import ClickHouseServer
from infra.payout_tables import PayoutTables
from runtime.records import Out
from schemas.payouts import Payment, encode_payout
from schemas.plan import Plan
from schemas.plan_file import check_plan
from schemas.topics import PAYMENTS, PAYOUTS
from sinks.rows import LOADED_TOPICS
from streams.ledger.payouts import records
from tests.integration.clickhouse_server import flush, loader_of, running_server
from tests.integration.memory_log import APPENDED, MemoryLog
from tests.integration.test_payouts import PLAN
from tests.integration.test_pipeline import sale

MONTHS = ("2026-02", "2026-03", "2026-04")
#: What sales add up to; the commission is 10 %, the draw of E1 and E2 100 a month.
FIRST = [("E1", "2026-02", "300"), ("E2", "2026-02", "1500"), ("E1", "2026-03", "1300"), ("E1", "2026-04", "1400")]


def _sale(number: int, employee: str, month: str, amount: str) -> dict:
    return sale(f"s{number}", employee, amount) | {"time": f"{month}-10T10:00:00Z"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


class World:
    """A log, its tables and its ledger."""

    def __init__(self, server: ClickHouseServer, client: Client, plan: Plan) -> None:
        self.log, self.client, self.plan, self._server, self._now = MemoryLog(), client, plan, server, 1_780_000_000_000
        self.payments: list[Payment] = []
        self.log.apply(plan)

    def load(self) -> None:
        """Everything in the topics into the tables, from the beginning."""
        loader = loader_of(self._server)
        for batch in self.log.batches(LOADED_TOPICS):
            loader.add(batch)
        flush(loader)

    def make(self, month: str) -> list:
        """``kpistream payout``, with its records on the topic."""
        self._now += 1000
        made = PayoutTables(self.client, self.plan, self._now).make("month", month)
        rows = [row for one in made for row in records(self.plan, "month", one)]
        self.log.append(Out(PAYOUTS.name, encode_payout(row), partition=0) for row in rows)
        return made

    def pay(self, month: str) -> list[Payment]:
        """``kpistream pay``, and the sink behind it; what was recorded."""
        self._now += 1000
        _, made, unlogged = PayoutTables(self.client, self.plan, self._now).pay("month", month, self.payments)
        self.payments += [*unlogged, *made]
        self.log.append(Out(PAYMENTS.name, encode_payout(row), partition=0) for row in (*unlogged, *made))
        self.load()
        return made

    def due(self) -> dict[tuple[str, str], tuple]:
        """(month, employee) → earned, advance, recovery, amount, outstanding of the newest payouts."""
        found = self.client.execute(
            "SELECT period, employee, earned, advance, recovery, amount, outstanding FROM bi.payouts WHERE newest"
        )
        return {(period, employee): tuple(map(int, money)) for period, employee, *money in found}


@pytest.fixture
def world(server: ClickHouseServer) -> Iterator[Callable[[], World]]:
    plan, errors = check_plan(PLAN)[:2]
    assert not errors
    with server.client() as client:
        for table in ("earnings", "payouts", "payments", "closes", "plan_versions"):
            client.execute(f"TRUNCATE TABLE kpistream.{table}")
        yield World(server, client, plan)


def test_statements_are_their_lines_with_draws_among_them_and_balances_what_is_left(world: World):
    world.log.feed([_sale(number, *one) for number, one in enumerate(FIRST)])
    world.load()
    for month in MONTHS:
        world.make(month)
    assert world.due() == {
        ("2026-02", "E1"): (30, 70, 0, 100, 70),
        ("2026-02", "E2"): (150, 0, 0, 150, 0),
        ("2026-03", "E1"): (130, 0, 30, 100, 40),
        ("2026-03", "E2"): (0, 100, 0, 100, 100),
        ("2026-04", "E1"): (140, 0, 40, 100, 0),
        ("2026-04", "E2"): (0, 100, 0, 100, 200),
    }
    _hold(world.client)
    lines = "SELECT rule, reason, amount, basis, value_after FROM bi.earnings "
    assert world.client.execute(lines + "WHERE employee = 'E1' AND rule = 'base' ORDER BY period") == [
        ("base", "advance", 70, 30, 70), ("base", "recovery", -30, 130, 40), ("base", "recovery", -40, 140, 0),
    ]  # fmt: skip
    for month in MONTHS:
        world.pay(month)
    assert world.client.execute("SELECT employee, earned, paid, balance, outstanding FROM bi.balances ORDER BY 1") == [
        ("E1", 300, 300, 0, 0), ("E2", 150, 350, -200, 200),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [MONTHS[::-1], ("2026-03", "2026-02", "2026-04")])
def test_an_earlier_payout_made_anew_makes_the_later_ones_right(world: World, order: tuple[str, ...]):
    """In whatever order payouts are made, they end as if each had been made once, in the order of the months."""
    world.log.feed([_sale(number, *one) for number, one in enumerate(FIRST)])
    world.load()
    for month in order:
        world.make(month)
        world.pay(month)
    world.log.feed([_sale(9, "E1", "2026-02", "400"), _sale(10, "E3", "2026-03", "50")])
    world.load()
    made = world.make("2026-02")
    assert [(one.period, one.new) for one in made] == [(month, True) for month in MONTHS]
    assert [one.period for one in world.make("2026-02") if one.new] == []
    assert world.due() == {
        ("2026-02", "E1"): (70, 30, 0, 100, 30),
        ("2026-02", "E2"): (150, 0, 0, 150, 0),
        ("2026-03", "E1"): (130, 0, 30, 100, 0),
        ("2026-03", "E2"): (0, 100, 0, 100, 100),
        ("2026-03", "E3"): (5, 0, 0, 5, 0),
        ("2026-04", "E1"): (140, 0, 0, 140, 0),
        ("2026-04", "E2"): (0, 100, 0, 100, 200),
    }
    _hold(world.client)
    world.load()  # the rows on the topic are those in the table
    _hold(world.client)
    for month in MONTHS:
        world.pay(month)
    owed = "SELECT employee, balance + outstanding FROM bi.balances ORDER BY employee"
    assert world.client.execute(owed) == [("E1", 0), ("E2", 0), ("E3", 0)]


def _hold(client: Client) -> None:
    """Σ lines = statement = what the newest payout is due; earned − paid = balance."""
    statements = client.execute("SELECT period, employee, amount, lines FROM bi.statements ORDER BY 1, 2")
    assert statements == client.execute(
        "SELECT posted_in, employee, sum(amount), count() FROM bi.earnings GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert [row[:3] for row in statements if row[2]] == client.execute(
        "SELECT period, employee, amount FROM bi.payouts WHERE newest AND amount != 0 ORDER BY 1, 2"
    )
    assert client.execute("SELECT sum(draws), sum(amount) - sum(earned) FROM bi.statements") == [
        client.execute("SELECT sum(guarantee + advance - recovery) AS a, a FROM bi.payouts WHERE newest")[0]
    ]
    assert client.execute("SELECT count(), uniqExact(line_id) FROM bi.earnings HAVING count() = uniqExact(line_id)")
    assert not client.execute("SELECT * FROM bi.balances WHERE earned - paid != balance")


def test_all_the_ledger_comes_back_from_the_topics(world: World):
    world.log.feed([_sale(number, *one) for number, one in enumerate(FIRST)])
    world.load()
    for month in MONTHS:
        world.make(month)
        assert len(world.pay(month)) == 2 and not world.pay(month)
    tables = ("payouts", "payments", "earnings", "closes")
    rows = [world.client.execute(f"SELECT * FROM kpistream.{table} FINAL ORDER BY ALL") for table in tables]
    assert [len(one) for one in rows[:2]] == [6, 6]
    balances = world.client.execute("SELECT * FROM bi.balances ORDER BY ALL")
    for table in tables:
        world.client.execute(f"TRUNCATE TABLE kpistream.{table}")
    ledger = PayoutTables(world.client, world.plan, 0)
    assert ledger.behind({("month", "2026-02"): 1, ("month", "2026-03"): 1}) == ("2026-02", 1)
    world.load()
    assert [world.client.execute(f"SELECT * FROM kpistream.{table} FINAL ORDER BY ALL") for table in tables] == rows
    assert world.client.execute("SELECT * FROM bi.balances ORDER BY ALL") == balances
    assert ledger.behind({("month", "2026-02"): 1, ("month", "2026-03"): 1}) is None
    assert not any(world.pay(month) for month in MONTHS)


def test_payments_from_before_the_topic_count_and_are_brought_into_it(world: World):
    world.log.feed([_sale(number, *one) for number, one in enumerate(FIRST)])
    world.load()
    for month in MONTHS:
        world.make(month)
        world.pay(month)
    rows = world.client.execute("SELECT * FROM kpistream.payments FINAL ORDER BY ALL")
    world.log.records.pop((PAYMENTS.name, 0))  # as if the commands of before had written the table
    world.payments = []
    assert not world.pay("2026-03") and len(world.payments) == len(rows) == 6
    assert not world.pay("2026-02") and len(world.payments) == 6
    world.client.execute("TRUNCATE TABLE kpistream.payments")
    assert not world.pay("2026-04")  # the log says so, whatever the table holds
    assert world.client.execute("SELECT * FROM kpistream.payments FINAL ORDER BY ALL") == rows


def test_who_closed_what_under_which_plan(world: World, tmp_path: Path):
    world.log.close(world.plan, "month", "2026-02", "Anna")
    later = world.plan.model_copy(update={"version": 2, "late": "process_date"})
    world.log.apply(later)
    world.log.close(world.plan, "month", "2026-03", "")
    world.log.close(world.plan, "month", "2026-02", "Tom")  # closed already
    world.load()
    world.make("2026-02")
    world.pay("2026-02")
    closes = world.client.execute(
        "SELECT period_kind, period, closed_by, toUnixTimestamp64Milli(closed_at), plan_version, late, payout_version, "
        "paid FROM bi.closes ORDER BY period"
    )
    assert closes == [
        ("month", "2026-02", "Anna", APPENDED, 1, "event_date", 1, True),
        ("month", "2026-03", "", APPENDED, 2, "process_date", 0, False),
    ]
    assert world.client.execute("SELECT sum(amount) FROM bi.payments")[0][0] == Decimal(200)
