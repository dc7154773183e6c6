"""What a system wrote: sums as they came, from a topic or a table, and awards. All kinds answer the same questions."""

from __future__ import annotations

import json
import time
import urllib.request
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import orjson
import pyarrow.compute as pc
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from benchmarks.steady import counted
from benchmarks.verdict import Award
from schemas.blocks import decode_block, kind_of
from schemas.results import decode_award
from schemas.topics import CREDITS

#: (employee, month) → (cents, count)
Sums = dict[tuple[str, str], tuple[int, int]]
_EPOCH = date(1970, 1, 1)


class Results(ABC):
    """The sums of one run. ``total`` may be asked while it runs and costs little."""

    @abstractmethod
    def total(self) -> int:
        """Events counted so far."""

    @abstractmethod
    def series(self) -> list[tuple[float, int]]:
        """(ms since the epoch, events counted by then)."""

    @abstractmethod
    def sums(self) -> Sums | None:
        """The last value of every sum, None where the system makes none."""

    def close(self) -> None:
        """Give back what reading took."""
        return


class Topic:
    """Every record of a topic from its beginning, as far as it goes at each call."""

    def __init__(self, broker: str, topic: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker, "group.id": "bench-reader", "enable.auto.commit": False,
                "isolation.level": "read_committed", "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50,
                "fetch.message.max.bytes": 16 << 20, "enable.partition.eof": True, "log_level": 3,
            }
        )  # fmt: skip
        partitions = self._consumer.list_topics(topic, timeout=30).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, number, 0) for number in sorted(partitions)])
        #: Partitions whose end has not been seen since the last record.
        self._unfinished = set(partitions)

    def __iter__(self) -> Iterator[Message]:
        """What has come since the last call."""
        while messages := self._consumer.consume(10_000, 0.05):
            yield from self._records(messages)

    def whole(self, seconds: float = 120) -> Iterator[Message]:
        """The same to the end of every partition, however long the broker takes."""
        deadline = time.monotonic() + seconds
        while self._unfinished:
            if time.monotonic() > deadline:
                raise TimeoutError("a topic could not be read to its end")
            yield from self._records(self._consumer.consume(10_000, 0.2))

    def _records(self, messages: list[Message]) -> Iterator[Message]:
        for message in messages:
            if (error := message.error()) is None:
                self._unfinished.add(message.partition())
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                self._unfinished.discard(message.partition())
            else:
                raise KafkaException(error)

    def close(self) -> None:
        """Give the connection back."""
        self._consumer.close()


class TopicResults(Results):
    """Sums as JSON records, absolute; a row with ``diff`` −1 (Pathway) only takes back the one before."""

    def __init__(self, broker: str, topic: str) -> None:
        self._topic = Topic(broker, topic)
        self._rows: list[tuple[float, object, int]] = []
        self._last: dict[object, tuple[str, str, int, int]] = {}
        self._total = 0

    def total(self) -> int:
        """Events counted so far."""
        self._take(self._topic)
        return self._total

    def read_to_the_end(self) -> None:
        """Take everything that the topic holds."""
        self._take(self._topic.whole())

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            for key, employee, month, cents, count in self.rows_of(message):
                before = self._last[key][3] if key in self._last else 0
                if count < before:
                    continue  # counts only grow: an older row of another partition
                self._rows.append((message.timestamp()[1], key, count))
                self._total += count - before
                self._last[key] = employee, month, cents, count

    def rows_of(self, message: Message) -> Iterator[tuple[object, str, str, int, int]]:
        """(key of the cell, employee, month, cents, count) of each sum in a record."""
        row = orjson.loads(message.value())
        if row.get("diff", 1) > 0:
            yield (row["employee"], row["month"]), row["employee"], row["month"], row["cents"], row["count"]

    def series(self) -> list[tuple[float, int]]:
        """(ms since the epoch, events counted by then)."""
        # several partitions are read in turns
        return counted(sorted(self._rows, key=lambda row: row[0]))

    def sums(self) -> Sums:
        """The last value of every sum."""
        result: Sums = {}
        for employee, month, cents, count in self._last.values():
            before = result.get((employee, month), (0, 0))
            result[employee, month] = before[0] + cents, before[1] + count
        return result

    def close(self) -> None:
        """Give back what reading took."""
        self._topic.close()


class BlockResults(TopicResults):
    """kpistream's own KPI updates: blocks of day cells, of which those of one KPI are looked at."""

    KPI = "revenue"

    def rows_of(self, message: Message) -> Iterator[tuple[object, str, str, int, int]]:
        """(key of the cell, employee, month, cents, count) of each sum in a record."""
        if kind_of(message.headers() or ()) != "kpi-days":
            return
        block = decode_block(message.value())[0]
        block = block.filter(pc.equal(block.column("kpi").dictionary_decode(), self.KPI))
        names = ("employee", "day", "numerator", "denominator")
        for employee, day, cents, count in zip(*(block.column(name).to_pylist() for name in names), strict=True):
            month = (_EPOCH + timedelta(days=day)).isoformat()[:7]
            yield (employee, day), employee, month, cents // 100, count // 10_000


