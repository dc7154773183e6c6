"""A stage at work: batches in, results acknowledged, checkpoint, commit. In this order, never another.

    fold(batch) ─▶ results acknowledged by Kafka ─▶ checkpoint stored ─▶ offsets committed

Each arrow is an await in ``StageRunner``; nothing else in the project commits offsets of a stage.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from aiokafka import TopicPartition

from infra import metrics
from runtime.checkpoints import Checkpoint, CheckpointsSetBack, CheckpointStore, StoreUnavailable, until_answered
from runtime.failing import fatal
from runtime.producing import Sender
from runtime.records import Out, RecordBatch
from runtime.state_layout import FIRST_LAYOUT, StateLayout, StateRefused
from runtime.trouble import Trouble
from runtime.uninterrupted import to_the_end

log = logging.getLogger(__name__)

T = TypeVar("T")
#: Commits offsets; False where that failed and is worth another try.
Commit = Callable[[dict[TopicPartition, int]], Awaitable[bool]]

#: A batch of so many records fills blocks by itself.
_LARGE = 2_000
_HAND_OVER_SECONDS = 15.0  # how long a partition that is taken away may wait for the checkpoint store


class Fold(Protocol):
    """A stage's pure core for one input partition."""

    def fold(self, *batches: RecordBatch) -> list[Out]:
        """Results of the batch, or of one each of several partitions where the stage ``joins``; changes the state."""
        ...

    def updates(self) -> list[Out]:
        """Absolute values changed since the last call, published at a pace of the runtime's choosing."""
        ...

    def dirty_rows(self) -> dict[str, bytes]:
        """State rows changed since the last call."""
        ...

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back the state."""
        ...


@dataclass
class _Owned:
    """A partition in this runner's hands."""

    fold: Fold
    epoch: int
    next_offset: int
    saved_offset: int
    marker: int | None = None  # of its newest checkpoint in the store, as far as we know
    unsaved: dict[str, bytes] = field(default_factory=dict)
    unpublished: bool = False
    batches: int = 0  # folded under this assignment
    sending: asyncio.Task | None = None  # results of its last batch


