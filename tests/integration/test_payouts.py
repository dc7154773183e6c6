"""From sales to payments on real servers: close, payout, late sale, next close, pay, balances; the topic for HR."""

from __future__ import annotations

import csv
import getpass
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import validate

from infra import control_lock
from infra.asyncapi import asyncapi
from infra.control_lock import sole_operator
from infra.control_topic import apply_plan
from infra.local.stack import LocalStack
from schemas.event_types import EventTypes
from schemas.plan import Plan
from schemas.plan_draws import Draw
from schemas.plan_file import check_plan
from schemas.topics import PAYMENTS, PAYOUTS
from tests.integration.pipeline import Pipeline
from tests.integration.test_pipeline import read_topic, sale

PLAN = """plan: pay
timezone: Asia/Shanghai
currency: CNY
organisation:
  company: acme
  departments:
    - id: sales
      teams:
        - {id: north, employees: [{id: E1, name: Ada, role: rep}, {id: E2, role: rep}, {id: E3, role: trainee}]}
kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale], field: amount, unit: money}
awards:
  - {kind: tiers, id: commission, name: C, kpi: revenue, period: month, pays: marginal, tiers: [{value: 0, rate: 10%}]}
draws:
  - {id: base, period: month, amount: 100, roles: [rep]}
"""


