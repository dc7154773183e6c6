"""Assignments numbered many at a time, as one after the other."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from schemas.event_identity import partition_key_hash
from schemas.plan import Plan
from schemas.plan_file import load_plan
from schemas.plan_moves import employees_of
from schemas.topics import partition_of
from streams.organisation import Assignment, Assignments, numbered

BASE = load_plan(Path(__file__).parents[3] / "plans" / "benchmark-tiers.yaml")
_ASSIGNMENT = st.builds(Assignment, *(st.sampled_from([f"{name}1", f"{name}2", ""]) for name in "etdrc"))


@given(st.lists(st.lists(_ASSIGNMENT, max_size=6), max_size=4), st.sampled_from([4, 300]))
def test_many_at_a_time_are_numbered_as_one_by_one(pieces: list[list[Assignment]], partitions: int):
    found, before, one_by_one = Assignments.none(partitions), [], {}
    for piece in pieces:
        known = len(found)
        grown, numbers = found.extended(piece)
        assert numbers.tolist() == [one_by_one.setdefault(one, len(one_by_one)) for one in piece]
        assert list(found) == before, "a value does not change"
        found, before = grown, list(one_by_one)
        assert list(found) == before
        assert list(zip(*map(pa.Array.to_pylist, found.since(known)), strict=True)) == before[known:]
    for at, name in enumerate(Assignments.COLUMNS):
        words = list(dict.fromkeys(one[at] for one in one_by_one))
        assert found.names[name].to_pylist() == words
        assert [words[code] for code in found.columns[name].tolist()] == [one[at] for one in one_by_one]
    assert [found.unit(number) for number in range(len(found))] == [one[1:3] for one in one_by_one]
    targets = [partition_of(partition_key_hash(one.employee), partitions) for one in one_by_one]
    assert found.partition.tolist() == targets


_MOVE = st.fixed_dictionaries({"date": st.just("2026-03-01"), "team": st.sampled_from(["T0", "T1"])})
_EMPLOYEE = st.fixed_dictionaries({"role": st.sampled_from(["rep", "lead"]), "moves": st.lists(_MOVE, max_size=2)})


@given(st.lists(st.lists(_EMPLOYEE, max_size=4), min_size=2, max_size=3), st.booleans())
def test_a_plan_is_numbered_person_by_person_and_place_by_place(teams, anew):
    """As one assignment after the other, in the plan's order; and the same object for the same plan and past."""
    content = BASE.model_dump(mode="json")
    content["currency"] = "EUR"
    content["organisation"]["departments"] = [{"id": f"D{at}", "teams": [
        {"id": f"T{at}", "employees": [{"id": f"E{at}-{one}"} | who for one, who in enumerate(some)]}
    ]} for at, some in enumerate(teams)]  # fmt: skip
    plan = Plan.model_validate(content)
    past = Assignments.none(4)
    if anew:
        known = [Assignment("E1-0", "T1", "D1", "rep", "EUR"), Assignment("x", "T9", "D9", "rep", "EUR")]
        past, _ = past.extended(known)
    listed = [
        [Assignment(who.id, place.team, place.department, place.role, "EUR") for place in places]
        for who, places in employees_of(plan)
    ]
    found = numbered(plan, past)
    expected, numbers = past.extended([one for held in listed for one in held])
    assert list(found.assignments) == list(expected)
    assert found.numbers.tolist() == numbers.tolist()
    for position, held in enumerate(listed):
        assert [found.assignments[number] for number in found.of(position)] == held
        assert found.first(held[0].employee) == found.of(position)[0]
    assert found.first("nobody", -2) == -2
    asked = [*(held[0].employee for held in listed), "nobody", None]
    assert found.firsts(asked, -2).tolist() == [found.first(one, -2) for one in asked]
    assert numbered(plan, past) is found
