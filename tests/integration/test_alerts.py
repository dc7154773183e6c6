"""The alerts process against a real Kafka and a real HTTP receiver that fails, delays and refuses."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from infra.alerts_table import read_deliveries
from infra.cli import main
from infra.local.stack import LocalStack
from tests.integration.alerts_process import (
    BREAK_OFF,
    SECRET,
    Alerts,
    Receiver,
    awards_of,
    ids,
    in_order_by_employee,
    second_page,
    second_process,
)
from tests.integration.conftest import eventually


@pytest.fixture
def alerts(own_stack: LocalStack, tmp_path: Path) -> Iterator[Alerts]:
    running = Alerts(own_stack, tmp_path, "alerts-test")
    try:
        yield running
    finally:
        running.close()


def test_a_receiver_that_fails_delays_and_refuses_gets_everything_once(alerts: Alerts) -> None:
    failing = {1: (0.0, 500, {}), 2: (0.0, 429, {"Retry-After": "2"}), 4: (1.5, 200, {}), 6: (0.0, 503, {})}
    alerts.receiver.answer = lambda number: failing.get(number, (0.0, 200, {}))
    awards = awards_of(20)
    alerts.start()
    alerts.produce(awards)
    assert eventually(lambda: len(alerts.receiver.accepted) >= len(awards), 30), alerts.process.log_tail(20)
    # replays of the pipeline write the same awards again; a later state of one is news
    lost = [msgspec.structs.replace(awards[3], state="revoked", sequence=100)]
    alerts.produce(awards + lost)
    assert eventually(lambda: len(alerts.receiver.accepted) > len(awards), 30)
    assert eventually(lambda: alerts.pending() == [], 10)
    assert sorted(alerts.receiver.got()) == ids(awards + lost)
    assert alerts.receiver.bad_signatures == 0
    assert in_order_by_employee(alerts.receiver)
    asked = alerts.receiver.asked
    assert asked[2] - asked[1] >= 2.0  # as Retry-After said
    newest, _ = read_deliveries(alerts.settings)
    assert Counter((one.channel, one.status) for one in newest.values()) == {("hook", "sent"): 21, ("text", "sent"): 21}
    assert max(one.attempts for one in newest.values()) == 3
    assert alerts.text.read_text().count("Sample Person reached “Sample tier” (100%)\n") == 20
    assert "Revoked: Sample Person, “Sample tier” (100%)\n" in alerts.text.read_text()
    for output in (alerts.log.read_text(), alerts.command("list", "--format", "json")):
        assert "token" not in output and SECRET not in output


def test_a_channel_that_is_down_keeps_its_alerts_and_hinders_no_other(alerts: Alerts) -> None:
    alerts.receiver.answer = lambda number: (0.0, 503, {})
    awards = awards_of(12)
    alerts.start()
    alerts.produce(awards)
    assert eventually(lambda: alerts.text.exists() and alerts.text.read_text().count(" reached ") == 24, 20)
    assert alerts.receiver.accepted == []
    waiting = alerts.pending()
    assert sorted((one["award_id"], one["channel"]) for one in waiting) == [(one, "hook") for one, _ in ids(awards)]
    assert [one["error"] for one in waiting if one["status"] == "failed"] == ["HTTP 503"]
    assert eventually(lambda: 'kpistream_alerts_pending{channel="hook"} 12.0' in alerts.page("metrics"), 5)
    assert 'kpistream_alerts_pending{channel="text"} 0.0' in alerts.page("metrics")
    # a restart in this state knows what was delivered and what was not
    alerts.process.stop(30)
    alerts.start()
    alerts.receiver.answer = lambda number: (0.0, 200, {})
    assert eventually(lambda: len(alerts.receiver.accepted) >= len(awards), 20)
    assert eventually(lambda: alerts.pending() == [], 10)
    assert sorted(alerts.receiver.got()) == ids(awards)
    assert alerts.text.read_text().count(" reached ") == 24


def test_reading_waits_while_too_much_is_undelivered(alerts: Alerts) -> None:
    alerts.file.write_text(alerts.file.read_text() + "max_pending: 10\n")
    alerts.receiver.answer = lambda number: (0.0, 503, {})
    awards = awards_of(30)
    alerts.start()
    alerts.produce(awards[:20])
    assert eventually(lambda: alerts.text.exists() and alerts.text.read_text().count(" reached ") == 40, 20)
    alerts.produce(awards[20:])
    assert eventually(lambda: 'kpistream_alerts_pending{channel="hook"} 20.0' in alerts.page("metrics"), 5)
    assert len(alerts.pending()) == 20 + 2 * 10  # what the hook refused, and what was not read for either
    assert alerts.text.read_text().count(" reached ") == 40
    alerts.receiver.answer = lambda number: (0.0, 200, {})
    assert eventually(lambda: alerts.pending() == [], 30)
    assert sorted(alerts.receiver.got()) == ids(awards)
    assert alerts.text.read_text().count(" reached ") == 60


def test_kill_at_any_time_loses_nothing_and_repeats_at_most_one_alert_a_kill(alerts: Alerts) -> None:
    alerts.receiver.answer = lambda number: (0.02, 200, {})
    kills, awards = 6, awards_of(240)
    alerts.start()
    for kill in range(kills):
        alerts.produce(awards[kill * 40 : (kill + 1) * 40])
        seen = len(alerts.receiver.accepted)
        assert eventually(lambda seen=seen, more=3 + 5 * kill: len(alerts.receiver.accepted) >= seen + more, 30)
        alerts.process.kill()
        alerts.start(wait=False)
        if kill % 2:  # also while it starts and reads the log
            time.sleep(0.8 * kill)
            alerts.process.kill()
            alerts.start(wait=False)
    everything = set(ids(awards))
    assert eventually(lambda: set(alerts.receiver.got()) == everything, 90), alerts.process.log_tail(20)
    assert eventually(lambda: alerts.pending() == [], 20)
    times = Counter(alerts.receiver.got())
    assert set(times) == everything
    kills += kills // 2
    assert sum(times.values()) - len(everything) <= kills
    written = alerts.text.read_text().count("Sample Person reached “Sample tier” (100%)\n")
    assert len(awards) <= written <= len(awards) + kills
    assert in_order_by_employee(alerts.receiver)  # a repeated alert follows itself


def test_kills_while_the_receiver_refuses_hangs_or_breaks_off_lose_and_repeat_nothing(alerts: Alerts) -> None:
    alerts.file.write_text(alerts.file.read_text().replace("timeout: 20s", "timeout: 500ms"))
    asked, awards = alerts.receiver.asked, awards_of(45)
    alerts.receiver.answer = lambda number: (0.0, 429, {})  # without saying for how long
    alerts.start()
    faults = {
        "HTTP 429": (0.0, 429, {}),
        "no answer in 0.5 s": (3.0, 503, {}),
        "ServerDisconnectedError": (0.0, BREAK_OFF, {}),
    }
    for phase, (error, answer) in enumerate(faults.items()):
        alerts.receiver.answer = lambda number, answer=answer: answer
        seen = len(asked)
        alerts.produce(awards[phase * 15 : (phase + 1) * 15])
        assert eventually(lambda seen=seen: len(asked) >= seen + 3, 30), alerts.process.log_tail(20)
        assert eventually(lambda error=error: error in {one["error"] for one in alerts.pending()}, 10)
        alerts.process.kill()
        alerts.start()
    assert alerts.receiver.accepted == []
    alerts.receiver.answer = lambda number: (0.0, 200, {})
    assert eventually(lambda: len(alerts.receiver.accepted) >= len(awards), 30), alerts.process.log_tail(20)
    assert eventually(lambda: alerts.pending() == [], 10)
    assert sorted(alerts.receiver.got()) == ids(awards)  # no kill fell between an acceptance and its record
    assert in_order_by_employee(alerts.receiver)


def test_a_stop_and_a_second_process_repeat_nothing(alerts: Alerts) -> None:
    alerts.receiver.answer = lambda number: (0.05, 200, {})
    awards = awards_of(200)
    alerts.start()
    alerts.produce(awards[:100])
    assert eventually(lambda: len(alerts.receiver.accepted) >= 5, 20)
    alerts.process.stop(30)  # an attempt under way ends, and is recorded
    assert alerts.process.exit_code == 0, alerts.process.log_tail(20)
    alerts.start()
    second, port = second_process(alerts)
    try:
        alerts.produce(awards[100:150])  # these are under way while the partitions are dealt out anew
        second.wait_until(lambda: second_page(port, "readyz") != "", 60)
        alerts.produce(awards[150:])
        assert eventually(lambda: set(alerts.receiver.got()) == set(ids(awards)), 60), alerts.process.log_tail(20)
        for page in (alerts.page("metrics"), second_page(port)):  # both have delivered
            assert 'kpistream_alerts_total{channel="hook",status="sent"}' in page
    finally:
        second.stop(30)
        port.release()
    assert eventually(lambda: alerts.pending() == [], 20)
    assert sorted(alerts.receiver.got()) == ids(awards)
    assert in_order_by_employee(alerts.receiver)


def test_a_sample_through_apprise_and_through_a_webhook_that_refuses(tmp_path: Path) -> None:
    receiver = Receiver()
    file = tmp_path / "alerts.yaml"
    file.write_text(
        'channels: {chat: {apprise: "${CHAT}"}, hook: {webhook: "${HOOK_URL}", secret: "${HOOK_SECRET}"}}\n'
        "routes: [{to: [chat, hook]}]\n"
    )
    chat = receiver.url.replace("http://", "json://")
    environment = {"CHAT": chat, "HOOK_URL": receiver.url, "HOOK_SECRET": SECRET, "KPISTREAM_ALERTS": str(file)}

    def sample(*arguments: str):
        return CliRunner().invoke(main, ["alerts", "test", *arguments], env=environment)

    try:
        done = sample("chat", "--language", "zh", "--state", "revoked")
        assert (done.exit_code, done.output) == (0, "chat took the sample: 撤销：Sample Person「示例档位」（100%）\n")
        assert sample("hook").exit_code == 0
        (_, through_apprise), (_, direct) = receiver.accepted
        assert through_apprise["title"] == "撤销：Sample Person「示例档位」（100%）"
        assert through_apprise["type"] == "warning"
        assert direct["title"] == "Sample Person reached “Sample tier” (100%)"
        assert receiver.bad_signatures == 0
        receiver.answer = lambda number: (0.0, 429, {"Retry-After": "7"})
        refused, silent, unknown = sample("hook"), sample("chat"), sample("mail")
    finally:
        receiver.close()
    assert refused.output == "Error: hook did not take the sample: HTTP 429; it asks to wait 7 s\n"
    assert silent.output == "Error: chat did not take the sample: the service did not take it\n"
    assert unknown.output == "Error: no channel 'mail'; there are chat, hook\n"
    assert {one.exit_code for one in (refused, silent, unknown)} == {1}
