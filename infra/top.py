"""``kpistream top``: stages, lag, rates and awards, again and again, from Kafka alone."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import click
from kafka import TopicPartition
from kafka.errors import KafkaError
from msgspec import DecodeError
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.kafka_records import KafkaConsumer
from infra.lag.computation import Place, Snapshot, lags, longest_waits
from infra.lag.kafka_reader import KafkaReader
from infra.run.view import award_line, table
from infra.settings import Settings, load_settings
from schemas.results import Award, decode_award
from schemas.topics import AWARDS, DEAD_LETTERS

#: In the order of the flow; other groups of ours follow by name.
STAGES = ("intake", "crediting", "performance", "rollups", "sink")
SHOWN_AWARDS = 8
_AWARDS_SECONDS = 2.0


@dataclass(frozen=True)
class Look:
    """What Kafka said at one moment; ``waits``: group → age in seconds of the oldest record it has to commit."""

    at: float
    snapshot: Snapshot
    waits: dict[str, float]


@dataclass(frozen=True)
class StageLine:
    """One row; ``rate`` in records committed a second, None on the first look."""

    stage: str
    members: int
    rate: float | None
    behind: int
    waits: float

    def cells(self) -> tuple[str, ...]:
        """As texts."""
        rate = "–" if self.rate is None else f"{self.rate:,.0f}"
        return self.stage, str(self.members), rate, f"{self.behind:,}", f"{self.waits:,.1f}"


#: Groups that carry no data: of the workers as Faust has them, what tells of awards in their log, and the lock of
#: commands (infra/control_lock.py).
_NO_DATA = ("worker", "award-log", "operators")
HEADINGS = ("stage", "members", "records/s", "behind", "waits s")


def stage_lines(look: Look, before: Look | None, prefix: str) -> list[StageLine]:
    """A row for each of our stages, also those that nobody reads for, then for our other groups.

    Left out are groups that carry no data. Pure.
    """
    ours = {name.removeprefix(f"{prefix}-") for name in look.snapshot.groups if name.startswith(f"{prefix}-")}
    others = sorted(name for name in ours - set(STAGES) if name not in _NO_DATA and not name.endswith("-app"))
    lines = []
    for stage in (*STAGES, *others):
        name = f"{prefix}-{stage}"
        group = look.snapshot.groups.get(name)
        behind = sum(max(0, row.records) for row in lags(look.snapshot) if row.group == name)
        members = group.members if group else 0
        lines.append(StageLine(stage, members, _rate(name, look, before), behind, look.waits.get(name, 0.0)))
    return lines


def _rate(group: str, look: Look, before: Look | None) -> float | None:
    if before is None or look.at <= before.at:
        return None
    earlier = before.snapshot.groups.get(group)
    now = look.snapshot.groups.get(group)
    if earlier is None or now is None:
        return None
    moved = sum(offset - earlier.committed.get(place, offset) for place, offset in now.committed.items())
    return max(0, moved) / (look.at - before.at)


def dead_letters(snapshot: Snapshot) -> int:
    """Records in the dead-letters topic."""
    return sum(one.end - one.oldest for place, one in snapshot.partitions.items() if place.topic == DEAD_LETTERS.name)


def plain(look: Look, before: Look | None, awards: Iterable[Award], prefix: str) -> str:
    """The whole view as text."""
    rows = [line.cells() for line in stage_lines(look, before, prefix)]
    shown = [*table([HEADINGS, *rows]), f"dead letters  {dead_letters(look.snapshot):,}"]
    shown += [f"award  {award_line(award)}" for award in awards]
    return "\n".join(shown)


def screen(look: Look, before: Look | None, awards: Iterable[Award], prefix: str) -> RenderableType:
    """The whole view for a terminal."""
    grid = Table(expand=True, border_style="cyan")
    for number, heading in enumerate(HEADINGS):
        grid.add_column(heading, justify="right" if number else "left")
    for line in stage_lines(look, before, prefix):
        grid.add_row(*line.cells(), style="" if line.members else "red")
    texts = [Text(award_line(award), no_wrap=True, overflow="ellipsis") for award in awards]
    newest = Panel(Group(*(texts or [Text("none yet", style="dim")])), title="newest awards", border_style="green")
    return Group(grid, Text(f"dead letters {dead_letters(look.snapshot):,}"), newest)


class Watch:
    """The connections; the methods raise KafkaError."""

    def __init__(self, settings: Settings) -> None:
        self._reader = KafkaReader(settings)
        self._awards: deque[Award] = deque(maxlen=SHOWN_AWARDS)
        self._consumer = KafkaConsumer(
            **settings.kafka_options(),
            enable_auto_commit=False,
            allow_auto_create_topics=False,
        )
        self._tail()

    def _tail(self) -> None:
        parts = [TopicPartition(AWARDS.name, one) for one in self._consumer.partitions_for_topic(AWARDS.name) or ()]
        self._consumer.assign(parts)
        ends = self._consumer.end_offsets(parts) if parts else {}
        for partition, oldest in (self._consumer.beginning_offsets(parts) if parts else {}).items():
            self._consumer.seek(partition, max(oldest, ends[partition] - SHOWN_AWARDS))

    def look(self) -> Look:
        """Ask Kafka."""
        snapshot = self._reader.snapshot()
        rows = lags(snapshot)
        times = self._reader.record_times((row.place, row.waiting_at) for row in rows if row.waiting_at is not None)
        return Look(time.monotonic(), snapshot, longest_waits(rows, times, time.time_ns() // 1_000_000))

    def newest_awards(self, look: Look) -> list[Award]:
        """Those that were there at that look, the newest on top."""
        records, deadline = [], time.monotonic() + _AWARDS_SECONDS
        while self._behind(look) and time.monotonic() < deadline:
            records += [one for batch in self._consumer.poll(200).values() for one in batch]
        for record in sorted(records, key=lambda one: one.timestamp):
            try:
                self._awards.append(decode_award(record.value))
            except DecodeError:  # only a view; the loader tells of it
                continue
        return list(reversed(self._awards))

    def _behind(self, look: Look) -> bool:
        ends = look.snapshot.partitions
        return any(
            self._consumer.position(one) < ends[Place(*one)].end
            for one in self._consumer.assignment()
            if Place(*one) in ends
        )

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()
        self._reader.close()


@click.command()
@click.option("--once", is_flag=True, help="One look, then end.")
@click.option(
    "--interval", type=click.FloatRange(0.2), default=2.0, show_default=True, help="Seconds between two looks."
)
def top(once: bool, interval: float) -> None:
    """Show the stages, how far each is behind, what it does a second, and the newest awards."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    settings = load_settings()
    try:
        watch = Watch(settings)
        try:
            _show(watch, settings.group_prefix, 1.0 if once else interval, once)
        finally:
            watch.close()
    except KafkaError as error:
        raise click.ClickException(
            f"Kafka at {settings.kafka_bootstrap} does not answer ({type(error).__name__}): try kpistream doctor"
        ) from error
    except KeyboardInterrupt:
        return


def _show(watch: Watch, prefix: str, interval: float, once: bool) -> None:
    before, look = None, watch.look()
    if once:
        time.sleep(interval)  # a rate takes two looks
        before, look = look, watch.look()
        click.echo(plain(look, before, watch.newest_awards(look), prefix))
        return
    if not sys.stdout.isatty():
        while True:
            click.echo(plain(look, before, watch.newest_awards(look), prefix) + "\n")
            time.sleep(interval)
            before, look = look, watch.look()
    with Live(console=Console(), auto_refresh=False, screen=True) as live:
        while True:
            live.update(screen(look, before, watch.newest_awards(look), prefix), refresh=True)
            time.sleep(interval)
            before, look = look, watch.look()