class ClickHouse:
    """Statements over HTTP; the address holds user and password."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str) -> list[list]:
        """Rows of the answer."""
        select = query.startswith("SELECT")
        body = query + " FORMAT JSONCompact SETTINGS output_format_json_quote_64bit_integers = 0" * select
        answer = urllib.request.urlopen(self.url, data=body.encode(), timeout=60).read()
        return json.loads(answer)["data"] if select else []


class TableResults(Results):
    """Sums as rows (employee, month, cents, count, at) of a table that keeps every one."""

    def __init__(self, clickhouse: ClickHouse, table: str) -> None:
        self._clickhouse, self._table = clickhouse, table
        clickhouse.ask(f"DROP TABLE IF EXISTS {table} SYNC")
        clickhouse.ask(
            f"CREATE TABLE {table} (employee String, month String, cents Int64, count UInt64, "
            "at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY (employee, month, at)"
        )

    def total(self) -> int:
        """Events counted so far."""
        # counts only grow
        query = f"SELECT sum(n) FROM (SELECT max(count) AS n FROM {self._table} GROUP BY employee, month)"
        return self._clickhouse.ask(query)[0][0]

    def series(self) -> list[tuple[float, int]]:
        """(ms since the epoch, events counted by then)."""
        rows = self._clickhouse.ask(
            f"SELECT toUnixTimestamp64Milli(at), employee, month, count FROM {self._table} ORDER BY at, count"
        )
        return counted((when, (employee, month), count) for when, employee, month, count in rows)

    def sums(self) -> Sums:
        """The last value of every sum."""
        query = f"SELECT employee, month, argMax(cents, count), max(count) FROM {self._table} GROUP BY 1, 2"
        return {(employee, month): (cents, count) for employee, month, cents, count in self._clickhouse.ask(query)}


class EngineResults(Results):
    """The tables of benchmarks/peers/clickhouse."""

    TABLES = ("to_facts", "to_sums", "to_awards", "events", "awards_out", "facts", "sums", "awards")

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse
        self.close()

    def total(self) -> int:
        """Events counted so far."""
        if not self._clickhouse.ask("SELECT name FROM system.tables WHERE name = 'peer_to_facts'"):
            return 0
        return self._clickhouse.ask("SELECT sum(count) FROM default.peer_sums")[0][0]

    def series(self) -> list[tuple[float, int]]:
        """(ms since the epoch, events counted by then)."""
        rows = self._clickhouse.ask(
            "SELECT toUnixTimestamp64Milli(at) AS ms, count() FROM default.peer_facts WHERE type = 'sale' "
            "GROUP BY 1 ORDER BY 1"
        )
        return counted((when, when, count) for when, count in rows)

    def sums(self) -> Sums:
        """The last value of every sum."""
        query = "SELECT employee, month, sum(cents), sum(count) FROM default.peer_sums GROUP BY 1, 2"
        return {(employee, month): (cents, count) for employee, month, cents, count in self._clickhouse.ask(query)}

    def close(self) -> None:
        """Give back what reading took."""
        for table in self.TABLES:  # views first
            self._clickhouse.ask(f"DROP TABLE IF EXISTS default.peer_{table} SYNC")


class FileResults(Results):
    """What benchmarks/peers/raw leaves at its end."""

    def __init__(self, file: Path, events: int, sales: int) -> None:
        self._file, self._share, self._sales = file, sales / events, sales

    def total(self) -> int:
        """Events counted so far."""
        return self._sales if self._file.exists() else 0

    def series(self) -> list[tuple[float, int]]:
        """(ms since the epoch, events counted by then)."""
        # it counts records of every kind
        return [(at, round(seen * self._share)) for at, seen in json.loads(self._file.read_text())["series"]]

    def sums(self) -> Sums | None:
        """The last value of every sum."""
        totals = json.loads(self._file.read_text())["totals"]
        return None if totals is None else {(employee, month): (*rest,) for employee, month, *rest in totals}


class Awards:
    """Awards read from a topic, of peers (JSON with the tier's bound) or of kpistream."""

    def __init__(self, broker: str, topic: str, tiers: tuple[int, ...], own: bool = False) -> None:
        self._topic, self._own = Topic(broker, topic), own
        self._tier = {bound: index for index, bound in enumerate(tiers)}
        self._net: Counter[Award] = Counter()

    def found(self, to_the_end: bool = False) -> list[Award]:
        """All so far; what was taken back again (Pathway's retractions) is none."""
        for message in self._topic.whole() if to_the_end else self._topic:
            if self._own:
                award = decode_award(message.value())
                self._net[Award(award.employee, award.period, award.tier, award.cause.id)] += 1
                continue
            row = orjson.loads(message.value())
            award = Award(row["employee"], row["month"], self._tier[int(row["tier"])], row.get("event", ""))
            self._net[award] += row.get("diff", 1)
        return list(self._net.elements())

    def close(self) -> None:
        """Give the connection back."""
        self._topic.close()


def credited_order(broker: str) -> np.ndarray:
    """Numbers of the sales in the order in which kpistream credited them, one credits partition after the other.

    An employee's events lie in one partition, in the order that decided which of them reached a tier. It need not be
    the source topic's: crediting re-keys by event, and again by employee.
    """
    topic, parts = Topic(broker, CREDITS.name), defaultdict(list)
    for message in topic.whole():
        if kind_of(message.headers() or ()) == "credits":
            block = decode_block(message.value())[0]
            ids = block.column("id").filter(pc.equal(block.column("type").dictionary_decode(), "sale"))
            parts[message.partition()] += [int(one[16:], 16) for one in ids.to_pylist()]
    topic.close()
    return np.array([number for partition in sorted(parts) for number in parts[partition]], dtype=np.int64)
