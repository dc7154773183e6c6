"""When each stage's newest checkpoint was written, from the markers in ClickHouse."""

from __future__ import annotations

import logging

from clickhouse_driver.errors import Error

from infra.settings import Settings
from runtime.trouble import Trouble
from sinks.connection import connect, from_settings

#: The age by ClickHouse's own clock, which also wrote the times: no clocks are compared. Ids of topics are no stage's
#: state, and never renewed.
_AGES = """
SELECT splitByChar('@', toString(stage))[1] AS name, partition, toFloat64(now64(3) - max(processed_at))
FROM kpistream.checkpoints WHERE key = '' AND stage != 'topics' GROUP BY name, partition ORDER BY name, partition
"""


class CheckpointReader:
    """Remembers what it has seen: while ClickHouse is away, the checkpoints it holds grow old all the same."""

    def __init__(self, settings: Settings) -> None:
        self._connection = from_settings(settings)
        self._written: dict[tuple[str, int], float] = {}
        self.reachable = False
        self._away = Trouble(logging.getLogger("kpistream"), "ClickHouse answers again")

    def ages(self, now: float) -> dict[tuple[str, int], float]:
        """(stage, partition) → seconds since its newest checkpoint; ``now`` in seconds of a steady clock."""
        try:
            with connect(self._connection) as client:
                rows = client.execute(_AGES)
            self._written = {(stage, partition): now - age for stage, partition, age in rows}
            self.reachable = True
            self._away.over()
        except (Error, OSError, EOFError) as error:
            self.reachable = False
            self._away.met("ages of checkpoints are not known: ClickHouse does not answer", error)
        return {key: max(0.0, now - written) for key, written in self._written.items()}
