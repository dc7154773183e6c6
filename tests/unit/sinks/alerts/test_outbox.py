"""Order, pauses, and which offsets may be committed while alerts are under way."""

from __future__ import annotations

import pytest

from sinks.alerts.config import AlertSettings, Channel, Route
from sinks.alerts.delivery import Deliveries, Delivery, alert_id, decode_delivery, encode_delivery
from sinks.alerts.outbox import Lane, Outbox, Pending, pause_after
from sinks.alerts.routing import Destination, destinations, severity_of
from tests.unit.sinks.alerts.awards import BONUS, SILVER, award

NOW = 1_000_000_000


def settings(*routes: Route, **others: object) -> AlertSettings:
    channels = {"hook": Channel(webhook="http://x/"), "text": Channel(file="x")}
    return AlertSettings(channels=channels, routes=routes or (Route(to=("hook", "text")),), **others)


def numbered(number: int, **changes: object):
    return award(SILVER, award_id=f"{number:032x}", **changes)


def delivery(pending: Pending, status: str, attempts: int = 1) -> Delivery:
    one = pending.award
    return Delivery(
        pending.alert_id, one.award_id, one.state, one.employee, pending.to.channel, status, attempts, "", 5, 6
    )


def test_offsets_wait_for_the_slowest_channel():
    outbox = Outbox(settings(), Deliveries())
    first = outbox.take(0, 10, NOW, numbered(1), NOW)
    second = outbox.take(0, 11, NOW, numbered(2), NOW)
    outbox.take(1, 5, NOW, None, NOW)
    assert outbox.committable() == {0: 10, 1: 6}
    outbox.settled(second[0], True)
    outbox.settled(second[1], True)
    outbox.settled(first[1], True)
    assert outbox.committable() == {0: 10, 1: 6}  # the hook has not taken the first yet
    outbox.settled(first[0], True)
    assert outbox.committable() == {0: 12, 1: 6}
    assert len(outbox) == 0


def test_a_copy_adds_nothing_neither_while_it_waits_nor_once_the_log_has_it():
    log = Deliveries()
    outbox = Outbox(settings(), log)
    [hook, text] = outbox.take(0, 1, NOW, numbered(1), NOW)
    assert outbox.take(0, 2, NOW, numbered(1), NOW) == []
    for pending in (hook, text):
        log.add(delivery(pending, "sent"))
        outbox.settled(pending, True)
    assert outbox.take(0, 3, NOW, numbered(1), NOW) == []
    assert outbox.committable() == {0: 4}
    assert len(outbox.take(0, 4, NOW, numbered(1, state="revoked"), NOW)) == 2  # another state is news


def test_a_restart_goes_on_where_the_log_ends():
    log = Deliveries()
    [hook, text] = Outbox(settings(), Deliveries()).take(0, 1, NOW, numbered(1), NOW)
    log.add(delivery(hook, "failed", attempts=4))
    log.add(delivery(text, "given_up"))
    [again] = Outbox(settings(), log).take(0, 1, NOW, numbered(1), NOW)
    assert (again.to.channel, again.attempts, again.since) == ("hook", 4, 5)


def test_a_late_failure_does_not_reopen_what_is_final():
    log = Deliveries()
    [hook, _] = Outbox(settings(), Deliveries()).take(0, 1, NOW, numbered(1), NOW)
    log.add(delivery(hook, "sent"))
    log.add(delivery(hook, "failed"))
    assert log.is_final(hook.alert_id) and log.failed(hook.alert_id) is None


def test_old_awards_and_quiet_routes_are_suppressed():
    outbox = Outbox(settings(Route(to=("hook",)), Route(to=("text",), quiet=True), oldest="1h"), Deliveries())
    new = outbox.take(0, 1, NOW, numbered(1), NOW + 3_600_000)
    old = outbox.take(0, 2, NOW, numbered(2), NOW + 3_600_001)
    assert [one.suppressed for one in new] == [False, True]
    assert [one.suppressed for one in old] == [True, True]


