"""KPI updates on their way out, in the order of the log, so that a close finds all that came before it."""

from __future__ import annotations

from runtime.records import Out
from schemas.blocks import kind_header
from schemas.control import CLOSED_KIND, PartitionClosed, PeriodClosed
from schemas.topics import KPI_UPDATES
from streams.performance.updates import kpi_days_block, kpi_periods_block


class Publisher:
    """What one credits partition publishes. What is held goes out ahead of the values as they stand when asked."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition, self._partitions = partition, partitions
        self._held: list[Out] = []

    def hold(self, kind: str, value: bytes) -> None:
        """A record that goes out with the next updates, ahead of them."""
        # for the one partition of kpi-updates; the key keeps the order of each credits partition's updates
        key = str(self._partition).encode()
        self._held.append(Out(KPI_UPDATES.name, value, partition=0, key=key, headers=kind_header(kind)))

    def hold_close(self, close: PeriodClosed, engine, offset: int) -> None:
        """Values up to the close at ``offset`` of the credits, then the word that these are all."""
        self._hold_changes(engine, offset)
        marker = PartitionClosed(
            partition=self._partition, partitions=self._partitions, offset=offset, close=close
        )
        self.hold(CLOSED_KIND, marker.model_dump_json().encode())

    def _hold_changes(self, engine, offset: int, periods: bool = True) -> None:
        if engine is None:
            return
        meta = {"partition": self._partition, "offset": offset}
        # days last: rollups decides once it has them, and then has the periods too
        makers = [("kpi-periods", kpi_periods_block)] * periods + [("kpi-days", kpi_days_block)]
        for kind, make in makers:
            block = make(engine, meta)
            if block is not None:
                self.hold(kind, block)

    def take(self, engine, offset: int, periods: bool = True) -> list[Out]:
        """What is held, and KPI days and ``periods`` of ``engine`` changed since they were last asked for, as absolute
        values.
        """
        self._hold_changes(engine, offset, periods)
        held, self._held = self._held, []
        return held
