"""The order in which rollups counts what is published: closes that wait, what comes twice, a log that begins late."""

from __future__ import annotations

from schemas.control import PartitionClosed, PeriodClosed
from streams.explain.credits import Credit
from streams.explain.moments import Published, Timeline
from streams.rollups.alignment import Update

MARCH = PeriodClosed(id="close:p:month:2026-03", kind="month", period="2026-03")


def update(place: int, partition: int, record: int) -> Published:
    return Published(place, Update(partition, record))


def closed(place: int, partition: int, record: int) -> Published:
    return Published(place, PartitionClosed(partition=partition, partitions=2, offset=record, close=MARCH))


def credit(partition: int, record: int) -> Credit:
    return Credit(record, "s", "e", "sale", 0, "E1", 1_000_000, {}, partition=partition)


LOG = [
    Published(0, "plan-1"), update(1, 0, 5), closed(2, 0, 7), update(3, 0, 9), update(4, 1, 4), update(5, 0, 12),
    closed(6, 1, 6), update(7, 1, 8),
]  # fmt: skip


def test_what_a_partition_publishes_behind_its_close_waits_for_the_others():
    timeline = Timeline(LOG)
    assert [(one.offset, one.cause) for one in timeline.moments] == [
        (0, "plan-1"), (1, "0:5"), (4, "1:4"), (6, MARCH.id), (6, "0:12"), (7, "1:8"),
    ]  # fmt: skip
    assert timeline.closed("month", "2026-03") == 3 and timeline.closed("month", "2026-04") is None
    assert [timeline.of(credit(0, record)) for record in (5, 6, 9, 12, 13)] == [1, 4, 4, 4, 6]
    assert timeline.up_to(3, [credit(0, 6), credit(1, 4), credit(1, 7)]) == [credit(1, 4)]


def test_what_is_published_again_after_a_restart_decides_nothing():
    again = [update(1, 0, 5), update(2, 0, 9), update(3, 0, 7), update(4, 0, 11)]
    assert [one.record for one in Timeline(again).moments] == [5, 9, 11]


def test_a_close_that_is_told_twice_is_one_moment():
    timeline = Timeline([*LOG, closed(8, 0, 13), closed(9, 1, 9)])
    assert [one.cause for one in timeline.moments].count(MARCH.id) == 1


def test_what_lies_ahead_of_a_log_that_begins_late_cannot_be_told():
    timeline = Timeline(LOG, known_from=4)
    assert timeline.number(4, "1:4") == 2 and timeline.number(1, "0:5") is None
    assert timeline.place(1, "0:5") == 1 and timeline.place(2, "gone") == -1
    assert not timeline.knows([credit(0, 5)]) and timeline.knows([credit(1, 7)])
    # the first update that is known of a partition may have been preceded by others
    assert not timeline.knows([credit(1, 4)])
    assert not Timeline([], known_from=2**63).knows([credit(0, 1)])
    assert Timeline(LOG).knows([credit(0, 5)]) and Timeline([]).knows([])
