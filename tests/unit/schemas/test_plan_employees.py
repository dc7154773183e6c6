"""Employees kept as columns: equal to plain models, in what is read, said to be wrong, and written again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.plan import Organisation, Plan
from schemas.plan_employees import BY_COLUMNS, Employee, Employees, Roster
from schemas.plan_moves import employees_of
from schemas.plan_roll import Roll


class Plain(BaseModel):
    """Employees as models."""

    model_config = ConfigDict(extra="forbid")
    employees: tuple[Employee, ...] = ()


class Kept(BaseModel):
    """Employees as the plan keeps them."""

    model_config = ConfigDict(extra="forbid")
    employees: Employees = ()


_DAY = st.sampled_from(["2026-03-01", "2026-04-01", "2026-05-01", None, "", "soon", 7])
_MOVE = st.fixed_dictionaries(
    {"date": st.sampled_from(["2026-03-01", "x"])},
    optional={"team": st.sampled_from(["north", "south", "nowhere"]), "role": st.sampled_from(["rep", "lead"])},
)
_MOVES = st.lists(_MOVE, max_size=2)
_ROW = st.fixed_dictionaries(
    {"id": st.sampled_from(["E1", "007", "a.b:c@d-e", "", "a b", "E1\n", "E1\nE2", "é", None, 7, "x" * 65])},
    optional={
        "role": st.sampled_from(["rep", "lead", "", None, 3, "re p"]),
        "name": st.sampled_from(["", "Ann", "王", None, 5]),
        "moves": st.one_of(_MOVES, st.sampled_from([None, (), "", {}, 0])),
        "start": _DAY,
        "end": _DAY,
        "leave": st.sampled_from([[], [{"start": "2026-03-01", "end": "2026-03-05"}], None, [{}], 0]),
        "rol": st.just("rep"),
    },
)
_GOOD = st.builds(
    lambda id_, **more: {"id": f"E{id_}", "role": "rep"} | more,
    st.integers(0, 10**6),
    name=st.sampled_from(["", "Ann"]),
    moves=_MOVES.map(lambda moves: [move for move in moves if move["date"] != "x"]),
    start=st.sampled_from([None, "2026-03-01"]),
)
_ROWS = st.one_of(st.lists(_ROW, max_size=4), st.lists(_GOOD, max_size=4), st.lists(st.one_of(_ROW, st.integers())))


def _read(model: type[BaseModel], rows: object, text: bool):
    """The model, or what is wrong with the rows."""
    try:
        content = {"employees": rows}
        return (model.model_validate_json(json.dumps(content)) if text else model.model_validate(content)), None
    except ValidationError as error:
        return None, [(one["loc"], one["type"], one["msg"]) for one in error.errors()]


@given(_ROWS, st.booleans())
def test_read_as_models_and_the_same_is_wrong(rows, text):
    plain, wrong = _read(Plain, rows, text)
    kept, found = _read(Kept, rows, text)
    if text and wrong:  # pydantic reads JSON a little stricter than what was parsed from it
        assert found and {where for where, *_ in found} == {where for where, *_ in wrong}
    else:
        assert found == wrong
    if plain is not None:
        assert list(kept.employees) == list(plain.employees)
        assert kept.employees == plain.employees
        assert [kept.employees[at] for at in range(-len(rows), len(rows))] == [*plain.employees] * 2
        assert kept.employees[1:] == plain.employees[1:]
        written = kept.model_dump_json(exclude_none=True)
        assert Plain.model_validate_json(written) == plain
        assert Plain.model_validate(kept.model_dump()) == plain
        assert Kept.model_validate_json(written) == kept


_LONG = st.lists(_GOOD, min_size=1, max_size=4).map(
    lambda some: [some[at % len(some)] | {"id": f"E{at}", "role": "lead" if at == 7 else "rep"} for at in range(50)]
)


@given(_LONG, st.booleans())
def test_a_control_record_has_a_long_roster_by_columns(rows, one_role):
    rows = [row | {"role": "rep"} for row in rows] if one_role else rows
    kept = Kept.model_validate({"employees": rows})
    written = kept.model_dump_json(exclude_none=True, context=BY_COLUMNS)
    assert Kept.model_validate_json(written, context=BY_COLUMNS) == kept
    found = json.loads(written)["employees"]
    assert found["ids"] == " ".join(row["id"] for row in rows)
    assert found["roles"] == "rep" if one_role else "lead" in found["roles"]
    with pytest.raises(ValidationError, match="employees"):  # as of a plan's file, never
        Kept.model_validate_json(written)
    short = Kept.model_validate({"employees": rows[:49]})
    assert json.loads(short.model_dump_json(context=BY_COLUMNS)) == json.loads(short.model_dump_json())


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({"ids": "E1 E2", "roles": "rep rep rep"}, "2 ids, 3 roles and 0 names: expected as many"),
        ({"ids": "E1 E2", "roles": "rep", "names": ["Ann"]}, "2 ids, 2 roles and 1 names: expected as many"),
        ({"ids": "E1  E2", "roles": "rep"}, "ids: expected identifiers with a space between each two"),
        ({"ids": "", "roles": "rep"}, "ids: expected identifiers with a space between each two"),
        ({"ids": "E1 E2", "roles": "rep é"}, "roles: expected identifiers"),
        ({"ids": "E1", "roles": "rep", "dated": [[1, {"id": "E1", "role": "rep"}]]}, "dated: expected places"),
        ({"ids": "E1", "roles": "rep", "dated": [[-1, {"id": "E1", "role": "rep"}]]}, "dated: expected places"),
        ({"ids": "E1", "roles": "rep", "dated": [[0, {"id": "E2", "role": "rep"}]]}, "dated: expected places"),
        ({"ids": "E1", "roles": "rep", "dated": [[0, {"id": "E1", "role": "rep"}]] * 2}, "dated: expected places"),
        ({"ids": "E1", "roles": "rep", "more": 1}, "more"),
        ({"ids": "E1"}, "roles"),
    ],
)
def test_columns_that_do_not_belong_together_are_refused(columns, wrong):
    with pytest.raises(ValidationError, match=wrong):
        Kept.model_validate({"employees": columns}, context=BY_COLUMNS)


def test_schema_is_that_of_models():
    assert Kept.model_json_schema()["properties"]["employees"]["items"] == {"$ref": "#/$defs/Employee"}
    assert Kept.model_json_schema()["$defs"] == Plain.model_json_schema()["$defs"]


def test_rosters_differ_where_an_employee_does():
    one, other = (Roster.of([Employee(id="E1", role=role)]) for role in ("rep", "lead"))
    assert one != other
    assert one == Roster.of(tuple(one))
    assert one + other == (*one, *other)
    with pytest.raises(IndexError):
        one[1]


@given(st.lists(st.lists(_GOOD, max_size=5), min_size=1, max_size=4))
def test_the_roll_tells_what_the_models_do(rows):
    """Everybody's places, and who may ever stand where."""
    number = iter(range(10**6))
    teams = [
        {"id": name, "employees": [one | {"id": f"E{next(number)}"} for one in some]}
        for name, some in zip(["north", "south", "east", "west"], rows, strict=False)
    ]
    departments = [{"id": "D1", "teams": teams[:2]}, {"id": "D2", "teams": teams[2:]}]
    organisation = Organisation.model_validate({"company": "c", "departments": departments})
    plan = Plan.model_construct(organisation=organisation)
    roll, listed = Roll(plan), list(employees_of(plan))
    assert len(roll) == len(listed)
    assert list(roll.ids()) == [one.id for one, _ in listed]
    for employee, places in listed:
        position = roll.position(employee.id)
        assert roll.places(position) == places
        assert roll.named(position) == (employee.name, places[-1])
    dated = {one.id: one for one, _ in listed if one.moves or one.start or one.end or one.leave}
    assert roll.special() == dated
    units = [("team", team["id"]) for team in teams] + [("department", "D1"), ("department", "D2"), ("company", "c")]
    for kind, unit in units:
        expected = [
            (one.id, places)
            for one, places in listed
            if kind == "company" or any(getattr(place, kind) == unit for place in places)
        ]
        assert list(roll.candidates(kind, unit)) == expected
