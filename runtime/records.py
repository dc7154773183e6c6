"""What a stage or a sink receives: consecutive records of one partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Record(Protocol):
    """The parts of a Kafka record that we use; aiokafka's ConsumerRecord has them all."""

    offset: int
    timestamp: int  # ms since the epoch, as the broker kept it
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class RecordBatch:
    """Consecutive records of one partition, in offset order, never empty."""

    topic: str
    partition: int
    records: Sequence[Record]
    epoch: int = field(default=0, compare=False)  # the assignment it was read under
    number: int = field(default=0, compare=False)  # running number under that assignment, from 0


@dataclass(frozen=True, slots=True)
class Out:
    """One record to produce. ``partition`` None lets the producer choose by ``key``."""

    topic: str
    value: bytes
    partition: int | None = None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