class StageRunner:
    """Runs one stage's folds. ``store`` None: the stage has no state and lives by Kafka's committed offsets. ``joins``:
    its folds take small batches of each other's partitions as well, so that one block has the results of them all.
    """

    def __init__(
        self,
        stage: str,
        make_fold: Callable[[TopicPartition, int], Fold],
        sender: Sender,
        store: CheckpointStore | None,
        layout: StateLayout = FIRST_LAYOUT,
        joins: bool = False,
    ) -> None:
        self.stage = stage
        self._joins = joins
        self.ready = False
        self._make_fold, self._sender, self._store, self._layout = make_fold, sender, store, layout
        self._owned: dict[TopicPartition, _Owned] = {}
        self._epoch = 0
        self._lock = asyncio.Lock()  # folding and snapshots exclude each other
        self._publishing = asyncio.Lock()  # updates reach Kafka in the order they were taken
        self._saving = asyncio.Lock()  # one checkpoint at a time
        self._uncommitted: dict[TopicPartition, int] = {}
        self._unstored = Trouble(log, "checkpoints are stored again", stage=stage)
        self._handled = 0  # batches
        self._progress = asyncio.Event()

    @property
    def stateless(self) -> bool:
        """Whether the stage lives by Kafka's committed offsets."""
        return self._store is None

    def next_offset(self, partition: TopicPartition) -> int:
        """Where folding goes on."""
        owned = self._owned.get(partition)
        return owned.next_offset if owned else 0

    # -- partitions come and go

    async def take(self, partition: TopicPartition, start: int) -> tuple[int, int, bool]:
        """Own ``partition`` from its checkpoint on, from ``start`` where there is none.

        Returns (epoch, offset, whether there was a checkpoint): batches read from that offset carry that epoch.
        """
        checkpoint = await self._loaded(partition)
        rows = self._understood(checkpoint) if checkpoint else None
        self._epoch += 1
        if rows is None:
            offset = start
            owned = _Owned(self._make_fold(partition, offset), self._epoch, offset, offset)
        else:
            offset = checkpoint.next_offset
            owned = _Owned(self._make_fold(partition, offset), self._epoch, offset, offset)
            owned.fold.restore(rows)
            self._uncommitted[partition] = offset  # whoever stored the marker may not have come to commit it
            if checkpoint.format != self._layout.format:  # under its new name all of it has to be written once
                owned.unsaved = dict.fromkeys(checkpoint.deleted, b"") | rows
                owned.saved_offset = -1
            else:
                owned.marker = offset
        self._owned[partition] = owned
        metrics.ASSIGNED.labels(self.stage).set(len(self._owned))
        return self._epoch, offset, rows is not None

    def _understood(self, checkpoint: Checkpoint) -> dict[str, bytes] | None:
        try:
            rows = self._layout.taken_over(checkpoint)
        except StateRefused as refusal:
            fatal(str(refusal))
        if rows is None:
            log.warning(
                "no step leads from the format of this state to ours: folding the log from its beginning",
                extra={"stage": self.stage, "partition": checkpoint.partition, "format": checkpoint.format},
            )
        return rows

    async def _loaded(self, partition: TopicPartition) -> Checkpoint | None:
        if self._store is None:
            return None
        return await until_answered(lambda: self._store.load(self.stage, partition.partition), self._not_ready)

    def _not_ready(self) -> None:
        self.ready = False

    async def give_up(self, partitions: list[TopicPartition], commit: Commit) -> None:
        """Let go of ``partitions``, with a last checkpoint if the store answers in time."""
        mine = [partition for partition in partitions if partition in self._owned]
        if not mine:
            return
        for partition in mine:
            self._owned[partition].epoch = 0  # batches still on their way are the next owner's, or both would fold them
        try:
            async with asyncio.timeout(_HAND_OVER_SECONDS):
                await self.checkpoint(commit)
        except TimeoutError:
            log.warning("no checkpoint before hand-over; the next owner replays", extra={"stage": self.stage})
        async with self._lock:
            for partition in mine:
                self._owned.pop(partition, None)  # a rebalance and a stop may come at once, and both let go
                self._uncommitted.pop(partition, None)
                metrics.given_up(self.stage, partition.topic, partition.partition)
        self._progress.set()
        metrics.ASSIGNED.labels(self.stage).set(len(self._owned))
        self._count_unsaved()

    # -- the order of effects

    async def process(self, *batches: RecordBatch) -> None:
        """Fold and start sending the results; those of each partition's batch before are acknowledged by then.

        Partitions need not wait for each other: the next stage keeps a high-water mark for each. Batches given together
        are all folded before any of their results leave, so that the next stage gets these together, too.
        """
        try:
            await self._process(batches)
        finally:
            self._handled += len(batches)
            self._progress.set()

    async def settled(self, batches: int) -> None:
        """Wait until as many batches as ``batches`` have been through ``process``."""
        while self._handled < batches:
            self._progress.clear()
            await self._progress.wait()

    async def written(self) -> dict[TopicPartition, int]:
        """Wait until all that was folded is in Kafka; the offset after our last record of each partition."""
        await _acknowledged(_pending(self._owned.values()))
        return dict(self._sender.ends)

    async def caught_up(self, ends: dict[TopicPartition, int]) -> None:
        """Wait until the partitions of ``ends`` that are ours are folded up to there."""
        while any(self.next_offset(partition) < end for partition, end in ends.items() if partition in self._owned):
            self._progress.clear()
            await self._progress.wait()

    async def _process(self, batches: Sequence[RecordBatch]) -> None:
        async with self._lock:
            before: list[asyncio.Task] = []
            for together in self._together(batches):
                owned = [one for one, _ in together]
                earlier = _pending(owned)
                outs = self._folded(together)
                # no wait between fold and send: a stop there would leave a state without its results
                sending = asyncio.ensure_future(self._send_after(earlier, outs)) if outs or earlier else None
                for one in owned:
                    one.sending = sending
                before += earlier
            await _acknowledged(before)

    def _together(self, batches: Sequence[RecordBatch]) -> list[list[tuple[_Owned, RecordBatch]]]:
        """Batches that are ours, those in one list that are folded at once."""
        alone: list[list[tuple[_Owned, RecordBatch]]] = []
        small: list[tuple[_Owned, RecordBatch]] = []
        for batch in batches:
            owned = self._owned.get(TopicPartition(batch.topic, batch.partition))
            if owned is None or owned.epoch != batch.epoch:
                continue  # read under an assignment that has ended
            self._check(owned, batch)
            owned.batches += 1
            if self._joins and len(batch.records) < _LARGE:
                small.append((owned, batch))
            else:
                alone.append([(owned, batch)])
        return [*alone, small] if small else alone

    def _check(self, owned: _Owned, batch: RecordBatch) -> None:
        if batch.number != owned.batches:
            fatal(f"{self.stage}: batch {owned.batches} of {batch.topic}/{batch.partition} went missing on its way")
        if batch.records[0].offset < owned.next_offset:
            fatal(
                f"{self.stage}: {batch.topic}/{batch.partition} went back from {owned.next_offset} "
                f"to {batch.records[0].offset}"
            )

    async def _send_after(self, earlier: list[asyncio.Task], outs: list[Out]) -> None:
        await _acknowledged(earlier)
        await self._sender.send(outs)

    def _folded(self, together: list[tuple[_Owned, RecordBatch]]) -> list[Out]:
        started = time.perf_counter()
        try:
            outs = together[0][0].fold.fold(*(batch for _, batch in together))
        except Exception:
            places = (f"{batch.topic}/{batch.partition} offsets {_span(batch)}" for _, batch in together)
            fatal(f"{self.stage}: cannot fold {', '.join(places)}; stopping before it")
        metrics.FOLD_SECONDS.labels(self.stage).observe(time.perf_counter() - started)
        for owned, batch in together:
            owned.next_offset = batch.records[-1].offset + 1
            owned.unpublished = True
            metrics.BATCH_RECORDS.labels(self.stage).observe(len(batch.records))
            metrics.RECORDS.labels(self.stage, batch.topic, batch.partition).inc(len(batch.records))
            metrics.NEXT_OFFSET.labels(self.stage, batch.topic, batch.partition).set(owned.next_offset)
        return outs

    async def publish(self) -> None:
        """Send pending KPI updates and wait until they are acknowledged."""
        if any(one.unpublished for one in self._owned.values()):
            await to_the_end(self._publish(lambda: None))

    async def _publish(self, look: Callable[[], T]) -> T:
        """What ``look`` sees at one moment, once everything that it rests on is acknowledged; folding goes on."""
        async with self._publishing:
            async with self._lock:
                outs = []
                for owned in self._owned.values():
                    if owned.unpublished:
                        outs += owned.fold.updates()
                        owned.unpublished = False
                seen, pending = look(), _pending(self._owned.values())
            await _acknowledged(pending)
            if outs:
                await self._sender.send(outs)
        return seen

    async def checkpoint(self, commit: Commit) -> None:
        """Store what changed since the last checkpoint, then ``commit`` the offsets it stands for."""
        changed = any(one.unpublished or one.next_offset != one.saved_offset for one in self._owned.values())
        if changed or self._uncommitted:
            await to_the_end(self._checkpoint(commit))

    async def _checkpoint(self, commit: Commit) -> None:
        async with self._saving:
            snapshot = await self._publish(self._snapshot)
            if snapshot:
                if self._store is not None and not await self._stored(snapshot):
                    return
                for partition, checkpoint in snapshot:
                    self._saved(partition, checkpoint)
                    self._uncommitted[partition] = checkpoint.next_offset
            # a commit that failed is owed until it succeeds, or a partition at rest would show lag for ever
            owed = {partition: offset for partition, offset in self._uncommitted.items() if partition in self._owned}
            if owed and await commit(owed):
                for partition, offset in owed.items():  # others may have come to be owed meanwhile
                    if self._uncommitted.get(partition) == offset:
                        del self._uncommitted[partition]

    def _snapshot(self) -> list[tuple[TopicPartition, Checkpoint]]:
        snapshot = []
        for partition, owned in self._owned.items():
            if owned.next_offset == owned.saved_offset:
                continue
            if self._store is not None:
                owned.unsaved.update(owned.fold.dirty_rows() | self._layout.own_rows())
            place = self.stage, partition.partition, owned.next_offset
            rows = dict(owned.unsaved)
            snapshot.append((partition, Checkpoint(*place, rows, self._layout.format, rests_on=owned.marker)))
        return snapshot

    async def _stored(self, snapshot: list[tuple[TopicPartition, Checkpoint]]) -> bool:
        started = time.perf_counter()
        try:
            await asyncio.to_thread(self._store.save, [checkpoint for _, checkpoint in snapshot])
        except CheckpointsSetBack as error:
            fatal(str(error))
        except StoreUnavailable as error:
            metrics.CHECKPOINT_FAILURES.labels(self.stage).inc()
            self._count_unsaved()
            self._unstored.met("checkpoint not stored, going on without", error)
            return False
        self._unstored.over()
        metrics.CHECKPOINT_SECONDS.labels(self.stage).observe(time.perf_counter() - started)
        metrics.CHECKPOINT_TIME.labels(self.stage).set_to_current_time()
        return True

    def _saved(self, partition: TopicPartition, checkpoint: Checkpoint) -> None:
        owned = self._owned.get(partition)
        if owned is None:
            return
        owned.saved_offset = owned.marker = offset = checkpoint.next_offset
        for key, value in checkpoint.rows.items():
            if owned.unsaved.get(key) is value:
                del owned.unsaved[key]
        metrics.CHECKPOINT_OFFSET.labels(self.stage, partition.topic, partition.partition).set(offset)
        self._count_unsaved()

    def _count_unsaved(self) -> None:
        metrics.UNSAVED_ROWS.labels(self.stage).set(sum(len(one.unsaved) for one in self._owned.values()))


def _pending(owned: Iterable[_Owned]) -> list[asyncio.Task]:
    return [one.sending for one in owned if one.sending is not None]


def _span(batch: RecordBatch) -> str:
    return f"{batch.records[0].offset} to {batch.records[-1].offset}"


async def _acknowledged(sends: list[asyncio.Task]) -> None:
    """Wait until all of ``sends`` are in Kafka. Who stops waiting does not stop the sending."""
    if running := [send for send in sends if not send.done()]:
        await asyncio.wait(running)
    for send in sends:
        send.result()
