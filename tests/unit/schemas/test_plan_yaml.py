"""YAML as values and places: YAML 1.2 scalars, exact numbers, bounded aliases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import yaml_source
from schemas.yaml_source import YamlProblem, read_yaml

BOMB = "a: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    "text, value",
    [
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("007", 7),
        ("1.50", Decimal("1.50")),
        ("1e3", Decimal(1000)),
        ("0.1", Decimal("0.1")),
        ("12:30", "12:30"),
        ("2026-03-31", "2026-03-31"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        ("80%", "80%"),
        ("'7'", "7"),
        ('"true"', "true"),
        ("!!str 7", "7"),
        ("9" * 5000, "9" * 5000),
        ("1_000", "1_000"),
        ("0o17", "0o17"),
        ("089", 89),
        ("=", "="),
        ("190:20:30", "190:20:30"),
        ("2026-03-31T12:30:00Z", "2026-03-31T12:30:00Z"),
        ("!", None),
        ("\t7", 7),
        ("a:b", "a:b"),
        ("'a''b'", "a'b"),
        (r'"\u4e2d\n"', "中\n"),
        (">-\n a\n b", "a b"),
        ("|\n a\n b", "a\nb"),
    ],
)
def test_scalars(text, value):
    found = read_yaml(f"k: {text}").value["k"]
    assert found == value
    assert isinstance(found, type(value))


def test_numbers_remember_their_text():
    values = read_yaml("[007, 1.50, +3]").value
    assert [value.text for value in values] == ["007", "1.50", "+3"]


def test_places_are_those_of_keys_and_values():
    source = read_yaml("a:\n  - b: 1\n    c:\n      d: x\n")
    assert [(place.line, place.column) for place in source.places.values()] == [
        (1, 1),
        (1, 1),
        (2, 5),
        (2, 8),
        (3, 5),
        (4, 10),
    ]
    assert source.place(("a", 0, "c", "missing")) == source.places["a", 0, "c"]


def test_aliases_stand_for_their_anchor():
    assert read_yaml("a: &x {k: [1]}\nb: *x").value == {"a": {"k": [1]}, "b": {"k": [1]}}


def test_problems_that_do_not_stop_the_reading_are_collected():
    source = read_yaml("a: 1\na: 2\n<<: {b: 1}\n? [x]\n: 1\nc: !!python/name:os.system x\n")
    assert [(problem.place.line, problem.message.split(":")[0]) for problem in source.problems] == [
        (2, "'a' is given twice, first on line 1"),
        (3, "merge keys (<<) are not supported"),
        (4, "a key must be a plain text"),
        (6, "tag tag"),
    ]
    assert source.value == {"a": 1, "c": None}


@pytest.mark.parametrize(
    "text, line, message",
    [
        ("a: [1", 1, "not valid YAML"),
        ("a: 1\n\tb: 2", 2, "indent with spaces"),
        ("", 1, "empty"),
        ("# only a comment", 1, "empty"),
        ("--- 1\n--- 2", 2, "a file is a single document"),
        ("a: *b", 1, "undefined alias"),
        ("a: &a [*a]", 1, "contains it"),
        ("[" * 60 + "]" * 60, 1, "nested too deeply"),
        ("[" * 1_000, 1, "nested too deeply"),
        ("[" * 200_000, 1, "nested too deeply"),
        ("- " * 200_000, 1, "nested too deeply"),
        ("a: \ud800", 1, "not valid YAML"),
        ("a: 1\n# x\u2028b: 2", 2, "line separator"),
        ("a: \x00", 1, "not valid YAML"),
        (BOMB, 7, "4,000,000 values"),
    ],
)
def test_what_cannot_be_read_says_why_and_where(text, line, message):
    with pytest.raises(YamlProblem, match=message) as caught:
        read_yaml(text)
    assert caught.value.place.line == line


def test_a_file_beyond_the_limit_is_not_parsed(monkeypatch):
    monkeypatch.setattr(yaml_source, "MAX_BYTES", 10)
    with pytest.raises(YamlProblem, match="larger than"):
        read_yaml("a: 0123456789")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_problem(text):
    try:
        read_yaml(text)
    except YamlProblem as problem:
        assert problem.place.line >= 1
