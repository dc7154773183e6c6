"""A KPI that is new counts its history: rebuilt beside the running system, the command and the worker killed in it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from os import environ
from pathlib import Path

import msgspec
import pytest

import infra.control_topic
import infra.rebuild_cli
from infra.control_topic import apply_plan, write_adjustments
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
def pipeline(own_stack: LocalStack) -> Iterator[Pipeline]:
    with Pipeline(own_stack, partitions=2) as running:
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


def with_history(pipeline: Pipeline) -> Callable[[], list[tuple]]:
    """Sixty sales before the plan counts them, three after; how to ask who has how many."""
    apply_plan(pipeline.settings, load_plan(PLAN))
    pipeline.produce("events.sales", sales(0, 60))
    pipeline.wait_until_drained()
    apply_plan(pipeline.settings, load_plan(PLAN + NEW))
    pipeline.produce("events.sales", sales(60, 3))
    pipeline.wait_until_drained()
    return lambda: pipeline.query(
        "SELECT employee, toInt64(numerator) FROM kpistream.kpi_periods FINAL WHERE kpi = 'deals' ORDER BY employee"
    )


def test_history_counts_once_whatever_dies(pipeline: Pipeline) -> None:
    deals = with_history(pipeline)
    client = connect(from_settings(pipeline.settings))
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


def test_a_switch_waits_for_a_kafka_that_is_away_and_writes_nothing_twice(
    pipeline: Pipeline, own_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    deals = with_history(pipeline)
    assert eventually(lambda: deals() == [("A", 1), ("B", 1), ("C", 1)], 20)
    kills: list[int] = []

    def written(settings, records: Iterable[tuple]) -> None:
        """Kafka dies after the records of the first partition came, and before those of the second."""
        records = list(records)
        ((partition, _), *_) = records
        if not kills:
            write_adjustments(settings, records)
        if len(kills) < 2 and partition not in kills:
            own_stack.kafka.kill()
            kills.append(partition)
            if len(kills) == 1:
                return
        write_adjustments(settings, records)

    for name, value in pipeline.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(infra.rebuild_cli, "write_adjustments", written)
    monkeypatch.setattr(infra.rebuild_cli, "_ANSWER_MS", 2_000)
    monkeypatch.setattr(infra.control_topic, "_WRITE_MS", 2_000)
    restarts = 0
    with ThreadPoolExecutor(1) as operator:
        switching = operator.submit(
            infra.rebuild_cli.rebuild.main, ["--switch", "--reason", "history"], standalone_mode=False
        )
        while not switching.done():
            if "trying for" in capfd.readouterr().err and restarts < len(kills):
                own_stack.kafka.start()
                restarts += 1
            time.sleep(0.1)
        switching.result()
    assert sorted(kills) == [0, 1] and restarts == 2
    pipeline.wait_until_drained()
    assert eventually(lambda: deals() == [("A", 21), ("B", 21), ("C", 21)], 20)
    trace = "SELECT count(), countIf(outcome = 'adjusted') FROM bi.adjustments"
    assert eventually(lambda: pipeline.query(trace) == [(3, 3)], 20)
    compared = pipeline.command("reconcile")
    assert compared.exit_code == 0, compared.output
