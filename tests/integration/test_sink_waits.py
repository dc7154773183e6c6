"""What a sink cannot insert keeps nothing else up, and is loaded once it can be."""

from __future__ import annotations

import time

from benchmarks.sales import plan_of
from infra.control_topic import apply_plan
from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from schemas.plan_file import load_plan
from tests.integration.conftest import eventually
from tests.integration.pipeline import ROOT, Pipeline

#: Longer than the loader tries one insert, after which it knows that ClickHouse is away.
STALL_SECONDS = 10
AWAY_SECONDS = 26


def test_clickhouse_away_for_longer_than_a_standstill_ends_no_sink(own_stack: LocalStack) -> None:
    plan = plan_of(load_plan(ROOT / "plans" / "benchmark-tiers.yaml"), employees=20)
    with Pipeline(own_stack, partitions=1, stall_seconds=STALL_SECONDS) as pipeline:
        apply_plan(pipeline.settings, plan)
        pipeline.wait_until_drained()
        own_stack.clickhouse.kill()
        end, expected = time.monotonic() + AWAY_SECONDS, 0
        while time.monotonic() < end:  # the sink takes what it has room for, then no more
            pipeline.produce("events.sales", [_sale(number) for number in range(expected, expected + 50)])
            expected += 50
        assert pipeline.sink.running(), pipeline.sink.log_tail(20)
        _told_once(pipeline.sink, "going on trying", stages=2)
        _told_once(pipeline.workers[0], "going on without", stages=3)
        assert _lag(pipeline) > 0
        own_stack.clickhouse.start()
        assert eventually(lambda: _loaded(pipeline) == expected, 60), pipeline.logs()
        assert pipeline.sink.running()
        assert pipeline.sink.log_tail(500).count("rows are inserted again") == 2
        assert eventually(lambda: pipeline.workers[0].log_tail(500).count("checkpoints are stored again") == 3)


def test_values_do_not_wait_for_facts(own_stack: LocalStack) -> None:
    plan = plan_of(load_plan(ROOT / "plans" / "benchmark-tiers.yaml"), employees=20)
    with Pipeline(own_stack, partitions=1) as pipeline:
        apply_plan(pipeline.settings, plan)
        pipeline.wait_until_drained()
        pipeline.query("RENAME TABLE kpistream.facts TO kpistream.facts_away")
        pipeline.produce("events.sales", [_sale(number) for number in range(100)])
        values = "SELECT sum(numerator) FROM bi.kpi_company_day WHERE kpi = 'revenue'"
        assert eventually(lambda: pipeline.query(values) == [(1000,)], 60), pipeline.logs()
        assert eventually(lambda: "rows could not be inserted" in pipeline.sink.log_tail(50), 60), pipeline.logs()
        pipeline.query("RENAME TABLE kpistream.facts_away TO kpistream.facts")
        pipeline.wait_until_drained()
        assert pipeline.query("SELECT uniqExact(id) FROM kpistream.facts") == [(100,)]
        assert _loaded(pipeline) == 100


def _told_once(process: ChildProcess, sentence: str, stages: int = 1) -> None:
    """Not again and again, and by nobody else."""
    log = process.log_tail(10_000)
    lines = [line for line in log.splitlines() if sentence in line]
    assert 1 <= len(lines) == len({_without_time(line) for line in lines}) <= 2 * stages, log
    assert "Traceback" not in log


def _without_time(line: str) -> str:
    return line.partition('"level"')[2]


def _sale(number: int) -> dict:
    data = {"employee": f"E{number % 20:06d}", "amount": "10", "currency": "CNY"}
    return {
        "specversion": "1.0", "source": "shop", "id": f"s{number}", "type": "sale", "time": "2026-03-05T10:00:00+08:00",
        "data": data,
    }  # fmt: skip


def _lag(pipeline: Pipeline) -> float:
    lines = pipeline.metrics(pipeline.sink).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith('kpistream_lag_records{'))


def _loaded(pipeline: Pipeline) -> int:
    return pipeline.query("SELECT uniqExact(id) FROM kpistream.credits")[0][0]
