"""A KPI that is new counts its history: rebuilt beside the running system, the command and the worker killed in it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from os import environ
from pathlib import Path

import msgspec
import pytest

from infra.control_topic import apply_plan
from infra.local.stack import LocalStack
from schemas.plan_file import load_plan
from sinks.connection import connect, from_settings
from tests.integration.conftest import eventually
from tests.integration.pipeline import Pipeline

PLAN = """
plan: rebuilt
timezone: UTC
currency: CNY
organisation:
  company: c
  departments: [{id: d, teams: [{id: t, employees: [{id: A, role: r}, {id: B, role: r}, {id: C, role: r}]}]}]
kpis:
  - {id: sold, name: Sold, description: Sales, aggregate: sum, field: amount, events: [sale], unit: money}
"""
NEW = """  - {id: deals, name: Deals, description: Sales made, aggregate: count, events: [sale], periods: [month]}
awards:
  - {kind: tiers, id: many, name: Many, kpi: deals, period: month, pays: flat,
     tiers: [{value: 20, amount: 500}]}
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with LocalStack(tmp_path / "stack") as stack, Pipeline(stack, partitions=2) as running:
        yield running


def sales(first: int, count: int) -> list[bytes]:
    return [
        msgspec.json.encode(
            {
                "specversion": "1.0", "source": "s", "id": str(number), "type": "sale", "time": "2026-03-02T10:00:00Z",
                "data": {"employee": "ABC"[number % 3], "amount": 100, "currency": "CNY"},
            }
        )
        for number in range(first, first + count)
    ]  # fmt: skip


def test_history_counts_once_whatever_dies(pipeline: Pipeline, tmp_path: Path) -> None:
    apply_plan(pipeline.settings, load_plan(PLAN))
    pipeline.produce("events.sales", sales(0, 60))
    pipeline.wait_until_drained()
    apply_plan(pipeline.settings, load_plan(PLAN + NEW))
    pipeline.produce("events.sales", sales(60, 3))
    pipeline.wait_until_drained()
    client = connect(from_settings(pipeline.settings))

    def deals() -> list[tuple]:
        return client.execute(
            "SELECT employee, toInt64(numerator) FROM kpistream.kpi_periods FINAL WHERE kpi = 'deals' ORDER BY employee"
        )

    assert eventually(lambda: deals() == [("A", 1), ("B", 1), ("C", 1)], 20)

    shown = pipeline.command("rebuild")
    assert shown.exit_code == 0, shown.output
    assert "3 people, 1,500.00 CNY in all." in shown.output
    assert deals() == [("A", 1), ("B", 1), ("C", 1)]  # nothing was changed by showing it

    # killed once it has written into the first partition; and the worker, which is to fold that
    command = [str(Path(sys.executable).with_name("kpistream")), "rebuild", "--switch", "--reason", "history"]
    running = subprocess.Popen(command, env={**environ, **pipeline.environment}, stderr=subprocess.PIPE, text=True)
    try:
        assert "cells written" in running.stderr.readline()
    finally:
        running.kill()
        running.wait()
    pipeline.kill_worker()
    pipeline.produce("events.sales", sales(63, 3))
    pipeline.start_worker()
    pipeline.wait_until_drained()

    begun = time.monotonic()
    switched = pipeline.command("rebuild", "--switch", "--reason", "history", "--by", "ops")
    assert switched.exit_code == 0, switched.output
    assert time.monotonic() - begun < 15
    pipeline.wait_until_drained()
    assert eventually(lambda: deals() == [("A", 22), ("B", 22), ("C", 22)], 20)
    lines = "SELECT employee, count(), toInt64(sum(amount)) FROM kpistream.earnings FINAL GROUP BY employee ORDER BY 1"
    assert eventually(lambda: client.execute(lines) == [("A", 1, 500), ("B", 1, 500), ("C", 1, 500)], 20)
    assert client.execute("SELECT count(), uniqExact(employee) FROM bi.awards WHERE state != 'revoked'") == [(3, 3)]
    trace = "SELECT count(), countIf(reason = 'history') FROM bi.adjustments WHERE outcome = 'adjusted'"
    assert eventually(lambda: client.execute(trace) == [(3, 3)], 20)
    again = pipeline.command("rebuild", "--switch", "--reason", "history")
    assert again.exit_code == 0 and "Nothing differs" in again.output
    compared = pipeline.command("reconcile")
    assert compared.exit_code == 0, compared.output
