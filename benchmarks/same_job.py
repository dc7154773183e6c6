"""The same job by every system, one after another: sums by month, awards at three tiers. The peers share one Kafka and
ClickHouse; kpistream, with one worker and with two, gets new ones each time.

``python -m benchmarks.same_job [--events N] [--only NAME]… [--zipf S] [--others SHARE] [--employees N]``
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import click
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from benchmarks.peers.registry import PEERS, Peer
from benchmarks.processes import Process
from benchmarks.results import (
    Awards,
    BlockResults,
    ClickHouse,
    EngineResults,
    FileResults,
    Results,
    TableResults,
    TopicResults,
    credited_order,
)
from benchmarks.runs import Outcome, Task, outcome
from benchmarks.sales import Columns, Expected, Workload, columns, plan_of, produce
from benchmarks.table import comparison, number
from benchmarks.worker import Workers
from infra.clickhouse.migrate import migrate
from infra.control_topic import apply_plan
from infra.local.errors import StackError
from infra.local.stack import LocalStack
from infra.settings import Settings
from infra.topic_admin import create_topics
from schemas.plan_file import load_plan
from schemas.topics import AWARDS, KPI_UPDATES
from sinks.connection import from_settings

PARTITIONS = 4
PLAN = Path("plans/benchmark-tiers.yaml")
#: Number of workers by name.
OWN = {"kpistream": 1, "kpistream-2": 2}
_OURS = "kpistream"  # how their titles begin
#: Seconds that any system gets to start, and the slowest rate that is waited for.
_START, _SLOWEST = 60, 1_000


class Bench:
    """The servers, and the topics that were filled: one for each number of events."""

    def __init__(self, stack: LocalStack, folder: Path, workload: Workload) -> None:
        self.stack, self.folder, self._workload = stack, folder, workload
        self.broker = stack.kafka.bootstrap
        server = stack.connection
        account = f"user={quote(server.clickhouse_user)}&password={quote(server.clickhouse_password)}"
        self.clickhouse = ClickHouse(f"http://{server.clickhouse_host}:{server.clickhouse_http_port}/?{account}")
        self._filled: dict[int, tuple[Workload, Columns, Expected]] = {}

    def topic(self, share: float) -> tuple[str, Workload, Columns, Expected]:
        """A topic with that share of the events, filled when first asked for."""
        count = max(round(self._workload.events * share), 1_000)
        name = f"sales-{count}"
        if count not in self._filled:
            began = time.monotonic()
            given = self._workload
            workload = Workload.spread(
                count, given.employees, zipf=given.zipf, others=given.others, days=given.days, seed=given.seed
            )
            made = columns(workload)
            self.create(name)
            produce(self.broker, name, made)
            self._filled[count] = workload, made, Expected.of(made, workload.tiers)
            click.echo(f"{name} filled in {time.monotonic() - began:.0f} s", err=True)
        return name, *self._filled[count]

    def create(self, *names: str) -> None:
        """Topics of that name, kept for ever."""
        admin = KafkaAdminClient(bootstrap_servers=self.broker)
        config = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}
        admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=config) for name in names])
        admin.close()

    @property
    def servers(self) -> dict[str, int]:
        """Their processes."""
        return {"broker": self.stack.kafka.pid or 0, "database": self.stack.clickhouse.pid or 0}

    def time_out(self, events: int, limit: float) -> float:
        """Seconds for a run."""
        return min(_START + events / _SLOWEST, limit)


def run_peer(bench: Bench, peer: Peer, limit: float) -> Outcome:
    """Install it where it is missing, then one run."""
    command = peer.command()
    topic, workload, made, expected = bench.topic(peer.share)
    state = bench.folder / peer.name
    state.mkdir()
    awards, kpis, table = f"{peer.name}-awards", f"{peer.name}-kpis", f"default.kpis_{peer.name.replace('-', '_')}"
    bench.create(awards, kpis)
    results: Results = {
        "topic": lambda: TopicResults(bench.broker, kpis),
        "table": lambda: TableResults(bench.clickhouse, table),
        "engine": lambda: EngineResults(bench.clickhouse),
        "file": lambda: FileResults(state / "result.json", expected.events, expected.sales),
    }[peer.sums]()
    insert = quote(f"INSERT INTO {table} (employee, month, cents, count) FORMAT JSONEachRow")
    environment = {
        "BROKER": bench.broker, "TOPIC": topic, "GROUP": f"peer-{peer.name}", "AWARDS": awards, "KPIS": kpis,
        "TIERS": ",".join(map(str, workload.tiers)), "STATE": str(state / "state"), "EVENTS": str(expected.events),
        "PARTITIONS": str(PARTITIONS), "CLICKHOUSE": bench.clickhouse.url, "RESULT": str(state / "result.json"),
        "INSERT": f"{bench.clickhouse.url}&query={insert}",
    }  # fmt: skip
    reader = Awards(bench.broker, awards, workload.tiers) if peer.awards else None
    task = Task(made, expected, results, reader, bench.time_out(expected.events, limit), bench.servers)
    if peer.sums == "engine":
        task = replace(task, worker=bench.servers["database"])
    try:
        variables = {f"BENCH_{key}": value for key, value in environment.items()}
        process = Process(peer.name, command, bench.folder / f"{peer.name}.log", variables)
        return outcome(peer.title, peer.remarks, process, task)
    finally:
        results.close()
        if reader:
            reader.close()


def run_own(bench: Bench, limit: float, workers: int) -> Outcome:
    """kpistream: so many workers with all stages."""
    topic, workload, made, expected = bench.topic(1.0)
    environment = bench.stack.connection.environment() | {
        "KPISTREAM_PARTITIONS": str(PARTITIONS), "KPISTREAM_SOURCE_TOPICS": topic,
    }  # fmt: skip
    os.environ.update(environment)
    settings = Settings()
    create_topics(settings)
    migrate(from_settings(settings))
    apply_plan(settings, plan_of(load_plan(PLAN), workload.employees, tiers=workload.tiers))
    results = BlockResults(bench.broker, KPI_UPDATES.name)
    awards = Awards(bench.broker, AWARDS.name, workload.tiers, own=True)
    processes = Workers(environment, bench.folder / f"kpistream-{workers}.log", workers)
    task = Task(
        made, expected, results, awards, bench.time_out(expected.events, limit), bench.servers,
        settled=processes.drained, order=lambda: credited_order(bench.broker),
    )  # fmt: skip
    remarks = "validation, duplicates, refunds, units, checkpoints in ClickHouse"
    try:
        title = "kpistream, one worker" if workers == 1 else f"kpistream, {workers} workers"
        return outcome(title, remarks, processes, task, until_settled=True)
    finally:
        results.close()
        awards.close()


@contextmanager
def _servers(folder: Path, workload: Workload) -> Iterator[Bench]:
    with LocalStack() as stack:
        yield Bench(stack, folder, workload)


def compare(folder: Path, workload: Workload, names: list[str], limit: float, write) -> list[Outcome]:
    """One after another, kpistream first, so that no other servers run beside its own; ``write`` gets all outcomes so
    far after each.
    """
    outcomes: list[Outcome] = []
    known = {peer.name: peer for peer in PEERS}

    def note(name: str, run: Callable[[], Outcome]) -> None:
        click.echo(f"{name} …", err=True)
        began = time.process_time()
        try:
            one = run()
        except (StackError, OSError) as error:
            title = known[name].title if name in known else name
            one = Outcome(title, check=f"not run: {' '.join(str(error).split())[:300]}")
        rate, watching = number(one.warm.events_per_second), time.process_time() - began
        click.echo(f"  {rate or '?'} events/s, {one.check}; watching and checking took {watching:.1f} CPU s", err=True)
        outcomes.append(one)
        write(outcomes)

    for name in (name for name in names if name in OWN):
        with _servers(folder, workload) as bench:  # what one left behind must not help the next
            note(name, lambda bench=bench, name=name: run_own(bench, limit, OWN[name]))
    if peers := [name for name in names if name not in OWN]:
        with _servers(folder, workload) as bench:
            for name in peers:
                note(name, lambda name=name: run_peer(bench, known[name], limit))
    return outcomes


def _rate(one: Outcome) -> float:
    return one.warm.events_per_second or 0


def report(outcomes: list[Outcome], workload: Workload) -> str:
    """The section of the report."""
    own = max((one for one in outcomes if one.title.startswith(_OURS)), key=_rate, default=None)
    keys = f"Zipf {workload.zipf}" if workload.zipf else "uniform"
    mix = f", {workload.others:.0%} of events of another type" if workload.others else ""
    return (
        f"## The same job\n\n{workload.events:,} events of about 260 bytes, lz4, {PARTITIONS} partitions, "
        f"{workload.employees:,} employees ({keys}){mix}. Warm: between 40 % and 90 % of the events, by the time at "
        f"which the sums that hold them were written.\n\n{comparison(outcomes, own)}\n"
    )


@click.command()
@click.option("--events", default=5_000_000, show_default=True)
@click.option("--employees", default=2_000, show_default=True)
@click.option("--zipf", default=0.0, show_default=True, help="Exponent of the employees' shares; 0: equal ones.")
@click.option("--others", default=0.0, show_default=True, help="Share of events of a type that does not count.")
@click.option("--only", multiple=True, type=click.Choice([*OWN, *(peer.name for peer in PEERS)]))
@click.option("--limit", default=300.0, show_default=True, help="Most seconds for one system.")
@click.option("--report", "file", type=click.Path(path_type=Path), help="Markdown file, written after each system.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs in this folder.")
def main(
    events: int, employees: int, zipf: float, others: float, only: tuple[str, ...], limit: float, file: Path | None,
    keep: Path | None,
) -> None:  # fmt: skip
    """Run them and print the table."""
    workload = Workload(events, employees, zipf=zipf, others=others)
    names = list(only) or [*OWN, *(peer.name for peer in PEERS)]

    def write(outcomes: list[Outcome]) -> None:
        if file:
            file.write_text(report(outcomes, workload))

    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        outcomes = compare(folder, workload, names, limit, write)
    click.echo(report(outcomes, workload))
    if not all(one.right or one.check.startswith("not") for one in outcomes if one.title.startswith(_OURS)):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
