"""Every query of the dashboard on a real Prometheus that scrapes a running pipeline, and three faults that show."""

from __future__ import annotations

import json
import shutil
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from benchmarks.sales import plan_of, produce_sales
from infra.control_topic import apply_plan
from infra.grafana.build import FILE
from infra.local.ports import PortReservation
from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from schemas.plan_file import load_plan
from tests.integration.conftest import eventually
from tests.integration.forked import ForkedCommand
from tests.integration.pipeline import ROOT, Pipeline
from tests.integration.test_lag import Exporter, exporter

CONFIGURATION = ROOT / "infra" / "prometheus"
EMPLOYEES = 10


class Prometheus:
    """The shipped configuration with these targets instead of host names, scraped every second."""

    def __init__(self, folder: Path, targets: dict[str, list[int]]) -> None:
        program = shutil.which("prometheus")
        assert program, "prometheus is missing: see Prerequisites in README.md"
        configuration = yaml.safe_load((CONFIGURATION / "prometheus.yml").read_text())
        configuration["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        jobs = {job["job_name"]: job for job in configuration["scrape_configs"]}
        for name, ports in targets.items():
            del jobs[name]["dns_sd_configs"]
            jobs[name]["static_configs"] = [{"targets": [f"127.0.0.1:{port}" for port in ports]}]
        configuration["scrape_configs"] = [jobs[name] for name in targets]
        folder.mkdir()
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        shutil.copy(CONFIGURATION / "rules.yml", folder)
        self._port = PortReservation()
        command = [
            program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port.port}",
        ]  # fmt: skip
        self.process = ChildProcess("prometheus", command, folder / "prometheus.log")

    def get(self, path: str, **parameters: str) -> dict:
        address = f"http://127.0.0.1:{self._port.port}/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def ready(self) -> bool:
        try:
            return bool(self.get("api/v1/status/buildinfo"))
        except OSError:
            return False

    def series(self, expression: str) -> dict[str, float]:
        """What Grafana would draw now: labels without the metric's name → value."""
        asked = expression.replace("$__rate_interval", "10s")
        rows = self.get("api/v1/query", query=asked)["result"]
        return {
            " ".join(f"{key}={value}" for key, value in sorted(row["metric"].items()) if key != "__name__"): float(
                row["value"][1]
            )
            for row in rows
        }

    def close(self) -> None:
        self.process.stop(20)
        self._port.release()


@pytest.fixture
def running(own_stack: LocalStack, tmp_path: Path) -> Iterator[tuple[LocalStack, Pipeline, Exporter, Prometheus]]:
    with (
        Pipeline(own_stack, partitions=2) as pipeline,
        exporter(pipeline.environment, tmp_path) as lag,
    ):
        alerts = PortReservation()
        run = ["alerts", "run", "--web-port", str(alerts.port)]
        text = {"KPISTREAM_ALERTS_TEXT": str(tmp_path / "alerts.txt")}
        teller = ForkedCommand("alerts", run, tmp_path / "alerts.log", pipeline.environment | text)
        compared = PortReservation()
        run = ["reconcile", "--every", "1s", "--web-port", str(compared.port)]
        comparer = ForkedCommand("reconcile", run, tmp_path / "reconcile.log", pipeline.environment)
        targets = {
            "kpistream-alerts": [alerts.port],
            "kpistream-worker": [pipeline.port(pipeline.workers[0])],
            "kpistream-sink": [pipeline.port(pipeline.sink)],
            "kpistream-lag-exporter": [lag.port],
            "kpistream-reconcile": [compared.port],
        }
        prometheus = Prometheus(tmp_path / "prometheus", targets)
        try:
            prometheus.process.wait_until(prometheus.ready, 30)
            yield own_stack, pipeline, lag, prometheus
        finally:
            prometheus.close()
            comparer.stop(20)
            teller.stop(20)
            alerts.release()
            compared.release()
        assert comparer.wait(0) == 0  # though it was waiting for the tables, behind a worker that is away


def queries() -> dict[str, list[str]]:
    """Title of each panel → its queries, from the committed file."""
    panels = json.loads(FILE.read_text(encoding="utf-8"))["panels"]
    return {f"{one['type']}: {one['title']}": [t["expr"] for t in one["targets"]] for one in panels if "targets" in one}


