"""The delivery loop: what it records, in which order, and what it does with each answer."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import pytest

from sinks.alerts.channels import ACCEPTED, Outcome
from sinks.alerts.config import AlertSettings, Channel, Route
from sinks.alerts.courier import Courier
from sinks.alerts.delivery import Deliveries, Delivery
from sinks.alerts.outbox import Outbox
from tests.unit.sinks.alerts.awards import SILVER, award


class Bench:
    """A courier with a receiver of prepared answers and a log that can be looked at. ``events`` keeps the order."""

    def __init__(self, *answers: Outcome, quiet: bool = False, **channel: object) -> None:
        made = Channel(console=True, **{"first_pause": "1ms", "longest_pause": "2ms"} | channel)
        settings = AlertSettings(channels={"c": made}, routes=(Route(to=("c",), quiet=quiet),))
        self.events: list[str] = []
        self.records: list[Delivery] = []
        self.answers = list(answers)
        self.doubts = 0  # how often it is not sure that the alerts are ours
        self.outbox = Outbox(settings, Deliveries())
        self.courier = Courier("c", made, self, self.outbox, self.record, self.ours)

    async def send(self, pending, message) -> Outcome:
        self.events.append(f"sent {int(pending.award.award_id)}, committable {self.outbox.committable()[0]}")
        await asyncio.sleep(0)
        return self.answers.pop(0) if self.answers else ACCEPTED

    async def ours(self) -> bool:
        self.doubts -= 1
        if self.doubts >= 0:
            self.events.append("not ours")
        return self.doubts < 0

    async def close(self) -> None:
        pass

    async def record(self, delivery: Delivery) -> None:
        await asyncio.sleep(0)
        self.records.append(delivery)
        self.events.append(f"recorded {delivery.status}, committable {self.outbox.committable()[0]}")

    async def work_off(self, *awards, since: float | None = None) -> None:
        ms = int((time.time() if since is None else since) * 1000)
        for offset, one in enumerate(awards):
            self.outbox.take(0, offset, ms, one, ms)
        loop = asyncio.ensure_future(self.courier.run())
        try:
            async with asyncio.timeout(10):
                while len(self.outbox):
                    await asyncio.sleep(0.001)
        finally:
            loop.cancel()

    def statuses(self) -> list[str]:
        return [one.status for one in self.records]


def awards(count: int, employee: str = "E1"):
    return [award(SILVER, award_id=f"{number:032d}", employee=employee) for number in range(count)]


async def test_an_offset_is_free_only_once_the_delivery_is_recorded():
    bench = Bench()
    await bench.work_off(*awards(2))
    assert bench.events == [
        "sent 0, committable 0",
        "recorded sent, committable 0",
        "sent 1, committable 1",
        "recorded sent, committable 1",
    ]
    assert bench.outbox.committable() == {0: 2}


async def test_nothing_is_sent_while_another_process_may_be_sending_it():
    bench = Bench()
    bench.doubts = 2
    await bench.work_off(*awards(1))
    assert bench.events == ["not ours", "not ours", "sent 0, committable 0", "recorded sent, committable 0"]


async def test_failures_are_recorded_with_their_reason_and_tried_again():
    bench = Bench(Outcome(False, "HTTP 500"), Outcome(False, "HTTP 429", retry_after=0.01))
    await bench.work_off(*awards(1))
    assert [(one.status, one.attempts, one.error) for one in bench.records] == [
        ("failed", 1, "HTTP 500"),
        ("failed", 2, "HTTP 429"),
        ("sent", 3, ""),
    ]


async def test_a_refused_alert_lets_those_of_others_pass():
    bench = Bench(Outcome(False, "HTTP 422", whole_channel=False), first_pause="50ms", longest_pause="50ms")
    one, two = awards(2)
    await bench.work_off(one, two, award(SILVER, award_id=f"{7:032d}", employee="E2"))
    assert [event.split(",")[0] for event in bench.events if event.startswith("sent")] == [
        "sent 0",
        "sent 7",
        "sent 0",
        "sent 1",
    ]


async def test_old_alerts_of_a_channel_that_is_down_are_given_up_with_one_attempt():
    bench = Bench(Outcome(False, "HTTP 503"), give_up_after="1h")
    await bench.work_off(*awards(3), since=time.time() - 3601)
    assert [(one.status, one.attempts, one.error) for one in bench.records] == [
        ("given_up", 1, "HTTP 503"),
        ("given_up", 0, "HTTP 503"),
        ("given_up", 0, "HTTP 503"),
    ]


async def test_old_alerts_are_delivered_all_the_same_where_the_channel_works():
    bench = Bench(give_up_after="1h")
    await bench.work_off(*awards(2), since=time.time() - 3601)
    assert bench.statuses() == ["sent", "sent"]


async def test_suppressed_alerts_are_recorded_and_not_sent():
    bench = Bench(quiet=True)
    await bench.work_off(*awards(2))
    assert bench.events == ["recorded suppressed, committable 0", "recorded suppressed, committable 1"]


def test_quiet_hours_may_span_midnight():
    night = Channel(console=True, quiet_hours="22:00-07:00 Asia/Shanghai").quiet_hours
    noon = Channel(console=True, quiet_hours="12:00-13:00 Europe/Berlin").quiet_hours
    times = [clock.fromisoformat(at) for at in ("21:59", "22:00", "03:00", "06:59", "07:00", "12:00", "13:00")]
    assert [night.hold(at) for at in times] == [False, True, True, True, False, False, False]
    assert [noon.hold(at) for at in times] == [False, False, False, False, False, True, False]


async def test_what_comes_in_quiet_hours_waits():
    now = datetime.now(UTC)
    around = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M} UTC"
    bench = Bench(quiet_hours=around)
    bench.outbox.take(0, 0, 1, awards(1)[0], 1)
    loop = asyncio.ensure_future(bench.courier.run())
    await asyncio.sleep(0.05)
    loop.cancel()
    assert bench.events == [] and len(bench.outbox) == 1


async def test_whoever_holds_the_attempt_takes_away_what_has_not_begun():
    bench = Bench()
    bench.outbox.take(0, 0, 1, awards(1)[0], 1)
    await bench.courier.attempt.acquire()
    loop = asyncio.ensure_future(bench.courier.run())
    await asyncio.sleep(0.01)
    bench.outbox.clear()
    bench.courier.attempt.release()
    await asyncio.sleep(0.01)
    loop.cancel()
    assert bench.events == []


@pytest.mark.parametrize("status", ["sent", "suppressed"])
async def test_a_record_that_fails_ends_the_loop_instead_of_forgetting(status):
    bench = Bench(quiet=status == "suppressed")

    async def broken(delivery: Delivery) -> None:
        raise OSError("no Kafka")

    bench.courier._record = broken
    bench.outbox.take(0, 0, 1, awards(1)[0], 1)
    with pytest.raises(OSError, match="no Kafka"):
        await asyncio.wait_for(bench.courier.run(), 10)
    assert bench.outbox.committable() == {0: 0}
