"""What the doctor makes of what it measured, and how it says so."""

from __future__ import annotations

import pytest

from infra.doctor.findings import error, exit_code, lines, ok, warning
from infra.doctor.judgement import (
    judge_clock,
    judge_dead_letters,
    judge_groups,
    judge_migrations,
    judge_topics,
)
from infra.lag.computation import Group, Partition, Place, Snapshot

F0 = Place("facts", 0)


def test_findings_read_as_lines_with_what_to_do_and_a_count():
    found = [ok("kafka", "1 broker."), warning("dead letters", "3 records.", "look"), error("plan", "None.", "apply")]
    assert lines(found) == [
        "ok       kafka         1 broker.",
        "warning  dead letters  3 records.",
        "                       → look",
        "ERROR    plan          None.",
        "                       → apply",
        "1 error, 1 warning",
    ]
    assert exit_code(found) == 1


def test_warnings_alone_are_no_failure_and_nothing_wrong_is_said_so():
    assert exit_code([warning("a", "b", "c")]) == 0
    assert lines([ok("a", "b.")])[-1] == "Nothing is wrong."


def topics(found: dict[str, int], copies: int = 1) -> list[tuple[str, str, str]]:
    wanted = {"facts": 4, "credits": 4, "events.sales": 4}
    thick = dict.fromkeys(found, copies)
    return [(one.level, one.text, one.mend) for one in judge_topics(wanted, ["events.sales"], found, thick, 2)]


def test_topics_that_fit_are_fine_whatever_partitions_the_producers_topic_has():
    assert topics({"facts": 4, "credits": 4, "events.sales": 9}, 2) == [
        ("ok", "3 topics are there, 17 partitions.", "")
    ]


def test_missing_topics_other_partition_counts_and_few_copies_are_named():
    missing, differs, thin = topics({"facts": 3, "events.sales": 9})
    assert missing == ("error", "1 topic is missing: credits.", "create them: kpistream topics")
    assert differs[:2] == ("error", "facts has 3 partitions, the settings ask for 4.")
    assert "KPISTREAM_PARTITIONS=3" in differs[2]
    assert thin[:2] == ("warning", "events.sales, facts: fewer than 2 copies.")


def crediting(group: Group | None, waits: float = 0.0, end: int = 10) -> list[tuple[str, str]]:
    groups = {"p-crediting": group} if group else {}
    snapshot = Snapshot(1, {F0: Partition(0, end)}, groups)
    found = judge_groups(snapshot, "p", {"p-crediting": waits})
    return [(one.level, one.text) for one in found if one.area == "crediting"]


@pytest.mark.parametrize(
    ("group", "waits", "said"),
    [
        (Group(2, {F0: 10}), 0, ("ok", "2 members, level with its input.")),
        (Group(1, {F0: 7}), 2, ("ok", "1 member, 3 records behind, the oldest has waited for 2 s.")),
        (Group(1, {F0: 7}), 90, ("warning", "1 member, 3 records behind, the oldest has waited for 90 s.")),
        (Group(0, {F0: 7}), 90,
         ("error", "No process reads for p-crediting; 3 records behind, the oldest has waited for 90 s.")),
        (None, 0, ("error", "No process reads for p-crediting; level with its input.")),
    ],
)  # fmt: skip
def test_a_stage_is_judged_by_its_members_and_by_how_long_records_wait(group, waits, said):
    assert crediting(group, waits) == [said]


def test_a_topic_made_anew_under_an_old_commit_is_an_error():
    (_, level), (wrong, text) = crediting(Group(1, {F0: 10}), end=4)
    assert (wrong, text) == (
        "error", "p-crediting has committed beyond the end of facts: the topic was made anew."
    )  # fmt: skip
    assert "level" in level


def test_dead_letters_are_counted_by_reason():
    assert judge_dead_letters(0, []).level == "ok"
    found = judge_dead_letters(1_205, [("unknown_type", 1_200), ("no_plan", 5)])
    assert (found.level, found.text) == (
        "warning", "1,205 records could not be used: unknown_type 1,200, no_plan 5."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ahead", "level", "word"), [(1.9, "ok", "agrees"), (5, "warning", "ahead of"), (-5, "warning", "behind")]
)
def test_clocks(ahead, level, word):
    found = judge_clock("ClickHouse's clock", ahead)
    assert found.level == level
    assert word in found.text


@pytest.mark.parametrize(
    ("states", "level", "word"),
    [
        ([("1.sql", "applied"), ("2.sql", "applied")], "ok", "All 2"),
        ([("1.sql", "applied"), ("2.sql", "pending")], "error", "1 of 2"),
        ([("1.sql", "changed"), ("2.sql", "pending")], "error", "1.sql differs"),
        ([("1.sql", "applied"), ("9.sql", "missing")], "error", "9.sql was applied"),
    ],
)
def test_migrations(states, level, word):
    found = judge_migrations(states)
    assert found.level == level
    assert word in found.text
