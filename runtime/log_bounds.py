"""Whether a partition still holds what is to be read next. What it does not hold would be left out in silence."""

from __future__ import annotations

from collections.abc import Mapping


def start_refusal(stage: str, place: str, beginning: int, end: int, start: int | None, stateless: bool) -> str | None:
    """Why ``stage`` must not read ``place`` (topic/partition) from ``start`` on, with what to do; None if it may.

    ``start``: marker or commit, None where nothing was read yet. A partition without either is read from its
    beginning, by a stage with state only if that is the very first record.
    """
    if start is None:
        if stateless or not beginning:
            return None
        return (
            f"{stage}: {place} begins at {beginning} and there is no checkpoint: the records before it are gone, and "
            f"KPIs without them would be wrong. {RESTORE}"
        )
    if beginning > start:
        lost = f"{stage}: {place} begins at {beginning}, but {start} comes next: records were deleted before "
        if stateless:
            return lost + (
                "they were read. Where they cannot be sent again under a new topic, reset the group's offset to the "
                "earliest (kafka-consumer-groups --reset-offsets --to-earliest); their offsets then count as gaps"
            )
        return f"{lost}they were folded. {RESTORE}"
    if start > end:
        return (
            f"{stage}: {place} ends at {end}, but {start} comes next: the topic was made anew, or lost its end. "
            + (NEW_NAME if stateless else RESTORE)
        )
    return None


def partitions_refusal(found: Mapping[str, int], wanted: Mapping[str, int]) -> str | None:
    """What is wrong with the internal topics' partitions: ``found`` and ``wanted`` by topic, 0 for a missing topic."""
    if missing := sorted(topic for topic, count in found.items() if not count):
        return f"{', '.join(missing)}: no such topic. Create what is missing: kpistream topics"
    for topic, count in sorted(found.items()):
        if count != wanted[topic]:
            return (
                f"{topic} has {count} partitions and should have {wanted[topic]} by KPISTREAM_PARTITIONS. The number "
                "cannot change for topics in use, since what belongs together would be scattered: set it to what the "
                "topics were made with; a topic that was given more has to be restored"
            )
    return None


#: Positions are how later stages recognise what they have: a log that starts over would pass for one that was read.
RESTORE = (
    "Topics, checkpoints and tables belong together: restore the topic, or start over with empty topics, tables and "
    "groups (docs/reliability.md, Start over)"
)
NEW_NAME = (
    "Its new records would pass for old ones: send them to a topic of another name (KPISTREAM_SOURCE_TOPICS) and leave "
    "this one out"
)
