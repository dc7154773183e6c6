"""Lag from offsets: what a group reads, what it never committed, what time it is behind."""

from __future__ import annotations

from infra.lag.computation import Group, Lag, Partition, Place, Progress, Snapshot, lag_sums, lags, longest_waits

A0, A1, B0 = Place("a", 0), Place("a", 1), Place("b", 0)
PARTITIONS = {A0: Partition(0, 100), A1: Partition(20, 50), B0: Partition(0, 0)}


def snapshot(**groups: Group) -> Snapshot:
    return Snapshot(1, PARTITIONS, groups)


def row(committed: int, end: int, oldest: int = 0) -> Lag:
    return Lag("g", A0, committed, end, oldest)


def test_a_group_shows_all_partitions_of_the_topics_it_committed_on_and_no_others():
    found = lags(snapshot(g=Group(committed={A0: 90})))
    assert [(one.place, one.committed, one.records) for one in found] == [(A0, 90, 10), (A1, -1, -1)]


def test_a_group_without_commits_shows_what_its_members_were_given():
    found = lags(snapshot(g=Group(members=1, assigned=frozenset({B0}))))
    assert [(one.place, one.records) for one in found] == [(B0, -1)]


def test_a_group_with_neither_commits_nor_members_has_no_rows():
    assert lags(snapshot(g=Group())) == []


def test_a_commit_on_a_topic_that_is_gone_is_left_out():
    assert lags(snapshot(g=Group(committed={Place("gone", 0): 5}))) == []


def test_sums_leave_out_what_was_never_committed():
    rows = lags(snapshot(g=Group(committed={A0: 90, B0: 0}), h=Group(committed={A0: 0, A1: 45})))
    assert lag_sums(rows) == {("g", "a"): 10, ("g", "b"): 0, ("h", "a"): 105}


def test_an_idle_topic_is_level():
    level = row(0, 0)
    assert (level.records, level.waiting_at, level.seconds({}, 5)) == (0, None, 0.0)


def test_a_topic_made_anew_and_shorter_than_the_commit_counts_as_level():
    assert (row(70, 30).records, row(70, 30).seconds({}, 5)) == (0, 0.0)


def test_seconds_are_the_age_of_the_record_at_the_commit():
    assert row(7, 9).seconds({(A0, 7): 1_000, (A0, 8): 4_000}, 5_500) == 4.5


def test_seconds_without_a_commit_are_minus_one():
    assert row(-1, 9).seconds({(A0, 0): 1_000}, 5_500) == -1.0


def test_a_record_that_retention_took_is_replaced_by_the_oldest_one():
    late = row(7, 9, oldest=8)
    assert (late.records, late.waiting_at, late.seconds({(A0, 8): 4_000}, 5_500)) == (2, 8, 1.5)


def test_a_partition_emptied_by_retention_keeps_its_records_behind_but_nothing_waits():
    emptied = row(7, 9, oldest=9)
    assert (emptied.records, emptied.waiting_at, emptied.seconds({}, 5_500)) == (2, None, 0.0)


def test_a_record_not_read_in_time_gives_no_seconds_and_markers_alone_give_none_behind():
    assert row(7, 9).seconds({}, 5_500) is None
    assert row(7, 8).seconds({(A0, 7): None}, 5_500) == 0.0


def test_a_record_from_a_clock_ahead_of_ours_is_no_negative_age():
    assert row(7, 9).seconds({(A0, 7): 9_000}, 5_500) == 0.0


def test_progress_counts_from_the_last_move_of_each_commit():
    progress = Progress()
    here, there = Lag("g", A0, 5, 9, 0), Lag("g", A1, 1, 9, 0)
    assert progress.ages([here, there, row(-1, 3)], 10.0) == {("g", A0): 0.0, ("g", A1): 0.0}
    moved = Lag("g", A1, 2, 9, 0)
    assert progress.ages([here, moved], 14.0) == {("g", A0): 4.0, ("g", A1): 0.0}
    assert progress.ages([moved], 20.0) == {("g", A1): 6.0}


def test_the_longest_wait_of_a_group_is_that_of_its_oldest_record():
    rows = [Lag("g", A0, 7, 9, 0), Lag("g", A1, 3, 9, 0), Lag("h", A0, -1, 9, 0), Lag("i", A0, 8, 9, 0)]
    assert longest_waits(rows, {(A0, 7): 4_000, (A1, 3): 1_000}, 5_500) == {"g": 4.5, "h": 0.0, "i": 0.0}