def test_reading_waits_beyond_a_number_of_undelivered_alerts():
    outbox = Outbox(settings(max_pending=3), Deliveries())
    outbox.take(0, 1, NOW, numbered(1), NOW)
    assert not outbox.full
    outbox.take(0, 2, NOW, numbered(2), NOW)
    assert outbox.full
    outbox.clear()
    assert not outbox.full and outbox.committable() == {}


def lane_of(*employees: str) -> tuple[Lane, list[Pending]]:
    lane = Lane(0.5, 60.0)
    items = []
    for number, employee in enumerate(employees):
        one = numbered(number, employee=employee)
        items.append(Pending(alert_id(one, "hook"), one, Destination("hook", "en"), 0, number, NOW))
        lane.items[items[-1].alert_id] = items[-1]
    return lane, items


def test_a_refused_alert_holds_up_its_employee_only():
    lane, [first, second, other] = lane_of("E1", "E1", "E2")
    assert lane.next(0.0) is first
    first.attempts = 1
    lane.failed(first, 0.0, whole_channel=False, retry_after=None)
    assert lane.next(0.1) is other
    lane.done(other, True)
    assert lane.next(0.1) is None
    assert lane.wait(0.1) == pytest.approx(0.4)
    assert lane.next(0.5) is first
    lane.done(first, True)
    assert lane.next(0.5) is second


def test_a_channel_that_is_down_rests_longer_each_time_and_as_long_as_it_asks():
    lane, [first, _] = lane_of("E1", "E2")
    lane.failed(first, 0.0, whole_channel=True, retry_after=None)
    assert (lane.next(0.4), lane.wait(0.0)) == (None, 0.5)
    lane.failed(first, 1.0, whole_channel=True, retry_after=None)
    assert lane.wait(1.0) == 1.0
    lane.failed(first, 2.0, whole_channel=True, retry_after=30.0)
    assert (lane.next(31.9), lane.next(32.0)) == (None, first)
    lane.done(first, False)  # given up: the channel has not worked for that
    assert lane.failures == 3
    assert [pause_after(n, 0.5, 60.0) for n in (1, 2, 3, 8, 5000)] == [0.5, 1.0, 2.0, 60.0, 60.0]


def test_an_empty_lane_waits_for_nothing():
    assert Lane(0.5, 60.0).wait(0.0) is None


def test_routes_by_what_the_award_is():
    routes = (
        Route(to=("hook",), kinds=("promotion",), states=("final",)),
        Route(to=("text",), teams=("sales-east",), severities=("normal",), language="zh"),
    )
    assert destinations(settings(*routes), SILVER) == [Destination("text", "zh")]
    assert destinations(settings(*routes), BONUS) == [Destination("hook", "en")]
    assert destinations(settings(*routes), award(BONUS, state="revoked")) == []
    assert destinations(settings(*routes), award(SILVER, team="west")) == []
    [employee] = (Route(to=("hook",), employees=("E1",), departments=("sales",), rules=("commission",)),)
    assert destinations(settings(employee), SILVER) and not destinations(settings(employee), BONUS)


def test_a_channel_gets_an_alert_once_and_the_first_route_decides_how():
    routes = (Route(to=("hook",), language="zh"), Route(to=("hook", "text")))
    assert destinations(settings(*routes), SILVER) == [Destination("hook", "zh"), Destination("text", "en")]
    assert destinations(settings(*routes, match="first"), SILVER) == [Destination("hook", "zh")]


def test_severity():
    assert [severity_of(one) for one in (SILVER, BONUS, award(SILVER, state="revoked"))] == [
        "normal",
        "high",
        "warning",
    ]


def test_ids_tell_award_state_and_channel_apart_and_nothing_else():
    ids = {alert_id(one, name) for one in (SILVER, BONUS, award(SILVER, state="revoked")) for name in ("a", "b")}
    assert len(ids) == 6
    assert alert_id(award(SILVER, amount="7"), "a") == alert_id(SILVER, "a")


def test_a_delivery_survives_its_json():
    [pending, _] = Outbox(settings(), Deliveries()).take(0, 1, NOW, SILVER, NOW)
    one = delivery(pending, "failed", 3)
    assert decode_delivery(encode_delivery(one)) == one
