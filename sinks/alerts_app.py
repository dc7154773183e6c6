"""The alerts process: one Faust agent on ``awards``, and a delivery loop for each channel."""

from __future__ import annotations

import asyncio
import logging
import os
import time

from msgspec import MsgspecError

from infra import metrics
from infra.logs import logging_config
from infra.settings import load_settings
from runtime.app import make_app
from runtime.channels import BatchChannel
from runtime.failing import fatal
from runtime.records import Record, RecordBatch
from runtime.web import add_pages
from schemas.results import Award, decode_award
from sinks.alerts.channels import open_senders
from sinks.alerts.config_file import AlertSettingsError, load_alert_settings
from sinks.alerts.courier import Courier
from sinks.alerts.log import DeliveryLog
from sinks.alerts.outbox import Outbox
from sinks.alerts.source import AwardSource

log = logging.getLogger("kpistream")
settings = load_settings()

_FIGURES_SECONDS = 1.0

app = make_app("alerts-app", settings, logging_config(settings.log_format))
batches = BatchChannel(app, maxsize=2)


class _Office:
    """Everything that alerts need, put together."""

    def __init__(self) -> None:
        self.settings = load_alert_settings(settings.alerts, settings.alerts_text)
        self.senders = open_senders(self.settings, os.environ)
        self.log = DeliveryLog(settings)
        self.outbox = Outbox(self.settings, self.log.known)
        self.couriers = [
            Courier(name, channel, self.senders[name], self.outbox, self.log.write, self.ours)
            for name, channel in self.settings.channels.items()
        ]
        self.source = AwardSource(
            batches,
            settings,
            lambda: self.outbox.full,
            self.outbox.committable,
            self.log.catch_up,
            lambda: self.log.reached,
            self.release,
            self.close,
        )

    async def ours(self) -> bool:
        """Whether no other process can be sending what we hold."""
        return await self.source.ours()

    async def release(self) -> None:
        """Let attempts under way end with their records, commit what they allow, forget the rest."""
        for courier in self.couriers:
            await courier.attempt.acquire()
        try:
            await self.source.commit()
            self.outbox.clear()
        finally:
            for courier in self.couriers:
                courier.attempt.release()

    async def close(self) -> None:
        """Disconnect from Kafka and from the receivers."""
        await self.log.stop()
        for sender in self.senders.values():
            await sender.close()

    def take(self, batch: RecordBatch) -> None:
        """Put the alerts of a batch into their lanes, unless its partition was given up meanwhile."""
        if batch.epoch != self.source.epoch:
            return
        now = int(time.time() * 1000)
        for record in batch.records:
            self.outbox.take(batch.partition, record.offset, record.timestamp, _award(batch, record), now)
        for courier in self.couriers:
            courier.wake()

    def show_figures(self) -> None:
        """Undelivered alerts and the age of the oldest, by channel."""
        now = time.time()
        for name, lane in self.outbox.lanes.items():
            oldest = min((pending.since for pending in lane.items.values()), default=now * 1000)
            metrics.ALERTS_PENDING.labels(name).set(len(lane.items))
            metrics.ALERTS_AGE.labels(name).set(max(0.0, now - oldest / 1000))
            metrics.ALERT_FAILURES_IN_A_ROW.labels(name).set(lane.failures)


office: _Office | None = None


def _award(batch: RecordBatch, record: Record) -> Award | None:
    try:
        return decode_award(record.value)
    except (MsgspecError, ValueError) as error:
        metrics.ALERTS_UNREADABLE.inc()
        place = f"{batch.topic}, partition {batch.partition}, offset {record.offset}"
        log.error("no award record, left out", extra={"place": place, "error": str(error)})
        return None


@app.agent(batches, name="alerts")
async def alerts(stream):
    """Awards to the lanes of their channels; an agent that raised would lose its batch, so the process ends."""
    async for batch in stream:
        try:
            office.take(batch)
        except Exception as error:
            fatal(f"alerts: {error!r}")


async def _deliver(courier: Courier) -> None:
    try:
        await courier.run()
    except asyncio.CancelledError:
        raise
    except Exception as error:
        fatal(f"alerts, channel {courier.name}: {error!r}")


@app.task()
async def run_alerts() -> None:
    """Read the log of deliveries to its end, then begin."""
    global office
    try:
        office = _Office()
        await office.log.start()
    except (AlertSettingsError, ValueError, LookupError) as error:
        fatal(f"alerts: {error}")
    # Never cancelled: an attempt cut off may have been accepted. Once the source has stopped, no lane holds anything.
    loops = [asyncio.ensure_future(_deliver(courier)) for courier in office.couriers]
    await app.add_runtime_dependency(office.source)
    log.info("alerts", extra={"channels": list(office.settings.channels), "loops": len(loops)})
    while not app.should_stop:
        await asyncio.sleep(_FIGURES_SECONDS)
        office.show_figures()


add_pages(app, lambda: [] if office is not None and office.source.ready else ["partitions"])
