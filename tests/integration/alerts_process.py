"""``kpistream alerts run`` as a process, and the receiver it tells: for tests on a real Kafka."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
from click.testing import CliRunner
from kafka import KafkaProducer

from infra.cli import main
from infra.local.ports import PortReservation
from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from infra.topic_admin import create_topics
from schemas.results import Award, encode_award
from sinks.alerts.channels import signature
from sinks.alerts.sample import sample_award
from tests.integration.conftest import settings_of
from tests.integration.forked import ForkedCommand

SECRET = "of this test only"
#: In place of a status: the connection ends without an answer.
BREAK_OFF = 0
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
        self._server.handle_error = lambda *_: None  # connections that break with a killed process
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
        if status == BREAK_OFF:
            request.close_connection = True
            return
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
        self.settings = settings_of(self.environment)
        self.process: ChildProcess | None = None
        create_topics(self.settings)

    def start(self, wait: bool = True) -> None:
        run = ["alerts", "run", "--web-port", str(self.port.port)]
        self.process = ForkedCommand("alerts", run, self.log, self.environment)
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


def second_process(first: Alerts) -> tuple[ChildProcess, PortReservation]:
    """One more of the same group, under a name of its own."""
    port = PortReservation()
    run = ["alerts", "run", "--web-port", str(port.port)]
    environment = first.environment | {"KPISTREAM_WORKER_ID": "another", "KPISTREAM_FAUST_DATA": f"{first.log}-faust"}
    return ForkedCommand("alerts-2", run, first.log.with_name("second.log"), environment), port


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


def second_page(port: PortReservation, name: str = "metrics") -> str:
    try:
        with urlopen(f"http://127.0.0.1:{port.port}/{name}", timeout=5) as answer:
            return answer.read().decode()
    except (URLError, OSError):
        return ""
