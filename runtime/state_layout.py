"""What a checkpoint must agree with before a program folds on from it: format of its rows, partitions, topic.

Rows of each format stand under a name of their own in the store (``performance``, ``performance@2``, …). So whoever
still runs the program of before an upgrade, and writes on without knowing that it lost its partition, never mixes its
rows with those of the new one; and the state of before stays there to go back to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.checkpoints import Checkpoint

Rows = dict[str, bytes]

#: State row with the number of partitions of the internal topics: keys were spread over that many.
PARTITIONS = "partitions"
#: State row with Kafka's id of the topic that was folded: offsets of another one of that name mean other records.
TOPIC_ID = "topic_id"


class StateRefused(Exception):
    """A state that this program must not fold on from; the sentence says what to do."""


@dataclass(frozen=True)
class StateLayout:
    """``upgrades``: format n → rows of format n to rows of format n + 1. Each row of the result must follow from the
    log alone, as every state row does. ``partitions`` 0: not compared. ``topic``: what is folded, with Kafka's
    ``topic_id`` of it now, '' not compared; ``another_topic``: one with another id is taken for the same on purpose.
    """

    format: int = 1
    upgrades: Mapping[int, Callable[[Rows], Rows]] = field(default_factory=dict)
    partitions: int = 0
    topic: str = ""
    topic_id: str = ""
    another_topic: bool = False

    def own_rows(self) -> Rows:
        """Rows that every checkpoint carries beside those of the fold."""
        rows = {PARTITIONS: str(self.partitions).encode()} if self.partitions else {}
        return rows | ({TOPIC_ID: self.topic_id.encode()} if self.topic_id else {})

    def taken_over(self, found: Checkpoint) -> Rows | None:
        """The rows to restore; None where the log has to be folded from the beginning. Raises StateRefused."""
        place = f"{found.stage}, partition {found.partition}"
        if found.format > self.format:
            raise StateRefused(
                f"{place}: its state has format {found.format}, a newer kpistream wrote it and this one knows formats "
                f"up to {self.format}. Run the newer one; to go back for good, stop all workers, delete the rows of "
                f"stage {stage_name(found.stage, found.format)} from kpistream.checkpoints and start again: the state "
                "of before the upgrade is still there"
            )
        rows = dict(found.rows)
        written_for = int(rows.pop(PARTITIONS, b"0"))
        if written_for and self.partitions and written_for != self.partitions:
            raise StateRefused(
                f"{place}: its state was made with {written_for} partitions, KPISTREAM_PARTITIONS says "
                f"{self.partitions}: set it to {written_for}. The number cannot change for topics in use: what "
                "belongs together would be scattered"
            )
        folded = rows.pop(TOPIC_ID, b"").decode()  # states of before have none
        if folded and self.topic_id and folded != self.topic_id and not self.another_topic:
            raise StateRefused(
                f"{place}: its state was made from the topic {self.topic} with the id {folded}, which has the id "
                f"{self.topic_id} now: it was deleted and made anew, and what its offsets meant is gone. Topics, "
                "checkpoints and tables belong together: start over with empty topics, tables and groups "
                "(docs/reliability.md, Start over). Only where every record is at its old offset, as in a copy of all "
                f"of Kafka: KPISTREAM_TOPICS_TAKEN_OVER={self.topic}:{self.topic_id}"
            )
        for number in range(found.format, self.format):
            if number not in self.upgrades:
                return None
            rows = self.upgrades[number](rows)
        return rows


FIRST_LAYOUT = StateLayout()


def each_row(prefix: str | tuple[str, ...], anew: Callable[[bytes], bytes]) -> Callable[[Rows], Rows]:
    """The step that writes ``anew`` every row whose key begins with ``prefix``."""
    return lambda rows: {key: anew(row) if row and key.startswith(prefix) else row for key, row in rows.items()}


def stage_name(stage: str, number: int) -> str:
    """Name of a stage's state of a format in the store."""
    return stage if number == 1 else f"{stage}@{number}"


def parsed_name(name: str) -> tuple[str, int]:
    """Stage and format of a name in the store."""
    stage, _, number = name.partition("@")
    return stage, int(number or 1)
