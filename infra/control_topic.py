"""Putting control records in-band: into ``control`` and into every partition of the topics whose stages need them.

One command at a time: all partitions meet plans, closes and adjustments in the same order. ``control`` comes first and
says what is to be everywhere: what a command that died left undone, the next one completes before it begins.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import click
from kafka import KafkaProducer

from infra.control_lock import BOOTSTRAP_MS, Lock, sole_operator
from infra.control_log import ControlLog, Place
from infra.kafka_records import KafkaConsumer
from infra.patience import patiently
from infra.settings import Settings
from schemas.blocks import kind_header
from schemas.control import KIND, PeriodClosed, PlanApplied, ValuesAdjusted, decode_control, encode_control
from schemas.plan import Plan
from schemas.topics import CONTROL, CREDITS

#: How long one record may take to be acknowledged: then the lock is asked for anew, and what is missing written.
_WRITE_MS = 20_000


def newest_plan(settings: Settings) -> PlanApplied | None:
    """The plan applied last, None before the first."""

    def look() -> PlanApplied | None:
        with ControlLog(settings) as log:
            return _newest_plan(log)

    return patiently(settings, look)


def _newest_plan(log: ControlLog) -> PlanApplied | None:
    found = (decode_control(record.value) for record in log.backwards())  # the last records may be closes
    return next((control for control in found if isinstance(control, PlanApplied)), None)


def close_period(settings: Settings, record: PeriodClosed) -> None:
    """Write a close everywhere it is needed, acknowledged by all replicas. A second one changes nothing."""

    def write() -> None:
        with _operating(settings) as (lock, log):
            last = next(log.backwards(), None)
            if last is None or decode_control(last.value) != record:  # else an attempt of before has written it
                _write_everywhere(settings, lock, log, encode_control(record))

    patiently(settings, write)


def apply_plan(settings: Settings, plan: Plan) -> PlanApplied:
    """Write ``plan`` as a control record everywhere it is needed, acknowledged by all replicas.

    Its version becomes one above the version in force if the file does not say a higher one. While Kafka is away, it
    waits, and goes on from what it has written. Refuses a plan that gives the id of an award to another kind of award.
    """
    id_, now = uuid4().hex, time.time_ns() // 1_000_000
    floor: list[int] = []  # where ``control`` ended when we began: an attempt of before may have written since

    def write() -> PlanApplied:
        with _operating(settings) as (lock, log):
            floor.append(log.end)
            for written in log.backwards(floor[0]):
                control = decode_control(written.value)
                if control.id == id_:
                    return control
            before, version = _newest_plan(log), plan.version
            if before is not None and (of_another_kind := changed_kinds(before.plan, plan)):
                raise click.ClickException(f"the plan is not applied: {'; '.join(of_another_kind)}")
            if before is not None and version <= before.plan.version:
                version = before.plan.version + 1
            record = PlanApplied(id=id_, time=now, plan=plan.model_copy(update={"version": version}))
            _write_everywhere(settings, lock, log, encode_control(record))
            return record

    return patiently(settings, write)


def changed_kinds(before: Plan, after: Plan) -> list[str]:
    """A sentence for each award of ``after`` whose id is that of another kind in ``before``."""
    kinds = {rule.id: rule.kind for rule in before.awards} if before.plan == after.plan else {}
    return [
        f"award {rule.id} is of kind {kinds[rule.id]} in version {before.version} and would be of kind {rule.kind}: "
        "what people have under that id would be taken for this one's, so it needs an id of its own"
        for rule in after.awards
        if kinds.get(rule.id, rule.kind) != rule.kind
    ]


def adjust(settings: Settings, records: dict[int, ValuesAdjusted]) -> None:
    """Write each adjustment into its partition of the credits, acknowledged by all replicas."""
    floor: dict[int, int] = {}  # where each partition ended when we began

    def write() -> None:
        with _operating(settings) as (lock, log):
            for partition, record in sorted(records.items()):
                place = Place(CREDITS.name, partition)
                floor.setdefault(partition, log.end_of(place))
                if not log.holds(place, record.id, floor[partition]):
                    lock.confirm()
                    write_adjustments(settings, [(partition, record)])

    patiently(settings, write)


@contextmanager
def operating(settings: Settings) -> Iterator[Lock]:
    """Be the sole operator, with every control record of before in all its places."""
    with _operating(settings) as (lock, _):
        yield lock


@contextmanager
def _operating(settings: Settings) -> Iterator[tuple[Lock, ControlLog]]:
    with sole_operator(settings) as lock, ControlLog(settings) as log:
        missing = log.missing()
        if missing:
            _write(settings, lock, next(log.backwards()).value, missing)
        lock.confirm(log.end)
        yield lock, log


def write_adjustments(settings: Settings, records: Iterable[tuple[int, ValuesAdjusted]]) -> None:
    """Likewise, for whoever is the sole operator already: (partition, record), in this order."""
    with _producer(settings, max_request_size=16 << 20) as producer:
        for partition, record in records:
            _send(producer, Place(CREDITS.name, partition), encode_control(record))


def credits_partitions(settings: Settings) -> int:
    """How many partitions the credits have."""
    consumer = KafkaConsumer(**settings.kafka_options())
    try:
        return len(consumer.partitions_for_topic(CREDITS.name) or ())
    finally:
        consumer.close()


def _write_everywhere(settings: Settings, lock: Lock, log: ControlLog, value: bytes) -> None:
    # first where intake learns new event types, then the stages in the order of the flow
    _write(settings, lock, value, [Place(CONTROL.name, 0), *log.targets])
    lock.confirm(log.end)


def _write(settings: Settings, lock: Lock, value: bytes, places: list[Place]) -> None:
    # a plan with 300,000 employees has 16 MB, the most that a topic takes, and a third or less of that in gzip
    with _producer(settings, max_request_size=1 << 28, compression_type="gzip") as producer:
        for place in places:
            lock.confirm()
            _send(producer, place, value)


@contextmanager
def _producer(settings: Settings, **options: object) -> Iterator[KafkaProducer]:
    producer = KafkaProducer(
        **settings.kafka_options(), acks="all", max_block_ms=_WRITE_MS, delivery_timeout_ms=_WRITE_MS,
        request_timeout_ms=_WRITE_MS // 2, bootstrap_timeout_ms=BOOTSTRAP_MS, **options,
    )  # fmt: skip
    try:
        yield producer
    finally:
        producer.close(timeout=1)


def _send(producer: KafkaProducer, place: Place, value: bytes) -> None:
    headers = list(kind_header(KIND))
    sent = producer.send(place.topic, value, partition=place.partition, headers=headers)
    sent.get(2 * _WRITE_MS / 1000)
