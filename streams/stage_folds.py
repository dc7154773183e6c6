"""The pure stages as the runtime runs them: one fold per partition, with metrics at the edge."""

from __future__ import annotations

from infra import metrics
from runtime.records import Out, RecordBatch
from schemas.dead_letters import decode_dead_letter
from schemas.topics import DEAD_LETTERS, OUTCOMES
from streams.crediting.stage import Crediting
from streams.intake import Intake


def _count_dead_letters(stage: str, outs: list[Out]) -> int:
    letters = [out for out in outs if out.topic == DEAD_LETTERS.name]
    for out in letters:
        metrics.DEAD_LETTERS.labels(stage, decode_dead_letter(out.value).reason).inc()
    return len(letters)


class IntakeFold:
    """One source partition of the process's ``intake``. Stateless: nothing to restore, nothing to save."""

    def __init__(self, topic: str, partition: int, offset: int, intake: Intake) -> None:
        self._intake = intake
        intake.assigned(topic, partition, offset)

    def fold(self, *batches: RecordBatch) -> list[Out]:
        """As Intake.fold: also of other source partitions of the process."""
        outs = self._intake.fold(*batches)
        records = sum(len(batch.records) for batch in batches)
        metrics.EVENTS.inc(records)
        metrics.FACTS.inc(records - _count_dead_letters("intake", outs))
        return outs

    def updates(self) -> list[Out]:
        """Nothing to publish."""
        return []

    def dirty_rows(self) -> dict[str, bytes]:
        """No state."""
        return {}

    def restore(self, rows: dict[str, bytes]) -> None:
        """No state."""


class CreditingFold(Crediting):
    """Crediting; its outcome counts are absolute, so only the last of each source is published."""

    def __init__(self, partition: int, credit_partitions: int) -> None:
        super().__init__(partition, credit_partitions)
        self._outcomes: dict[bytes | None, Out] = {}

    def fold(self, batch: RecordBatch) -> list[Out]:
        """As Crediting.fold, without the outcomes."""
        outs = super().fold(batch)
        self._outcomes.update({out.key: out for out in outs if out.topic == OUTCOMES.name})
        _count_dead_letters("crediting", outs)
        return [out for out in outs if out.topic != OUTCOMES.name]

    def updates(self) -> list[Out]:
        """The outcome counts that changed since the last call."""
        outs, self._outcomes = list(self._outcomes.values()), {}
        return outs