def within_a_minute() -> Callable[[Callable[[], bool]], bool]:
    """Call at the fault: says of each panel whether it shows the fault before a minute from then is over."""
    deadline = time.monotonic() + 60
    return lambda holds: eventually(holds, deadline - time.monotonic())


def test_every_query_returns_series_and_faults_show_within_a_minute(running):
    stack, pipeline, _, prometheus = running
    plan = plan_of(load_plan(ROOT / "plans" / "benchmark-tiers.yaml"), EMPLOYEES)
    bootstrap = pipeline.settings.kafka_bootstrap
    apply_plan(pipeline.settings, plan)
    produce_sales(bootstrap, "events.sales", 2000, EMPLOYEES)
    pipeline.produce("events.sales", [b"{broken"])
    pipeline.wait_until_drained()
    asked = queries()
    assert len(asked) > 20

    def ask(title: str, number: int = 0) -> dict[str, float]:
        return prometheus.series(asked[title][number])

    def silent() -> list[str]:
        return [f"{title}: {one}" for title, all_of in asked.items() for one in all_of if not prometheus.series(one)]

    assert eventually(lambda: not silent(), 40), silent()
    assert eventually(lambda: sum(ask("timeseries: Records behind").values()) == 0)
    assert set(ask("timeseries: Records behind")) == {f"stage={one}" for one in (*STAGES, "alerts")}
    assert ask("timeseries: Members by group") == {f"stage={one}": 1 for one in (*STAGES, "alerts")}
    assert ask("stat: Processes down") == {"": 0}
    assert sum(ask("stat: Awards").values()) > 0
    assert set(ask("timeseries: Age of the newest checkpoint")) == {f"stage={one}" for one in STAGES}

    # a poisoned topic
    shows = within_a_minute()
    pipeline.produce("events.sales", [b"{broken"] * 30)
    reason = "reason=invalid_json stage=intake"
    assert shows(lambda: ask("timeseries: Dead letters by reason").get(reason) == 31)
    assert shows(lambda: ask("timeseries: Dead letters").get("", 0) >= 30)
    assert shows(lambda: ask("stat: Dead letters").get("", 0) >= 30)

    # a stopped worker
    pipeline.wait_until_drained()
    shows = within_a_minute()
    stopped = pipeline.stop_worker()
    produce_sales(bootstrap, "events.sales", 300, EMPLOYEES, seed=8)
    assert shows(lambda: ask("timeseries: Records behind").get("stage=intake") == 300)
    assert shows(lambda: all(ask("timeseries: Members by group")[f"stage={one}"] == 0 for one in STAGES[:3]))
    assert shows(lambda: ask("stat: Processes down") == {"": 1})
    assert shows(lambda: [up for at, up in ask("timeseries: Processes up").items() if "kpistream-worker" in at] == [0])
    first = ask("timeseries: Seconds behind")["stage=intake"]
    assert shows(lambda: ask("timeseries: Seconds behind")["stage=intake"] > max(first, 1))

    # ClickHouse gone: sink and worker have something to store, and cannot
    pipeline.start_worker(instead_of=stopped)  # where Prometheus looks for it
    pipeline.wait_until_drained()
    shows = within_a_minute()
    stack.clickhouse.stop()
    produce_sales(bootstrap, "events.sales", 300, EMPLOYEES, seed=9)
    assert shows(lambda: ask("timeseries: Failures against ClickHouse", 2) == {"": 1})
    assert shows(lambda: ask("timeseries: Failures against ClickHouse", 0).get("", 0) > 0)
    assert shows(lambda: ask("timeseries: Failures against ClickHouse", 1).get("", 0) > 0)
    assert shows(lambda: ask("timeseries: Records behind")["stage=sink"] > 0)
    assert shows(lambda: ask("timeseries: Seconds behind")["stage=sink"] > 1)
    assert shows(lambda: ask("timeseries: State rows not stored yet").get("stage=performance", 0) > 0)
    age = ask("timeseries: Age of the newest checkpoint")["stage=performance"]
    assert shows(lambda: ask("timeseries: Age of the newest checkpoint")["stage=performance"] > max(age, 1))
    for process in (pipeline.sink, *pipeline.workers):
        process.kill()  # in order they would wait for ClickHouse


STAGES = ("crediting", "intake", "performance", "rollups", "sink")
