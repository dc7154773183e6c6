"""A checkpoint that has gone wrong on real servers: seen, measured, set right in-band, right after a restart."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.control_topic import apply_plan
from infra.local.stack import LocalStack
from infra.reconcile_service import ReconcileExporter
from runtime.state_layout import stage_name
from schemas.plan_file import load_plan
from sinks.connection import connect, from_settings
from streams.performance.pages import _Page
from streams.state_layouts import LAYOUTS
from tests.integration.conftest import eventually
from tests.integration.pipeline import Pipeline

PLAN = """
plan: adjusted
timezone: UTC
currency: CNY
organisation:
  company: c
  departments: [{id: d, teams: [{id: t, employees: [{id: A, role: r}, {id: B, role: r}]}]}]
kpis:
  - {id: sold, name: Sold, description: Sales, aggregate: sum, field: amount, events: [sale], unit: money}
awards:
  - {kind: tiers, id: commission, name: C, kpi: sold, period: month, pays: marginal, tiers: [{value: 0, rate: 10%}]}
"""


@pytest.fixture
def pipeline(own_stack: LocalStack) -> Iterator[Pipeline]:
    with Pipeline(own_stack, partitions=2) as running:
        yield running


def sale(number: int, who: str) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0", "source": "s", "id": str(number), "type": "sale", "time": "2026-03-02T10:00:00Z",
            "data": {"employee": who, "amount": 100, "currency": "CNY"},
        }
    )  # fmt: skip


def metric(exporter: ReconcileExporter, name: str) -> float:
    return sum(sample.value for family in exporter.collect() for sample in family.samples if sample.name == name)


def test_a_wrong_checkpoint_is_seen_and_set_right_with_a_trace(pipeline: Pipeline) -> None:
    settings = pipeline.settings
    apply_plan(settings, load_plan(PLAN))
    pipeline.produce("events.sales", [sale(number, "AB"[number % 2]) for number in range(10)])
    pipeline.wait_until_drained()
    client = connect(from_settings(settings))

    def asked(query: str) -> list[tuple]:
        return client.execute(query)

    paid = "SELECT sum(amount) FROM kpistream.earnings FINAL WHERE employee = 'A'"
    assert eventually(lambda: asked(paid)[0][0] == 50, 20)
    exporter = ReconcileExporter(settings)
    exporter.read()
    assert metric(exporter, "kpistream_reconcile_differences") == 0 < metric(exporter, "kpistream_reconcile_compared")

    # the state of A's day is changed while the worker is down
    stopped = pipeline.stop_worker()
    stage = stage_name("performance", LAYOUTS["performance"].format)
    rows = f"SELECT partition, key, value, version FROM kpistream.checkpoints FINAL WHERE stage = '{stage}' AND " \
           "startsWith(key, 'cells/sold/')"  # fmt: skip
    binary = {"strings_as_bytes": True}
    (place, key, value, version) = next(
        row for row in client.execute(rows, settings=binary) if b"A" in row[2]
        and msgspec.msgpack.decode(row[2], type=_Page).employees == ["A"]
    )  # fmt: skip
    page = msgspec.msgpack.decode(value, type=_Page)
    wrong = msgspec.structs.replace(page, num=(np.frombuffer(page.num, np.int64) + 7_000_000).tobytes())
    client.execute(
        "INSERT INTO kpistream.checkpoints (stage, partition, key, value, version, deleted) VALUES",
        [(stage.encode(), place, key, msgspec.msgpack.encode(wrong), version, 0)],
        settings=binary,
    )
    pipeline.start_worker(instead_of=stopped)
    pipeline.produce("events.sales", [sale(100, "A")])
    pipeline.wait_until_drained()
    assert eventually(lambda: asked(paid)[0][0] > 50, 20)

    exporter.read()
    assert metric(exporter, "kpistream_reconcile_differences") >= 1
    assert metric(exporter, "kpistream_reconcile_drift") >= 700
    run = CliRunner()
    assert run.invoke(main, ["reconcile"], env=pipeline.environment).exit_code == 1
    mended = run.invoke(main, ["reconcile", "--repair", "--reason", "a test", "--by", "ops"], env=pipeline.environment)
    assert mended.exit_code == 0, mended.output
    assert "1 adjusted" in mended.output
    exporter.read()
    assert metric(exporter, "kpistream_reconcile_differences") == 0
    trace = "SELECT operator, reason, kpi, employee, outcome, numerator_before - numerator FROM bi.adjustments " \
            "WHERE outcome = 'adjusted'"  # fmt: skip
    assert asked(trace) == [("ops", "a test", "sold", "A", "adjusted", 700)]
    # a tenth of 600: what the wrong value by itself would have earned was never paid, and is not taken back
    assert eventually(lambda: asked(paid)[0][0] == 60, 20)
    line = "SELECT count(), sum(amount) FROM kpistream.earnings FINAL WHERE reason = 'adjustment'"
    before = asked(line)

    # neither a restart nor a second repair changes anything
    stopped = pipeline.stop_worker()
    pipeline.start_worker(instead_of=stopped)
    pipeline.produce("events.sales", [sale(101, "B")])
    pipeline.wait_until_drained()
    again = run.invoke(main, ["reconcile", "--repair", "--reason", "once more"], env=pipeline.environment)
    assert again.exit_code == 0, again.output
    assert (asked(line), asked(paid)[0][0]) == (before, 60)
