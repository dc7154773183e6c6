"""What happens to a part of the company happens to the others of the same team likewise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from benchmarks.backtest import PLAN, grown, simulated
from benchmarks.memory import repeated
from schemas.plan import Plan
from schemas.plan_employees import Employee
from schemas.plan_file import load_plan


def test_each_share_of_the_company_has_the_same_events_for_other_people():
    part, whole = (grown(load_plan(PLAN), count) for count in (32, 96))
    made = simulated(part, 300)
    found = [(kind, json.loads(value)) for kind, value in repeated(part, whole, made)]
    assert len(found) == 900
    teams = {one.id: team for one, team in _places(whole)}
    met: list[set[str]] = []
    for share in range(3):
        events, people = found[300 * share : 300 * (share + 1)], set()
        for (kind, value), (same, event) in zip(made, events, strict=True):
            before = json.loads(value)
            assert same == kind
            assert (event["id"], event["type"]) == (f"{before['id']}/{share}", before["type"])
            sale = before["data"].get("sale_id")
            assert event["data"].get("sale_id") == (sale and f"{sale}/{share}")
            ours, theirs = _people(event), _people(before)
            assert [teams.get(one) for one in ours] == [teams.get(one) for one in theirs]
            people.update(one for one in ours if one in teams)
        met.append(people)
    assert all(met)
    assert not met[0] & met[1] and not met[1] & met[2] and not met[0] & met[2]


def _places(plan: Plan) -> Iterator[tuple[Employee, str]]:
    for department in plan.organisation.departments:
        for team in department.teams:
            yield from ((one, team.id) for one in team.employees)


def _people(event: dict) -> list[str]:
    return re.findall(r'"employee": "([^"]+)"', json.dumps(event))
