"""The format of each stage's state rows, and the steps from older ones. tests/contract/test_state_formats.py keeps a
state of every format and fails when one cannot be taken over any more.

A change to what a row holds, that older rows cannot be read by, takes a new number and a step; rows under new keys
that may be missing do not. A stage without a step from some format folds the log from the beginning.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from runtime.state_layout import Rows, StateLayout, each_row
from streams.crediting.assignment_rows import ASSIGNMENTS, by_column
from streams.crediting.upgrades import profiles_added
from streams.performance import pages
from streams.rollups import cell_pages


def _read_as_they_are(rows: Rows) -> Rows:
    """The same rows under another name, so that no program of before writes on in between; restoring them adds what
    they lack.
    """
    return rows


LAYOUTS = {
    # 3: standings of sales say what filters saw of them; 4: columns of remembered events in as few bytes as they need;
    # 5: assignments, and long rosters in the plan, as columns
    "crediting": StateLayout(
        5, {1: profiles_added, 2: _read_as_they_are, 3: _read_as_they_are, 4: each_row(ASSIGNMENTS, by_column)}
    ),
    # 2: from where on it is told which credits limits leave out; 3: long rosters in the plan as columns; 4: pages
    # of cells have each team and department once
    "performance": StateLayout(
        4, {1: _read_as_they_are, 2: _read_as_they_are, 3: each_row(pages.PREFIX, pages.words_once)}
    ),
    # 2: cells of a page as columns; 3: long rosters in the plan as columns
    "rollups": StateLayout(3, {1: each_row(cell_pages.PREFIX, cell_pages.in_columns), 2: _read_as_they_are}),
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
