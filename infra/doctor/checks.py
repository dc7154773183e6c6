"""Asks the machine, Kafka and ClickHouse; what the answers mean is judged in judgement.py."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError
from clickhouse_driver.errors import SocketTimeoutError
from kafka.errors import KafkaError

from infra.clickhouse.migrate import status
from infra.clickhouse.migration_files import MigrationError
from infra.control_log import ControlLog
from infra.control_topic import newest_plan
from infra.doctor import judgement
from infra.doctor.findings import Finding, error, ok, warning
from infra.lag.computation import Snapshot, lags, longest_waits
from infra.lag.kafka_reader import KafkaReader
from infra.local import prerequisites
from infra.settings import Settings
from infra.topic_admin import wanted_topics
from infra.troubles import clickhouse_refusal, kafka_refusal
from schemas.topics import CONTROL
from sinks.connection import ClickHouseSettings, connect_briefly, from_settings, reader_from_settings

_CONNECT_SECONDS = 3.0


def check_all(settings: Settings) -> Iterator[Finding]:
    """Everything, from the machine to the data; what rests on a server that is away is left out."""
    yield _prerequisites()
    yield from _settings(settings)
    yield from _kafka(settings)
    yield from _clickhouse(settings)


def _prerequisites() -> Finding:
    missing = prerequisites.missing()
    if missing:
        return warning("machine", f"For the embedded servers there is no {', no '.join(missing)}.",
                       f"install: {prerequisites.apt_line()}")  # fmt: skip
    return ok("machine", "Python, Java, Maven, npm and make are there.")


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.mappings is not None and not settings.mappings.is_file():
        yield error("settings", f"KPISTREAM_MAPPINGS names {settings.mappings}, which is no file.",
                    "correct the path, or unset it")  # fmt: skip
    elif not settings.source_topics:
        yield error("settings", "KPISTREAM_SOURCE_TOPICS names no topic.", "name those that events come in by")
    else:
        yield ok("settings", f"{len(settings.source_topics)} business topics, {settings.partitions} partitions, "
                             f"groups {settings.group_prefix}-…")  # fmt: skip


# -- Kafka


def _kafka(settings: Settings) -> Iterator[Finding]:
    brokers = settings.kafka_bootstrap
    if not any(_answers(one) for one in brokers.split(",")):
        yield error("kafka", f"Nothing listens at {brokers}.",
                    "start it (a local one: kpistream stack start), or correct KPISTREAM_KAFKA_BOOTSTRAP")  # fmt: skip
        return
    if refusal := kafka_refusal(settings):
        yield error("kafka", f"{refusal}.", "correct it in the settings: docs/security.md")
        return
    reader = None
    try:
        reader = KafkaReader(settings)
        snapshot = reader.snapshot()
        yield ok("kafka", f"{snapshot.brokers} broker{'' if snapshot.brokers == 1 else 's'} at {brokers}.")
        yield from _topics(settings, snapshot)
        if CONTROL.name in {place.topic for place in snapshot.partitions}:
            yield _plan(settings)
            yield from _half_written(settings)
        yield from judgement.judge_groups(snapshot, settings.group_prefix, _waits(reader, snapshot))
    except (KafkaError, OSError) as failed:
        yield error("kafka", f"{brokers} answers, but not as Kafka should: {failed!r}.",
                    "see the broker's log and whether its advertised address can be reached from here")  # fmt: skip
    finally:
        if reader is not None:
            reader.close()


def _answers(broker: str) -> bool:
    host, _, port = broker.strip().rpartition(":")
    try:
        with socket.create_connection((host, int(port)), _CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _topics(settings: Settings, snapshot: Snapshot) -> list[Finding]:
    wanted = {name: partitions for name, (partitions, _) in wanted_topics(settings).items()}
    found: dict[str, int] = {}
    copies: dict[str, int] = {}
    for place, partition in snapshot.partitions.items():
        found[place.topic] = found.get(place.topic, 0) + 1
        copies[place.topic] = min(partition.replicas, copies.get(place.topic, partition.replicas))
    return judgement.judge_topics(wanted, settings.source_topics, found, copies, settings.replication)


def _plan(settings: Settings) -> Finding:
    applied = newest_plan(settings)
    if applied is None:
        return error("plan", "No plan is in force: every event goes to dead letters.",
                     "apply one: kpistream plan apply plans/example.yaml")  # fmt: skip
    return ok("plan", f"{applied.plan.plan}, version {applied.plan.version}, is in force.")


def _half_written(settings: Settings) -> Iterator[Finding]:
    with ControlLog(settings) as log:
        missing = ", ".join(f"{place.topic} {place.partition}" for place in log.missing())
    if missing:
        yield error("plan", f"The newest plan or close has not reached {missing}: the command that wrote it died.",
                    "give any plan apply or close: it completes what is missing first")  # fmt: skip


def _waits(reader: KafkaReader, snapshot: Snapshot) -> dict[str, float]:
    rows = lags(snapshot)
    times = reader.record_times((row.place, row.waiting_at) for row in rows if row.waiting_at is not None)
    return longest_waits(rows, times, time.time_ns() // 1_000_000)


# -- ClickHouse


def _clickhouse(settings: Settings) -> Iterator[Finding]:
    where = f"{settings.clickhouse_host}:{settings.clickhouse_port}"
    if not _answers(where):
        yield error("clickhouse", f"Nothing listens at {where}.",
                    "start ClickHouse, or correct KPISTREAM_CLICKHOUSE_HOST and KPISTREAM_CLICKHOUSE_PORT")  # fmt: skip
        return
    writer = from_settings(settings)
    refused = [
        _account(writer, "KPISTREAM_CLICKHOUSE_USER"),
        _account(reader_from_settings(settings), "KPISTREAM_CLICKHOUSE_BI_USER"),
    ]
    yield from (one for one in refused if one)
    if refused[0]:
        return
    with connect_briefly(writer) as client:
        version, now = client.execute("SELECT version(), toUnixTimestamp64Milli(now64(3))")[0]
        yield ok("clickhouse", f"{version} at {where}, as {writer.user}.")
        yield judgement.judge_clock("ClickHouse's clock", now / 1000 - time.time())
        yield from _tables(settings, client)


def _account(account: ClickHouseSettings, variable: str) -> Finding | None:
    try:
        with connect_briefly(account) as client:
            client.execute("SELECT 1")
        return None
    except (ClickHouseError, OSError, EOFError) as failed:
        said = clickhouse_refusal(failed, f"{account.host}:{account.port}")
        if isinstance(failed, SocketTimeoutError):
            return error("clickhouse", f"{said}.", "see its log and what the machine does; start it anew")
        return error("clickhouse", f"The user {account.user} is refused: {said}.",
                     f"create the user, or correct {variable} and its password")  # fmt: skip


def _tables(settings: Settings, client: Client) -> Iterator[Finding]:
    try:
        states = [(one.name, one.state) for one in status(from_settings(settings))]
    except (MigrationError, ClickHouseError) as failed:
        yield error("migrations", f"They cannot be read: {str(failed).splitlines()[0]}", "kpistream migrate --status")
        return
    finding = judgement.judge_migrations(states)
    yield finding
    if finding.level != "ok":
        return  # the tables may not be there
    reasons = client.execute("SELECT reason, count() AS n FROM bi.dead_letters GROUP BY reason ORDER BY n DESC, reason")
    yield judgement.judge_dead_letters(sum(number for _, number in reasons), reasons)
