"""The alerts process against a real Kafka and a real HTTP receiver that fails, delays and refuses."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
import pytest
from click.testing import CliRunner
from kafka import KafkaProducer

from infra.alerts_table import read_deliveries
from infra.cli import main
from infra.local.ports import PortReservation
from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from infra.settings import Settings
from infra.topic_admin import create_topics
from schemas.results import Award, encode_award
from sinks.alerts.channels import signature
from sinks.alerts.sample import sample_award
from tests.integration.conftest import eventually

SECRET = "of this test only"
SETTINGS = """\
channels:
  hook: {webhook: "${HOOK_URL}", secret: "${HOOK_SECRET}", timeout: 20s, first_pause: 100ms, longest_pause: 500ms}
  text: {file: "%s"}
routes:
  - to: [hook, text]
"""


class Receiver:
    """An HTTP server that keeps what it accepts; ``answer(number of the request)`` → (delay in s, status, headers)."""

    def __init__(self) -> None:
        self.accepted: list[tuple[float, dict]] = []
        self.asked: list[float] = []
        self.bad_signatures = 0
        self.answer = lambda number: (0.0, 200, {})
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook/token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if "X-Kpistream-Signature" in request.headers or "apprise" not in request.headers["User-Agent"].lower():
            expected = signature(SECRET.encode(), body, int(request.headers["X-Kpistream-Timestamp"]))
            self.bad_signatures += request.headers["X-Kpistream-Signature"] != expected["X-Kpistream-Signature"]
        self.asked.append(time.monotonic())
        delay, status, headers = self.answer(len(self.asked))
        time.sleep(delay)
        if status == 200:
            self.accepted.append((time.monotonic(), json.loads(body)))
        try:
            request.send_response(status)
            for name, value in ({"Content-Length": "0"} | headers).items():
                request.send_header(name, value)
            request.end_headers()
        except OSError:  # the process was killed while it waited
            pass

    def got(self) -> list[tuple[str, str]]:
        return [(one["award"]["award_id"], one["state"]) for _, one in list(self.accepted)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Alerts:
    """``kpistream alerts run`` as a child process, with a receiver and a text file."""

    def __init__(self, stack: LocalStack, folder: Path, prefix: str) -> None:
        self.receiver = Receiver()
        self.text = folder / "alerts.txt"
        self.file = folder / "alerts.yaml"
        self.file.write_text(SETTINGS % self.text)
        self.port = PortReservation()
        self.log = folder / "alerts.log"
        self.environment = stack.connection.environment() | {
            "KPISTREAM_GROUP_PREFIX": prefix,
            "KPISTREAM_ALERTS": str(self.file),
            "KPISTREAM_PARTITIONS": "2",
            "KPISTREAM_WORKER_ID": prefix,  # a restart takes the partitions over at once
            "KPISTREAM_FAUST_DATA": str(folder / "faust"),
            "HOOK_URL": self.receiver.url,
            "HOOK_SECRET": SECRET,
        }
        fields = {name.removeprefix("KPISTREAM_").lower(): value for name, value in self.environment.items()}
        self.settings = Settings(_env_file=None, **fields)
        self.process: ChildProcess | None = None
        create_topics(self.settings)

    def start(self, wait: bool = True) -> None:
        program = [str(Path(sys.executable).with_name("kpistream")), "alerts", "run", "--web-port", str(self.port.port)]
        self.process = ChildProcess("alerts", program, self.log, environment=self.environment)
        if wait:
            self.process.wait_until(lambda: self.page("readyz") is not None, 60)

    def page(self, name: str) -> str | None:
        try:
            with urlopen(f"http://127.0.0.1:{self.port.port}/{name}", timeout=5) as answer:
                return answer.read().decode()
        except (URLError, OSError):
            return None

    def produce(self, awards: list[Award]) -> None:
        producer = KafkaProducer(bootstrap_servers=self.settings.kafka_bootstrap, acks="all")
        try:
            for sent in [producer.send("awards", encode_award(one), key=one.employee.encode()) for one in awards]:
                sent.get(30)
        finally:
            producer.close()

    def command(self, *arguments: str) -> str:
        result = CliRunner().invoke(main, ["alerts", *arguments], env=self.environment)
        assert result.exit_code == 0, result.output
        return result.output

    def pending(self) -> list[dict]:
        return [json.loads(line) for line in self.command("list", "--pending", "--format", "json").splitlines()]

    def close(self) -> None:
        if self.process is not None:
            self.process.stop(30)
        self.receiver.close()
        self.port.release()


@pytest.fixture
def alerts(tmp_path: Path) -> Iterator[Alerts]:
    with LocalStack(tmp_path / "stack") as stack:
        running = Alerts(stack, tmp_path, "alerts-test")
        try:
            yield running
        finally:
            running.close()


def second_process(first: Alerts) -> tuple[ChildProcess, PortReservation]:
    """One more of the same group, under a name of its own."""
    port = PortReservation()
    program = [str(Path(sys.executable).with_name("kpistream")), "alerts", "run", "--web-port", str(port.port)]
    environment = first.environment | {"KPISTREAM_WORKER_ID": "another", "KPISTREAM_FAUST_DATA": f"{first.log}-faust"}
    return ChildProcess("alerts-2", program, first.log.with_name("second.log"), environment=environment), port


def awards_of(count: int, first: int = 0, employees: int = 5) -> list[Award]:
    """Awards with ids of their own, by turns for a few employees."""
    return [
        msgspec.structs.replace(
            sample_award(), award_id=f"{number:032x}", employee=f"E{number % employees}", sequence=number
        )
        for number in range(first, first + count)
    ]


def ids(awards: list[Award]) -> list[tuple[str, str]]:
    return sorted((award.award_id, award.state) for award in awards)


def in_order_by_employee(receiver: Receiver) -> bool:
    by_employee: dict[str, list[int]] = {}
    for _, one in receiver.accepted:
        by_employee.setdefault(one["award"]["employee"], []).append(one["award"]["sequence"])
    return all(numbers == sorted(numbers) for numbers in by_employee.values())


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
    assert alerts.text.read_text().count("Sample Person reached Sample tier (100%)\n") == 20
    assert "Revoked: Sample Person, Sample tier (100%)\n" in alerts.text.read_text()
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
    written = alerts.text.read_text().count("Sample Person reached Sample tier (100%)\n")
    assert len(awards) <= written <= len(awards) + kills
    assert in_order_by_employee(alerts.receiver)  # a repeated alert follows itself


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


def second_page(port: PortReservation, name: str = "metrics") -> str:
    try:
        with urlopen(f"http://127.0.0.1:{port.port}/{name}", timeout=5) as answer:
            return answer.read().decode()
    except (URLError, OSError):
        return ""


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
        assert (done.exit_code, done.output) == (0, "chat took the sample: 撤销：Sample Person，「示例档位」（100%）\n")
        assert sample("hook").exit_code == 0
        (_, through_apprise), (_, direct) = receiver.accepted
        assert through_apprise["title"] == "撤销：Sample Person，「示例档位」（100%）"
        assert through_apprise["type"] == "warning"
        assert direct["title"] == "Sample Person reached Sample tier (100%)"
        assert receiver.bad_signatures == 0
        receiver.answer = lambda number: (0.0, 429, {"Retry-After": "7"})
        refused, silent, unknown = sample("hook"), sample("chat"), sample("mail")
    finally:
        receiver.close()
    assert refused.output == "Error: hook did not take the sample: HTTP 429; it asks to wait 7 s\n"
    assert silent.output == "Error: chat did not take the sample: the service did not take it\n"
    assert unknown.output == "Error: no channel 'mail'; there are chat, hook\n"
    assert {one.exit_code for one in (refused, silent, unknown)} == {1}
