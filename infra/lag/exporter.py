"""Reads round after round in a thread and serves the newest reading over HTTP."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kafka.errors import KafkaError
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from infra.lag.checkpoint_reader import CheckpointReader
from infra.lag.computation import Lag, Place, Progress, lags
from infra.lag.families import Reading, families
from infra.lag.kafka_reader import KafkaReader
from infra.settings import Settings
from runtime.trouble import Trouble
from schemas.topics import CREDITS, FACTS, KPI_UPDATES

log = logging.getLogger("kpistream")

#: Stages with a checkpoint in ClickHouse, and the topic whose partitions it is of.
_STORED = {"crediting": FACTS.name, "performance": CREDITS.name, "rollups": KPI_UPDATES.name}
#: Stages whose commit is their checkpoint.
_COMMITTED = ("intake", "sink")


class Exporter(Collector):
    """``read`` is one round; scrapes get the newest one, or none where Kafka did not answer in it."""

    waits_for = "kafka"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._checkpoints = CheckpointReader(settings)
        self._progress = Progress()
        self._kafka: KafkaReader | None = None
        self._away = Trouble(log, "Kafka answers again")
        self.newest: Reading | None = None

    def collect(self) -> Iterator[Metric]:
        """The newest reading as metrics."""
        return families(self.newest)

    def read(self) -> None:
        """One round. Kafka being away is no error: the next round asks again."""
        try:
            self._kafka = self._kafka or KafkaReader(self._settings)
            snapshot = self._kafka.snapshot()
            rows = lags(snapshot)
            wanted = [(row.place, row.waiting_at) for row in rows if row.waiting_at is not None]
            times = self._kafka.record_times(wanted)
        except (KafkaError, OSError) as error:
            self._away.met("Kafka does not answer", repr(error))
            self.newest = None
            self.close()
            return
        self._away.over()
        ages = self._ages(rows, time.monotonic())
        now_ms = time.time_ns() // 1_000_000
        self.newest = Reading(snapshot, rows, times, ages, now_ms, self._checkpoints.reachable)

    def close(self) -> None:
        """Close the connections to Kafka."""
        if self._kafka is not None:
            self._kafka.close()
            self._kafka = None

    def _ages(self, rows: list[Lag], now: float) -> dict[tuple[str, str, Place], float]:
        prefix = self._settings.group_prefix
        ages = {
            (stage, f"{prefix}-{stage}", Place(_STORED[stage], partition)): age
            for (stage, partition), age in self._checkpoints.ages(now).items()
            if stage in _STORED
        }
        stages = {f"{prefix}-{stage}": stage for stage in _COMMITTED}
        for (group, place), age in self._progress.ages(rows, now).items():
            if group in stages:
                ages[stages[group], group, place] = age
        return ages


def serve(exporter: Exporter, host: str, port: int, interval: float, stop: threading.Event) -> None:
    """Read every ``interval`` seconds and serve /metrics, /healthz, /readyz until ``stop`` is set."""
    registry = CollectorRegistry()
    registry.register(exporter)
    server = ThreadingHTTPServer((host, port), _handler(registry, exporter))
    server.daemon_threads = True
    web = threading.Thread(target=server.serve_forever, name="web", daemon=True)
    web.start()
    try:
        while not stop.is_set():
            exporter.read()
            stop.wait(interval)
    finally:
        server.shutdown()
        server.server_close()
        exporter.close()


def _handler(registry: CollectorRegistry, exporter: Exporter) -> type[BaseHTTPRequestHandler]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            ready = exporter.newest is not None
            if path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif path == "/readyz":
                waits_for = [] if ready else [exporter.waits_for]
                waiting = {"status": "ready" if ready else "waiting", "waiting_for": waits_for}
                self._answer(200 if ready else 503, "application/json", json.dumps(waiting).encode())
            elif path == "/healthz":
                self._answer(200, "application/json", b'{"status": "alive"}')
            else:
                self._answer(404, "text/plain", b"/metrics, /healthz, /readyz\n")

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Scrapes are not worth a line."""

    return Pages
