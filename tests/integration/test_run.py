"""``kpistream run`` as a user calls it: a process of its own, no terminal, a folder of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer

from infra.local.data_dir import is_locked
from infra.local.ports import PortReservation
from infra.local.stack import LocalStack
from schemas.results import decode_award
from tests.integration.conftest import alive, children, eventually, read_all

_COUNTS = re.compile(
    r"^events in +([\d,]+) = applied ([\d,]+) \+ duplicate ([\d,]+) \+ dead-lettered ([\d,]+)"
    r" \+ parked ([\d,]+)"
    r"(?: \+ offsets without a record ([\d,]+))?: adds up$",
    re.MULTILINE,
)
_SENT = re.compile(r"^read ([\d,]+), delivered ([\d,]+), failed 0 ", re.MULTILINE)


class Run:
    """One call of ``kpistream run`` whose output goes to a file."""

    def __init__(self, home: Path, *arguments: str, **more: str) -> None:
        home.mkdir(exist_ok=True)
        self.home = home
        self.out = home / f"out-{time.monotonic_ns()}.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KPISTREAM_")}
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from infra.cli import main; main()", "run", *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment | {"KPISTREAM_HOME": str(home)} | more,
            )

    @property
    def text(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def wait_for(self, words: str, seconds: float = 90) -> None:
        assert eventually(lambda: words in self.text or self.process.poll() is not None, seconds), self.text
        assert words in self.text, self.text

    def finish(self, seconds: float = 120) -> str:
        self.process.wait(seconds)
        return self.text

    def counts(self) -> tuple[int, ...]:
        found = _COUNTS.search(self.text)
        assert found, self.text
        return tuple(int((part or "0").replace(",", "")) for part in found.groups())

    def pid_of(self, name: str) -> int:
        return int(re.search(rf"processes:.*\b{name} (\d+)", self.text).group(1))

    def folder(self) -> Path:
        return (self.home / "latest").resolve()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Run]]:
    """Runs to end whatever happens."""
    started: list[Run] = []
    yield started
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
        run.process.wait()


def descendants(pid: int) -> set[int]:
    found = set(children(pid))
    return found.union(*(descendants(child) for child in found)) if found else found


def events_sent(run: Run) -> int:
    found = _SENT.findall((run.folder() / "logs" / "events.log").read_text())
    return sum(int(read.replace(",", "")) for read, _ in found)


def test_a_run_ends_by_itself_with_counts_that_add_up_and_leaves_nothing(
    tmp_path: Path, runs: list[Run]
) -> None:
    run = Run(tmp_path / "home", "--duration", "15")  # a busy machine takes seconds to start the source
    runs.append(run)
    run.wait_for("Events flow")
    below = descendants(run.process.pid)
    assert len(below) >= 4  # Kafka, ClickHouse, worker, sink
    text = run.finish()
    assert run.process.returncode == 0, text
    came_in, *parts = run.counts()
    assert came_in == sum(parts) == events_sent(run) > 500
    assert "award: " in text and "reconcile" in text and "restarts       none" in text
    assert not [pid for pid in below if alive(pid)]
    assert not is_locked(run.folder())
    # every award was pushed, once, and every delivery recorded and loaded before the processes were ended
    assert "Not all alerts are done" not in text
    pushed = int(re.search(r"^alerts +([\d,]+) pushed", text, re.MULTILINE).group(1).replace(",", ""))
    with LocalStack(run.folder() / "stack") as again:
        awards = {
            (award.award_id, award.state)
            for partition in range(partitions_of(again, "awards"))
            for award in map(decode_award, values_of(again, "awards", partition))
        }
        with again.clickhouse.client() as client:
            query = "SELECT channel, count() FROM bi.alerts WHERE state = 'sent' GROUP BY channel ORDER BY channel"
            loaded = client.execute(query)
    assert pushed == len(awards) > 0
    assert loaded == [("console", pushed), ("file", pushed)]


def partitions_of(stack: LocalStack, topic: str) -> int:
    consumer = KafkaConsumer(bootstrap_servers=stack.kafka.bootstrap)
    try:
        return len(consumer.partitions_for_topic(topic))
    finally:
        consumer.close()


def values_of(stack: LocalStack, topic: str, partition: int) -> list[bytes]:
    return [record.value for record in read_all(stack, topic, partition)]


def test_a_receiver_that_is_away_does_not_keep_a_run_from_its_end(tmp_path: Path, runs: list[Run]) -> None:
    file = tmp_path / "alerts.yaml"
    nobody = PortReservation()
    url = f"http://127.0.0.1:{nobody.port}/"
    file.write_text(f"channels: {{hook: {{webhook: '{url}'}}}}\nroutes: [{{to: [hook]}}]\n")
    run = Run(tmp_path / "home", "--duration", "10", KPISTREAM_ALERTS=str(file))
    runs.append(run)
    run.wait_for("waiting until all awards are pushed")
    run.process.send_signal(signal.SIGINT)  # else it would wait for a minute
    text = run.finish()
    nobody.release()
    assert run.process.returncode == 0, text
    waiting = re.search(r"^Not all alerts are done: ([\d,]+) awards are not pushed yet\.", text, re.MULTILINE)
    assert waiting and int(waiting.group(1).replace(",", "")) > 0, text
    assert "reconcile" in text


def test_after_killed_worker_and_killed_run_everything_goes_on(tmp_path: Path, runs: list[Run]) -> None:
    home = tmp_path / "home"
    killed = Run(home)
    runs.append(killed)
    killed.wait_for("processes:")
    below = descendants(killed.process.pid)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    assert eventually(lambda: not any(map(alive, below)), 20), [pid for pid in below if alive(pid)]

    run = Run(home, "--duration", "10", "--rate", "1000")  # the same home, nothing cleaned
    runs.append(run)
    run.wait_for("Events flow")
    time.sleep(4)
    os.kill(run.pid_of("worker"), signal.SIGKILL)
    text = run.finish()
    assert "worker started again" in text and "restarts       worker 1×" in text, text
    came_in, *parts = run.counts()
    assert came_in == sum(parts) == events_sent(run), text
    assert run.process.returncode == 0, text
    assert len(list((home / "runs").iterdir())) >= 2


def test_a_signal_ends_an_endless_run_of_real_files_in_order(tmp_path: Path, runs: list[Run]) -> None:
    data = tmp_path / "desk"
    data.mkdir()
    (data / "tickets.csv").write_text(
        "agent,team,id,closed,minutes\n"
        + "".join(
            f"a{number % 3},t{number % 3 % 2},{number},2026-03-{number % 28 + 1:02d} 10:00:00,{number % 90}\n"
            for number in range(200)
        ),
        encoding="utf-8",
    )
    mapping = tmp_path / "desk.yaml"
    mapping.write_text(_MAPPING, encoding="utf-8")
    run = Run(tmp_path / "home", "--data", str(data), "--mapping", str(mapping))
    runs.append(run)
    run.wait_for("All events are in.")
    run.process.send_signal(signal.SIGTERM)
    text = run.finish()
    assert run.process.returncode == 0, text
    assert "not fed" not in text
    assert run.counts() == (200, 200, 0, 0, 0, 0)
    rows = (run.folder() / "attainment.csv").read_text(encoding="utf-8").splitlines()
    march = [row.split(",") for row in rows if ",month,2026-03," in row]
    assert sorted((row[1], float(row[10])) for row in march) == [("a0", 67.0), ("a1", 67.0), ("a2", 66.0)]


def test_files_that_no_mapping_fits_are_one_sentence(tmp_path: Path, runs: list[Run]) -> None:
    (tmp_path / "strange").mkdir()
    run = Run(tmp_path / "home", "--data", str(tmp_path / "strange"))
    runs.append(run)
    text = run.finish(60)
    assert run.process.returncode == 1
    assert text.splitlines()[-1].startswith("Error: No shipped mapping fits") and "adventureworks" in text
    assert "Traceback" not in text


_MAPPING = """
mapping: desk
source: /desk
timezone: UTC
tables:
  tickets:
    file: tickets.csv
    types: {closed: {time: "%Y-%m-%d %H:%M:%S"}, minutes: number}
events:
  - from: tickets
    type: ticket_resolved
    id: id
    time: closed
    data: {employee: agent, minutes: minutes}
organisation:
  company: desk
  employees:
    - {from: tickets, id: agent, role: "'agent'", team: "'desk'", department: "'service'"}
plan:
  plan: desk
  version: 1
  currency: EUR
  kpis:
    - {id: tickets, name: Tickets, aggregate: count, events: [ticket_resolved], unit: count, periods: [month]}
  targets:
    - {kpi: tickets, period: month, value: 50}
"""
