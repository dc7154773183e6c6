"""``kpistream rebuild``: KPIs recomputed from the credits' log beside the running system, then switched over."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice

import click
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

from infra.clickhouse.credits_log import Incomplete, credits_log
from infra.clickhouse.reconcile import credits_checks
from infra.control_lock import BOOTSTRAP_MS
from infra.control_topic import credits_partitions, newest_plan, operating, write_adjustments
from infra.kafka_records import KafkaConsumer
from infra.patience import patiently
from infra.rebuild_report import Change, as_text
from infra.settings import Settings, load_settings
from infra.sink_positions import SinkPositions
from schemas.control import CellAdjusted
from schemas.topics import CREDITS
from sinks.connection import connect, from_settings
from streams.rebuild import Rebuild

#: Looks at what is left before giving up: each is overtaken only by what is credited in the moment of writing.
_ROUNDS = 10
_POLL_MS, _RECORDS = 500, 200
#: How long one question to Kafka may take.
_ANSWER_MS = 10_000
_TOLD_EVERY = 5.0


@click.command()
@click.option("--kpi", "kpis", multiple=True, help="Only this KPI; may be given several times.")
@click.option(
    "--from", "source", type=click.Choice(["topic", "tables"]), default="topic", show_default=True,
    help="Where to read the credits: the tables have them where the topic has lost its first records.",
)  # fmt: skip
@click.option("--switch", is_flag=True, help="Bring the running system there, in-band.")
@click.option("--reason", default="", help="With --switch: why, for bi.adjustments.")
@click.option("--by", help="With --switch: who, for bi.adjustments; by default the name of the login.")
def rebuild(kpis: tuple[str, ...], source: str, switch: bool, reason: str, by: str | None) -> None:
    """Fold all credits under the plan in force, as if it had always been so, and show what would be otherwise.

    With --switch the running system goes on from there. It waits for a Kafka that is away; cut off at any moment, it
    is given again. Exit code 1 where something is left to do.
    """
    if switch and not reason.strip():
        raise click.UsageError("--switch expects --reason: an adjustment nobody can explain is worthless")
    settings = load_settings()
    applied = newest_plan(settings)
    if applied is None:
        raise click.ClickException("no plan has been applied")
    plan = applied.plan
    if unknown := sorted(set(kpis) - {kpi.id for kpi in plan.kpis}):
        raise click.ClickException(f"no KPI of the plan in force: {', '.join(unknown)}")
    if plan.organisation.backdated == "move":
        raise click.ClickException(
            "the plan has backdated: move, which moves values after they were credited; these cannot be rebuilt"
        )
    partitions, change, left = patiently(settings, lambda: credits_partitions(settings)), Change(plan), 0
    loaded = _loaded(settings) if source == "tables" else {}
    now, begun, read = time.time_ns() // 1_000_000, time.monotonic(), 0
    for partition in range(partitions):
        one, start = Rebuild(partition, partitions, applied), loaded.get(partition, 0)
        with _log(settings, partition, start) as log:
            _read_tables(settings, start, one)
            patiently(settings, partial(_read_on, log, one))
            _expect_plan(one)
            cells = one.differences(frozenset(kpis))
            change.add_cells(cells)
            read += one.credits
            if switch:
                told = now, by or getpass.getuser(), reason
                # what was folded stays so, what an attempt has written is read: an attempt more begins where they ended
                left += len(patiently(settings, partial(_switched, settings, log, one, frozenset(kpis), told)))
            else:
                change.add_results(one.outlook(one.adjustments(cells, now, "", reason)))
    seconds = time.monotonic() - begun
    click.echo(f"{read:,} credits read in {seconds:.1f} s ({read / max(seconds, 0.001):,.0f}/s)", err=True)
    click.echo(as_text(change, switch))
    if left:
        click.echo(f"{left:,} cells were overtaken by new credits each time: give the command again", err=True)
        raise SystemExit(1)


def _switched(
    settings: Settings,
    log: tuple[KafkaConsumer, TopicPartition],
    one: Rebuild,
    kpis: frozenset[str],
    told: tuple[int, str, str],
) -> list[CellAdjusted]:
    """Write what differs, read on, and look again until nothing does; what is left after all rounds.

    ``told``: when (ms UTC), who and why, for bi.adjustments.
    """
    if not one.differences(kpis):
        return []
    with operating(settings) as lock:
        for _ in range(_ROUNDS):
            _read_on(log, one)
            _expect_plan(one)
            cells = one.differences(kpis)
            if not cells:
                return []
            records = one.adjustments(cells, *told)
            lock.confirm()
            write_adjustments(settings, ((one.partition, record) for record in records))
            click.echo(f"credits {one.partition}: {len(cells):,} cells written", err=True)
        _read_on(log, one)
        return one.differences(kpis)


def _expect_plan(one: Rebuild) -> None:
    if not one.in_force:
        raise click.ClickException(
            f"partition {one.partition} of the credits has another plan by now than the one that is rebuilt: "
            "give the command again"
        )


def _loaded(settings: Settings) -> dict[int, int]:
    """By credits partition: the offset below which the tables hold everything; refuses where they do not agree."""

    def committed() -> dict[tuple[str, int], int]:
        with SinkPositions(settings) as positions:
            return positions.committed()

    # first: what is loaded after it does no harm
    found = patiently(settings, committed)
    loaded = {at: offset for (topic, at), offset in found.items() if topic == CREDITS.name}
    if wrong := [check.name for check in credits_checks(from_settings(settings)) if check.differences]:
        raise click.ClickException(
            f"the tables do not agree ({', '.join(wrong)}), so that nothing can be rebuilt from them: kpistream "
            "reconcile says what differs; what has just come in is still on its way"
        )
    return loaded


def _read_tables(settings: Settings, end: int, one: Rebuild) -> None:
    """Fold what the tables have of the records before ``end``."""
    if not end:
        return
    with connect(from_settings(settings)) as client:
        try:
            records, told = credits_log(client, one.partition, end), time.monotonic()
            while some := list(islice(records, _RECORDS)):
                one.fold(some)
                told = _tell(one, some[-1].offset / end, told)
        except Incomplete as error:
            raise click.ClickException(f"nothing can be rebuilt from the tables: {error}") from error


def _tell(one: Rebuild, share: float, told: float) -> float:
    """Say how far it is, if that was last done some time ago; when it was."""
    if time.monotonic() - told < _TOLD_EVERY:
        return told
    click.echo(f"credits {one.partition}: {share:.0%}, {one.credits:,} credits so far", err=True)
    return time.monotonic()


@contextmanager
def _log(settings: Settings, partition: int, start: int) -> Iterator[tuple[KafkaConsumer, TopicPartition]]:
    """A reader of one partition of the credits, at ``start``."""
    consumer = patiently(
        settings,
        lambda: KafkaConsumer(
            **settings.kafka_options(), enable_auto_commit=False, isolation_level="read_committed",
            max_partition_fetch_bytes=16 << 20, max_poll_records=_RECORDS, bootstrap_timeout_ms=BOOTSTRAP_MS,
        ),
    )  # fmt: skip
    part = TopicPartition(CREDITS.name, partition)
    try:
        consumer.assign([part])
        first = patiently(settings, lambda: consumer.beginning_offsets([part], timeout_ms=_ANSWER_MS)[part])
        if first > start:
            more = f"the tables end at {start}" if start else "--from tables has those that the sink had loaded"
            raise click.ClickException(
                f"partition {partition} of the credits begins at {first}: its first records were deleted, and without "
                f"them nothing can be rebuilt; {more}"
            )
        consumer.seek(part, start)
        yield consumer, part
    finally:
        consumer.close()


def _read_on(log: tuple[KafkaConsumer, TopicPartition], one: Rebuild) -> None:
    """Fold what there is up to the end of now, and tell how far it is; after an error it can be called again."""
    consumer, part = log
    end = consumer.end_offsets([part], timeout_ms=_ANSWER_MS)[part]
    told = heard = time.monotonic()
    while (position := consumer.position(part, timeout_ms=_ANSWER_MS)) < end:
        for records in consumer.poll(_POLL_MS).values():
            one.fold(records)
        reached = consumer.position(part, timeout_ms=_ANSWER_MS)
        if reached > position:
            heard = time.monotonic()
        elif time.monotonic() - heard > _ANSWER_MS / 1000:  # a poll says nothing of brokers that are away
            raise KafkaTimeoutError(f"{part.topic} {part.partition} is not served")
        told = _tell(one, reached / end, told)
