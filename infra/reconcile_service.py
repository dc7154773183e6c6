"""``kpistream reconcile --every``: compares round after round and serves what differs to Prometheus."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

from clickhouse_driver.errors import Error as ClickHouseError
from kafka.errors import KafkaError
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from infra.caught_up import values_loaded
from infra.clickhouse.reconcile import Report, reconcile_values
from infra.settings import Settings
from runtime.trouble import Trouble
from sinks.connection import from_settings

log = logging.getLogger("kpistream")

#: Values that are exported one by one; the counts are of all.
SHOWN = 100


class ReconcileExporter(Collector):
    """``read`` is one round; scrapes get the newest comparison that could be made. ``stop`` ends its waiting."""

    waits_for = "tables"

    def __init__(self, settings: Settings, wait: float = 60.0, stop: threading.Event | None = None) -> None:
        self._settings, self._wait, self._stop = settings, wait, stop or threading.Event()
        self.newest: Report | None = None
        self._finished = 0.0
        self._failures = 0
        self._failing = Trouble(log, "values are compared again")

    def read(self) -> None:
        """Compare, up to what the tables hold all consequences of."""
        try:
            settled = values_loaded(self._settings, self._wait, self._stop.is_set)
            if settled is None:
                report, why = None, f"the tables lack what follows from the credits, after {self._wait:.0f} s"
            else:
                why = "a plan has taken effect meanwhile, on some partitions so far"
                report = reconcile_values(from_settings(self._settings), settled.credits, settled.updates)
        except (ClickHouseError, KafkaError, OSError, EOFError) as error:
            report, why = None, repr(error)
        if report is None:
            self._failures += 1
            if not self._stop.is_set():
                self._failing.met("values could not be compared", why)
            return
        self._failing.over()
        self.newest, self._finished = report, time.time()
        if report.differences:
            log.error("streamed values differ", extra={"differences": report.differences, "report": str(report)})

    def close(self) -> None:
        """Nothing stays open."""

    def collect(self) -> Iterator[Metric]:
        """The newest comparison as metrics."""
        failures = CounterMetricFamily("kpistream_reconcile_failures", "Rounds in which values could not be compared")
        failures.add_metric((), self._failures)
        yield failures
        if self.newest is None:
            return
        finished = GaugeMetricFamily("kpistream_reconcile_timestamp_seconds", "When the newest comparison was made")
        finished.add_metric((), self._finished)
        labels = ("kpi", "level")
        compared = GaugeMetricFamily("kpistream_reconcile_compared", "Values compared", labels=labels)
        differing = GaugeMetricFamily(
            "kpistream_reconcile_differences", "Streamed values that differ from their recomputation", labels=labels
        )
        for check in self.newest.checks:
            compared.add_metric((check.kpi, check.level), check.compared)
            differing.add_metric((check.kpi, check.level), check.differences)
        drift = GaugeMetricFamily(
            "kpistream_reconcile_drift",
            "Streamed value less its recomputation, in the KPI's unit; of the first hundred that differ",
            labels=("kpi", "level", "entity", "period"),
        )
        for one in [one for check in self.newest.checks for one in check.drifts][:SHOWN]:
            drift.add_metric((one.kpi.id, one.level, one.entity, one.period), float(one.difference))
        yield from (finished, compared, differing, drift)
