"""The delivery loop of one channel: send, record, and only then forget.

The order is the guarantee: channel accepted → delivery acknowledged by Kafka → offset committable. A kill between the
first two is the one case in which an alert is sent again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from infra import metrics
from sinks.alerts.channels import Outcome, Sender
from sinks.alerts.config import Channel
from sinks.alerts.delivery import Delivery, Status
from sinks.alerts.outbox import Outbox, Pending
from sinks.alerts.templates import message_of

log = logging.getLogger("kpistream")

_QUIET_LOOK_SECONDS = 20.0
_NOT_OURS_SECONDS = 0.5

Record = Callable[[Delivery], Awaitable[None]]
Ours = Callable[[], Awaitable[bool]]


class Courier:
    """Delivers the alerts of channel ``name``, one at a time. ``record`` returns when Kafka has the delivery; ``ours``
    says whether no other process can be sending what is in the lane.
    """

    def __init__(self, name: str, channel: Channel, sender: Sender, outbox: Outbox, record: Record, ours: Ours) -> None:
        self.name, self._channel, self._sender = name, channel, sender
        self._outbox, self._lane, self._record, self._ours = outbox, outbox.lanes[name], record, ours
        self._woken = asyncio.Event()
        #: Held during an attempt and its record: who holds it knows that nothing is under way.
        self.attempt = asyncio.Lock()

    def wake(self) -> None:
        """There may be something new."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._woken.clear()
            pending = None if self._hold() else self._lane.next(time.monotonic())
            if pending is None:
                await self._rest()
                continue
            async with self.attempt:
                sure = await self._ours()
                if sure and self._lane.items.get(pending.alert_id) is pending:  # not taken away meanwhile
                    await self._try(pending)
            if not sure:
                await asyncio.sleep(_NOT_OURS_SECONDS)

    def _hold(self) -> bool:
        quiet = self._channel.quiet_hours
        return quiet is not None and quiet.hold(datetime.now(ZoneInfo(quiet.zone)).time())

    async def _rest(self) -> None:
        wait = _QUIET_LOOK_SECONDS if self._hold() else self._lane.wait(time.monotonic())
        try:
            await asyncio.wait_for(self._woken.wait(), wait)
        except TimeoutError:
            return
        if wait:  # a closed lane does not open because something was added
            await asyncio.sleep(min(wait, 0.05))

    async def _try(self, pending: Pending) -> None:
        if pending.suppressed:
            await self._end(pending, "suppressed")
            return
        with metrics.ALERT_SECONDS.labels(self.name).time():
            outcome = await self._sender.send(pending, message_of(pending.award, pending.to.language))
        pending.attempts += 1
        if outcome.accepted:
            pending.error = ""
            await self._end(pending, "sent")
        else:
            await self._failed(pending, outcome)

    async def _failed(self, pending: Pending, outcome: Outcome) -> None:
        pending.error = outcome.error
        self._lane.failed(pending, time.monotonic(), outcome.whole_channel, outcome.retry_after)
        log.warning(
            "alert not delivered, it will be tried again",
            extra={
                "channel": self.name,
                "alert": pending.alert_id,
                "attempts": pending.attempts,
                "error": outcome.error,
            },
        )
        # the others behind a channel that is down had their chance with this one
        tried = list(self._lane.items.values()) if outcome.whole_channel else [pending]
        for one in tried:
            if self._too_old(one):
                one.error = outcome.error
                await self._end(one, "given_up")
        if pending.alert_id in self._lane.items:
            await self._record(self._delivery(pending, "failed"))
            metrics.ALERTS.labels(self.name, "failed").inc()

    def _too_old(self, pending: Pending) -> bool:
        limit = self._channel.give_up_after
        return limit is not None and time.time() * 1000 - pending.since > limit * 1000

    async def _end(self, pending: Pending, status: Status) -> None:
        await self._record(self._delivery(pending, status))
        self._outbox.settled(pending, delivered=status == "sent")  # only now may its offset be committed
        metrics.ALERTS.labels(self.name, status).inc()
        if status == "sent":
            metrics.ALERT_DELAY.labels(self.name).observe(max(0.0, time.time() - pending.since / 1000))

    def _delivery(self, pending: Pending, status: Status) -> Delivery:
        return Delivery(
            alert_id=pending.alert_id,
            award_id=pending.award.award_id,
            award_state=pending.award.state,
            employee=pending.award.employee,
            channel=self.name,
            status=status,
            attempts=pending.attempts,
            error=pending.error,
            since=pending.since,
            at=int(time.time() * 1000),
        )
