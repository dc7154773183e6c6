"""The format of each stage's state rows, and the steps from older ones. tests/contract/test_state_formats.py keeps a
state of every format and fails when one cannot be taken over any more.

A change to what a row holds, that older rows cannot be read by, takes a new number and a step; rows under new keys
that may be missing do not. A stage without a step from some format folds the log from the beginning.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from runtime.state_layout import Rows, StateLayout
from streams.crediting.upgrades import profiles_added


def _left_out_untold(rows: Rows) -> Rows:
    """Format 1 → 2: which credits limits left out nobody told. The same rows, under another name, so that no program
    that does not tell writes on in between; ``Performance.restore`` begins to.
    """
    return rows


def _standings_seen(rows: Rows) -> Rows:
    """Format 2 → 3: standings of sales say what filters saw of them; rows of before are read as they are."""
    return rows


LAYOUTS = {
    "crediting": StateLayout(3, {1: profiles_added, 2: _standings_seen}),
    "performance": StateLayout(2, {1: _left_out_untold}),
    "rollups": StateLayout(),
}


def layout_of(
    stage: str, partitions: int, topic: str = "", topic_id: str = "", taken_over: Collection[str] = ()
) -> StateLayout:
    """What the program's state of a stage looks like, over so many partitions of the internal topics.

    ``topic``: what the stage folds, with Kafka's id of it; ``taken_over``: ``topic:id`` of topics that may have had
    another id before.
    """
    if stage not in LAYOUTS:
        return StateLayout()
    accepted = f"{topic}:{topic_id}" in taken_over
    return replace(LAYOUTS[stage], partitions=partitions, topic=topic, topic_id=topic_id, another_topic=accepted)
