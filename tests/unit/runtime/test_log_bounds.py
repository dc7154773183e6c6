"""What is said of a topic that does not hold what comes next, and when nothing is."""

from __future__ import annotations

import pytest

from runtime.log_bounds import partitions_refusal, start_refusal


@pytest.mark.parametrize(("beginning", "end", "start", "stateless", "sentence"), [
    (0, 9, None, False, None),
    (0, 9, 9, False, None),
    (5, 9, 5, True, None),
    (5, 9, None, True, None),
    (5, 9, None, False, "begins at 5 and there is no checkpoint: the records before it are gone"),
    (5, 9, 4, False, "begins at 5, but 4 comes next: records were deleted before they were folded"),
    (5, 9, 4, True, "reset the group's offset to the earliest"),
    (0, 9, 10, False, "ends at 9, but 10 comes next: the topic was made anew, or lost its end"),
    (0, 9, 10, True, "send them to a topic of another name"),
])  # fmt: skip
def test_bounds(beginning, end, start, stateless, sentence):
    refusal = start_refusal("stage", "topic/0", beginning, end, start, stateless)
    assert refusal is None if sentence is None else sentence in refusal


def test_partitions():
    wanted = {"facts": 4, "control": 1}
    assert partitions_refusal({"facts": 4, "control": 1}, wanted) is None
    assert "control: no such topic. Create what is missing: kpistream topics" in partitions_refusal(
        {"facts": 4, "control": 0}, wanted
    )
    assert "facts has 8 partitions and should have 4" in partitions_refusal({"facts": 8, "control": 1}, wanted)
