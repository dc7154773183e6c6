"""Negative controls: the pipeline with one promise broken. The oracle must see each, or it sees nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pyarrow as pa

from runtime.checkpoints import StoreUnavailable
from runtime.producing import Sender
from runtime.records import Out
from runtime.stage import StageRunner
from schemas.blocks import decode_block, encode_block, kind_of
from schemas.results import decode_award, encode_award
from schemas.topics import AWARDS, KPI_UPDATES
from streams.performance.stage import Performance
from tests.simulation.histories import (
    crashing_history,
    failing_history,
    random_history,
    restored_history,
    stopping_history,
)
from tests.simulation.store import MARKER, Store
from tests.simulation.world import Build, History


class AcknowledgesInFinally(Sender):
    """As Faust's take(): what could not be done counts as done."""

    async def _acknowledged(self, out: Out) -> None:
        try:
            await self._producer.send_and_wait(
                out.topic, out.value, key=out.key, partition=out.partition, headers=list(out.headers)
            )
        except Exception:
            return


class ChecksPointsTooEarly(StageRunner):
    """The checkpoint is stored while results are still on their way."""

    async def _checkpoint(self, commit) -> None:
        async with self._saving:
            async with self._lock:
                snapshot = self._snapshot()
            if not snapshot or (self._store is not None and not await self._stored(snapshot)):
                return
            await commit({partition: checkpoint.next_offset for partition, checkpoint in snapshot})
            for partition, checkpoint in snapshot:
                self._saved(partition, checkpoint)
        await self.publish()


class CommitsFirst(StageRunner):
    """Where commits are all there is (intake), they go before the acknowledgement."""

    async def _checkpoint(self, commit) -> None:
        fresh = {at: one.next_offset for at, one in self._owned.items() if one.next_offset != one.saved_offset}
        if self.stateless and fresh:
            await commit(fresh)
        await super()._checkpoint(commit)


class ForgetsCommits(StageRunner):
    """A commit that failed counts as done."""

    async def _checkpoint(self, commit) -> None:
        async def once(offsets) -> bool:
            await commit(offsets)
            return True

        await super()._checkpoint(once)


class CutOffByAStop(StageRunner):
    """A stop cancels what is being sent."""

    async def publish(self) -> None:
        await self._publish(lambda: None)

    async def checkpoint(self, commit) -> None:
        await self._checkpoint(commit)


class TwoInserts(Store):
    """Rows and marker in two inserts, with a crash between them at times."""

    def save(self, checkpoints) -> None:
        if self.away:
            raise StoreUnavailable("away")
        for one in checkpoints:
            self.insert(one, one.rows)
        if self._dice.random() < 0.3:
            raise StoreUnavailable("crashed in between")
        for one in checkpoints:
            self.insert(one, {MARKER: str(one.next_offset).encode()})


class LooksAtNoMarker(Store):
    """Writes what has changed, whether or not what it rests on is still there."""

    def save(self, checkpoints) -> None:
        super().save([replace(one, rests_on=None) for one in checkpoints])


class NoHighWaterMark(Performance):
    """Folds whatever comes, however often."""

    def fold(self, batch) -> list[Out]:
        outs = []
        for record in batch.records:
            self.reader.high_water.clear()
            outs += super().fold(type(batch)(batch.topic, batch.partition, [record]))
        return outs


class WallClock(Performance):
    """An award that says when it was computed."""

    def fold(self, batch) -> list[Out]:
        return [_with_time(out) for out in super().fold(batch)]


def _with_time(out: Out) -> Out:
    if out.topic != AWARDS.name:
        return out
    stamped = encode_award(msgspec.structs.replace(decode_award(out.value), pays=str(time.time_ns())))
    return Out(out.topic, stamped, out.partition, out.key, out.headers)


class Deltas(Performance):
    """KPI values as differences to what was published before."""

    def __init__(self, partition: int, partitions: int) -> None:
        super().__init__(partition, partitions)
        self._published: dict[tuple, int] = {}

    def updates(self) -> list[Out]:
        return [self._as_delta(out) for out in super().updates()]

    def _as_delta(self, out: Out) -> Out:
        if out.topic != KPI_UPDATES.name or kind_of(out.headers) != "kpi-periods":
            return out
        table, meta = decode_block(out.value)
        deltas = []
        for row in table.to_pylist():
            key = row["kpi"], row["employee"], row["period_kind"], row["period"]
            deltas.append(row["numerator"] - self._published.get(key, 0))
            self._published[key] = row["numerator"]
        at = table.schema.get_field_index("numerator")
        changed = table.set_column(at, "numerator", pa.array(deltas, pa.int64()))
        return Out(out.topic, encode_block(changed, meta), out.partition, out.key, out.headers)


def _crashing(step: str) -> Callable[[int, Build], History]:
    return lambda seed, build: crashing_history(seed, build, step)


def _any(seed: int, build: Build) -> History:
    return replace(random_history(seed), build=build)


#: By name: the broken build, and the kind of history that shows it best.
CONTROLS: dict[str, tuple[Build, Callable[[int, Build], History]]] = {
    "acknowledged in finally": (Build(sender=AcknowledgesInFinally), failing_history),
    "checkpoint before the results are acknowledged": (Build(runner=ChecksPointsTooEarly), _crashing("checkpoint")),
    "commit before the acknowledgement": (Build(runner=CommitsFirst), _crashing("commit of intake")),
    "a failed commit is forgotten": (Build(runner=ForgetsCommits), failing_history),
    "cut off by a stop": (Build(runner=CutOffByAStop), stopping_history),
    "state and marker in two inserts": (Build(store=TwoInserts), _any),
    "no look at the marker before": (Build(store=LooksAtNoMarker), restored_history),
    "no high-water mark": (Build(performance=NoHighWaterMark), _crashing("send to credits")),
    "wall clock in a rule": (Build(performance=WallClock), _crashing("send to awards")),
    "deltas instead of absolute values": (Build(performance=Deltas), _crashing("send to kpi-updates")),
}
