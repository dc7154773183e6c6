"""Every system that is compared, in the order of the table."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.peers.install import HERE, classes_of, jars_of, python_of


@dataclass(frozen=True)
class Peer:
    """One system. ``share`` of the events is what it gets, so that slow ones end: a topic of its own, same make."""

    name: str
    title: str
    #: The command line; installs what is missing and raises StackError where that cannot be done here.
    command: Callable[[], list[str]]
    #: Where its sums go: JSON records in a topic, rows in a table, ClickHouse's own tables, a file at the end.
    sums: Literal["topic", "table", "engine", "file"]
    remarks: str
    share: float = 1.0
    awards: bool = True


def _own(peer: str, *arguments: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, str(HERE / peer / "app.py"), *arguments]


def _in(peer: str, file: str, *arguments: str) -> Callable[[], list[str]]:
    return lambda: [str(python_of(peer)), str(HERE / peer / file), *arguments]


def _kafka_streams(*arguments: str) -> list[str]:
    jars = jars_of("kafka_streams")
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", quiet, "-cp", f"{classes_of('kafka_streams', jars)}:{jars}/*", "App", *arguments]


def _flink(file: str, *arguments: str) -> list[str]:
    jar = next(jars_of("flink").glob("*.jar"))
    return [str(python_of("flink")), str(HERE / "flink" / file), *arguments, str(jar)]


PEERS = (
    Peer("raw", "ceiling: aiokafka getmany, records only", _own("raw", "records"), "file",
         "no JSON, no state", awards=False),
    Peer("msgspec", "ceiling: aiokafka getmany + msgspec", _own("raw", "msgspec"), "file",
         "no awards, no output, nothing survives", awards=False),
    Peer("kafka-streams", "Kafka Streams 4.1, Java, exactly_once_v2, 2 threads",
         lambda: _kafka_streams("exactly_once_v2", "2"), "topic", "no validation, no duplicate detection"),
    Peer("pathway", "Pathway 0.33", _in("pathway", "app.py"), "topic", "retractions in the output, nothing survives"),
    Peer("clickhouse", "ClickHouse Kafka engine, 2 consumers", _own("clickhouse", "2"), "engine",
         "awards by a query each second, without their events; its CPU is the database's", share=0.4),
    Peer("quix", "Quix Streams 3.28, RocksDB", _in("quix", "app.py"), "table", "at least once", share=0.2),
    Peer("bytewax", "Bytewax 0.21", _in("bytewax", "run.py", "1"), "table", "nothing survives", share=0.1),
    Peer("bytewax-2", "Bytewax 0.21, 2 processes", _in("bytewax", "run.py", "2"), "table", "nothing survives",
         share=0.1),
    Peer("flink-sql", "Flink SQL 2.3 from Python", lambda: _flink("sql.py"), "topic", "at least once", share=0.1),
    Peer("pyflink", "PyFlink 2.3 DataStream, thread mode, RocksDB", lambda: _flink("app.py", "thread"), "topic",
         "at least once", share=0.04),
    Peer("faust", "Faust 0.15, an agent per event, RocksDB", _in("faust", "app.py"), "table", "at least once",
         share=0.02),
)  # fmt: skip
