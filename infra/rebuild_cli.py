"""``kpistream rebuild``: KPIs recomputed from the credits' log beside the running system, then switched over."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from kafka import KafkaConsumer, TopicPartition

from infra.control_topic import credits_partitions, newest_plan, operating, write_adjustments
from infra.rebuild_report import Change, as_text
from infra.settings import Settings, load_settings
from schemas.control import CellAdjusted
from schemas.topics import CREDITS
from streams.rebuild import Rebuild

#: Looks at what is left before giving up: each is overtaken only by what is credited in the moment of writing.
_ROUNDS = 10
_POLL_MS, _RECORDS = 500, 200
_TOLD_EVERY = 5.0


@click.command()
@click.option("--kpi", "kpis", multiple=True, help="Only this KPI; may be given several times.")
@click.option("--switch", is_flag=True, help="Bring the running system there, in-band.")
@click.option("--reason", default="", help="With --switch: why, for bi.adjustments.")
@click.option("--by", help="With --switch: who, for bi.adjustments; by default the name of the login.")
def rebuild(kpis: tuple[str, ...], switch: bool, reason: str, by: str | None) -> None:
    """Fold all credits under the plan in force, as if it had always been so, and show what would be otherwise.

    With --switch the running system goes on from there. Cut off at any moment, it is given again. Exit code 1 where
    something is left to do.
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
    partitions, change, left = credits_partitions(settings), Change(plan), 0
    now, begun, read = time.time_ns() // 1_000_000, time.monotonic(), 0
    for partition in range(partitions):
        one = Rebuild(partition, partitions, applied)
        with _log(settings, partition) as log:
            _read_on(log, one)
            _expect_plan(one)
            cells = one.differences(frozenset(kpis))
            change.add_cells(cells)
            read += one.credits
            if switch:
                left += len(_switched(settings, log, one, cells, frozenset(kpis), now, by or getpass.getuser(), reason))
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
    cells: list[CellAdjusted],
    kpis: frozenset[str],
    now: int,
    operator: str,
    reason: str,
) -> list[CellAdjusted]:
    """Write what differs, read on, and look again until nothing does; what is left after all rounds."""
    if not cells:
        return []
    with operating(settings):
        for _ in range(_ROUNDS):
            _read_on(log, one)
            _expect_plan(one)
            cells = one.differences(kpis)
            if not cells:
                return []
            records = one.adjustments(cells, now, operator, reason)
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


@contextmanager
def _log(settings: Settings, partition: int) -> Iterator[tuple[KafkaConsumer, TopicPartition]]:
    """A reader of one partition of the credits, at its beginning."""
    consumer = KafkaConsumer(
        **settings.kafka_options(), enable_auto_commit=False, isolation_level="read_committed",
        max_partition_fetch_bytes=16 << 20, max_poll_records=_RECORDS,
    )  # fmt: skip
    part = TopicPartition(CREDITS.name, partition)
    try:
        consumer.assign([part])
        if first := consumer.beginning_offsets([part])[part]:
            raise click.ClickException(
                f"partition {partition} of the credits begins at {first}: its first records were deleted, and without "
                "them nothing can be rebuilt"
            )
        consumer.seek(part, 0)
        yield consumer, part
    finally:
        consumer.close()


def _read_on(log: tuple[KafkaConsumer, TopicPartition], one: Rebuild) -> None:
    """Fold what there is up to the end of now, and tell how far it is."""
    consumer, part = log
    end = consumer.end_offsets([part])[part]
    told = time.monotonic()
    while consumer.position(part) < end:
        for records in consumer.poll(_POLL_MS).values():
            one.fold(records)
        if time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            share = consumer.position(part) / end
            click.echo(f"credits {part.partition}: {share:.0%}, {one.credits:,} credits so far", err=True)