def test_from_a_close_to_the_balance(own_stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plan, errors = check_plan(PLAN)[:2]
    assert not errors
    monkeypatch.chdir(tmp_path)
    with Pipeline(own_stack, partitions=2) as pipeline:

        def command(*words: str) -> str:
            found = pipeline.command(*words)
            assert found.exit_code == 0, found.output
            return found.output

        def exported(name: str) -> dict[str, tuple]:
            rows = csv.DictReader((tmp_path / name).open(encoding="utf-8-sig"))
            return {row["employee"]: (row["earned"], row["advance"], row["recovery"], row["amount"]) for row in rows}

        apply_plan(pipeline.settings, plan)
        assert "has no payout yet" in pipeline.command("pay", "2026-03").output
        pipeline.produce("events.sales", [sale("s1", "E1", "450.50")])
        pipeline.wait_until_drained()
        assert "2 payees, version 1" in command("payout", "2026-03")
        with monkeypatch.context() as impatient, sole_operator(pipeline.settings):  # somebody else's command is at work
            impatient.setattr(control_lock, "_PATIENCE_SECONDS", 0)
            for words in (("pay", "2026-03"), ("payout", "2026-03")):
                assert "other commands have been changing" in pipeline.command(*words).output
        assert "Ada (E1): 100.00 CNY\nE2: 100.00 CNY\n" in command("pay", "2026-03")
        pipeline.produce("events.sales", [sale("s2", "E2", "2000")])
        pipeline.wait_until_drained()
        assert "2 payees, version 2" in command("close", "2026-03", "--by", "Anna")
        march = {
            "E1": ("45.0500", "54.9500", "0.0000", "100.0000"),
            "E2": ("200.0000", "0.0000", "0.0000", "200.0000"),
        }
        assert exported("payout-2026-03-v2.csv") == march
        assert exported("payout-2026-03-v1.csv") == march | {"E2": ("0.0000", "100.0000", "0.0000", "100.0000")}
        assert command("pay", "2026-03") == "E2: 100.00 CNY\n2026-03, version 2: payments recorded: 1\n"
        assert "paid already" in command("pay", "2026-03")

        # another 150 for E1 in the closed March: paid by April, which recovers 50 of the advance
        pipeline.produce("events.sales", [sale("s3", "E1", "1500"), sale("s4", "E3", "10")])
        pipeline.wait_until_drained()
        assert "version 2" in command("payout", "2026-03", "--out", "again.csv")
        assert exported("again.csv") == march
        assert "3 payees, version 1" in command("close", "2026-04")
        assert exported("payout-2026-04-v1.csv") == {
            "E1": ("150.0000", "0.0000", "50.0000", "100.0000"),
            "E2": ("0.0000", "100.0000", "0.0000", "100.0000"),
            "E3": ("1.0000", "0.0000", "0.0000", "1.0000"),
        }
        balances = "SELECT employee, earned, paid, balance FROM bi.balances ORDER BY employee"
        numbers = [("E1", "195.05", "100", "95.05"), ("E2", "200", "200", "0"), ("E3", "1", "0", "1")]
        assert pipeline.query(balances) == [(who, *map(Decimal, money)) for who, *money in numbers]
        told = command("explain", "E1", "2026-04")
        assert "; recovered 50.00 CNY; pays 100.00 CNY, still to be recovered 4.95 CNY: agrees." in told, told
        command("pay", "2026-04")
        pipeline.wait_until_drained()  # the table follows from the topic
        numbers = [("E1", "195.05", "200", "-4.95"), ("E2", "200", "300", "-100"), ("E3", "1", "1", "0")]
        assert pipeline.query(balances) == [(who, *map(Decimal, money)) for who, *money in numbers]
        versions = "SELECT period, payout_version, newest, count() FROM bi.payouts GROUP BY 1, 2, 3 ORDER BY 1, 2"
        statements = "SELECT period, employee, amount FROM bi.statements WHERE amount != 0 ORDER BY 1, 2"
        due = "SELECT period, employee, amount FROM bi.payouts WHERE newest ORDER BY 1, 2"
        assert pipeline.query(statements) == pipeline.query(due) and len(pipeline.query(due)) == 5
        pipeline.wait_until_drained()  # the sink loads what HR reads, and nothing changes
        assert pipeline.query(statements) == pipeline.query(due)
        closes = "SELECT period, closed_by, plan_version, late, payout_version, paid FROM bi.closes ORDER BY period"
        assert pipeline.query(closes) == [
            ("2026-03", "Anna", 1, "event_date", 2, True),
            ("2026-04", getpass.getuser(), 1, "event_date", 1, True),
        ]
        _published(pipeline, tmp_path)
        _paid_as_the_log_says(pipeline)
        versions_before = pipeline.query(versions)
        _remade(pipeline, plan, exported, tmp_path)
        assert versions_before == [("2026-03", 1, False, 2), ("2026-03", 2, True, 2), ("2026-04", 1, True, 3)]


def _published(pipeline: Pipeline, folder: Path) -> None:
    """What a program of HR keeps of the topic is what the newest files say; every record is as documented."""
    schema = asyncapi(EventTypes({}))["components"]["schemas"]["Payout"]
    newest: dict[tuple[str, str], dict] = {}
    records = list(read_topic(pipeline.settings, PAYOUTS.name))
    assert len(records) == 2 + 2 + 2 + 3  # March twice as a new version and once again; April
    for record in records:
        row = json.loads(record.value)
        validate(row, schema)
        assert record.key == row["employee"].encode()
        before = newest.get((row["period"], row["employee"]))
        if before is None or row["payout_version"] >= before["payout_version"]:
            newest[row["period"], row["employee"]] = row
    written = []
    for name in ("payout-2026-03-v2.csv", "payout-2026-04-v1.csv"):
        written += csv.DictReader((folder / name).open(encoding="utf-8-sig"))
    assert len(written) == len(newest) == 5
    for row in written:
        published = newest[row["period"], row["employee"]]
        assert row.pop("name") == ("Ada" if row["employee"] == "E1" else "")
        assert {name: str(published[name]) for name in row} == row


def _paid_as_the_log_says(pipeline: Pipeline) -> None:
    """Each payment is a record; with the tables behind, commands wait for them or go by the log."""
    records = list(read_topic(pipeline.settings, PAYMENTS.name))
    schema = asyncapi(EventTypes({}))["components"]["schemas"]["Payment"]
    rows = [json.loads(record.value) for record in records]
    for record, row in zip(records, rows, strict=True):
        validate(row, schema)
        assert record.key == row["employee"].encode()
    paid = pipeline.query("SELECT period, payout_version, employee, amount FROM bi.payments ORDER BY ALL")
    said = (
        (row["period"], row["payout_version"], row["employee"], Decimal(row["amount"])) for row in rows
    )
    assert paid == sorted(said) and len(paid) == 6
    pipeline.query("TRUNCATE TABLE kpistream.payments")
    assert "paid already" in pipeline.command("pay", "2026-04").output
    pipeline.query("ALTER TABLE kpistream.payouts DELETE WHERE period = '2026-04' SETTINGS mutations_sync = 1")
    for words in (("pay", "2026-03"), ("payout", "2026-04")):
        assert "do not hold version 1 of the payout of 2026-04 yet" in pipeline.command(*words).output
    for row in read_topic(pipeline.settings, PAYOUTS.name):  # as the sink loads it again from the beginning
        pipeline.produce(PAYOUTS.name, [row.value])
    pipeline.wait_until_drained()


def _remade(pipeline: Pipeline, plan: Plan, exported: Callable[[str], dict], folder: Path) -> None:
    """A higher draw, applied late: March made anew makes April anew too, which has nothing to recover now."""
    apply_plan(pipeline.settings, plan.model_copy(update={"draws": (Draw(id="more", period="month", amount=150),)}))
    made = pipeline.command("payout", "2026-03")
    assert "payout-2026-03-v3.csv: 3 payees, version 3" in made.output, made.output
    assert "payout-2026-04-v2.csv: 3 payees, version 2, since" in made.output
    assert "kpistream pay 2026-04 records the difference" in made.output
    assert exported("payout-2026-03-v3.csv") == {
        "E1": ("45.0500", "104.9500", "0.0000", "150.0000"),
        "E2": ("200.0000", "0.0000", "0.0000", "200.0000"),
        "E3": ("0.0000", "150.0000", "0.0000", "150.0000"),
    }
    assert exported("payout-2026-04-v2.csv") == {
        "E1": ("150.0000", "0.0000", "0.0000", "150.0000"),
        "E2": ("0.0000", "150.0000", "0.0000", "150.0000"),
        "E3": ("1.0000", "149.0000", "0.0000", "150.0000"),
    }
    (folder / "payout-2026-04-v2.csv").unlink()  # as if the command had been killed ahead of it
    again = pipeline.command("payout", "2026-03").output
    assert "payout-2026-04-v2.csv: 3 payees, version 2, which is still to be paid; kpistream pay 2026-04" in again
    assert (folder / "payout-2026-04-v2.csv").exists()
    assert "Ada (E1): 50.00 CNY" in pipeline.command("pay", "2026-04").output
    assert "2026-04" not in pipeline.command("payout", "2026-03").output
