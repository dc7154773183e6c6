"""What the compiled scanner takes; that its values are right is in test_decode_agreement.py."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas.native
from infra.build_native import build
from schemas.event_types import EventTypes
from schemas.native import load, scanner
from schemas.rules import TextRule
from schemas.shapes import shapes_of
from schemas.texts import Texts
from tests.depth import examples
from tests.unit.schemas.event_texts import DECODER, TYPES, example


def taken(*values: bytes) -> list[int]:
    return DECODER._scanner.scan(Texts.of(values)).places.tolist()


def test_it_is_compiled():
    assert scanner._LIBRARY, "make setup says what is missing"


@pytest.mark.parametrize("name", sorted(TYPES))
def test_it_takes_the_example_of_each_type(name):
    assert taken(example(name)) == [0]


def test_it_takes_what_senders_usually_write():
    spaced = json.dumps(json.loads(example("visit")), indent=1).encode()
    chinese = example("sale", subject="单号 7", data={"customer": "张伟", "channel": None})
    unknown = example("visit")[:-1] + b',"trace":{"on":[1,-2.5e3,"x",null,true,[]]},"x":{}}'
    data_first = json.dumps(dict(sorted(json.loads(example("refund")).items()))).encode()
    number = example("sale").replace(b'"amount":50000.01', b'"amount":"50000.01"')
    defaults = example("defect", data={"count": ...})
    values = [spaced, chinese, unknown, data_first, number, defaults]
    assert taken(*values) == list(range(len(values)))


def test_it_leaves_what_is_not_plain():
    splits = example("sale", data={"employee": ..., "splits": [{"employee": "E1", "percent": 100}]})
    escaped = example("sale", data={"customer": "a\"b"})
    twice = example("sale")[:-1] + b',"id":"other"}'
    exponent = example("sale").replace(b"50000.01", b"5e4")
    values = [splits, example("visit"), escaped, twice, exponent, b"", b"{}", b"[]"]
    assert taken(*values) == [1]


def test_a_type_with_a_text_default_or_another_rule_is_left_to_python():
    types = EventTypes()
    (shape,) = [one for one in shapes_of(types).values() if one.name == "lead"]
    (field,) = [one for one in shape.fields if one.name == "channel"]
    read = scanner.Scanner([], 1000)
    assert read._field(field) is not None
    object.__setattr__(field, "rule", TextRule("^x"))
    assert read._field(field) is None


@pytest.mark.parametrize("rule", scanner._TEXT_RULES, ids=lambda rule: rule.expected or "any")
@given(data=st.data())
@examples(60, derandomize=True)
def test_texts_of_the_allowed_bytes_fit_the_rule(rule, data):
    letters, shortest, longest, no_controls = scanner._TEXT_RULES[rule]
    letters = letters or bytes([3]) * 256
    characters = [chr(byte) for byte in range(128) if letters[byte]]
    if letters[0x80]:
        characters += ["é", "\xa0", "张", "\U0001f600"] + ([] if no_controls else ["\x85"])
    firsts = [one for one in characters if letters[one.encode()[0]] & 2]
    word = data.draw(st.text(st.sampled_from(characters), max_size=longest - 1))
    if word or shortest:
        word = data.draw(st.sampled_from(firsts)) + word
    if shortest <= len(word.encode()) <= longest:
        assert rule.check(word) == word


def test_without_a_compiler_it_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("CC", "no-such-compiler")
    said = build(schemas.native.SOURCE, tmp_path / "events.so")
    assert said.startswith("no C compiler; with a C compiler, libc6-dev and libxxhash-dev")


def test_a_library_of_another_source_is_not_loaded_and_made_anew(tmp_path):
    source, library = tmp_path / "events.c", tmp_path / "events.so"
    source.write_text("int kpistream_answer(void) { return 1; }\n")
    assert build(source, library) is None
    made = library.read_bytes()
    assert load(library, source).kpistream_answer() == 1
    source.write_text("int kpistream_answer(int more) { return 1 + more; }\n")
    os.utime(source, (0, 0))  # as files have it that were copied
    assert load(library, source) is None
    assert build(source, library) is None
    assert library.read_bytes() != made
    renamed = library.rename(tmp_path / "anew.so")  # what is loaded under a name is not loaded again
    assert load(renamed, source).kpistream_answer(1) == 2


def test_what_does_not_compile_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "events.c").write_text("int x = ;")
    assert "events.c was not compiled" in build(tmp_path / "events.c", tmp_path / "events.so")
    assert [path.name for path in tmp_path.iterdir()] == ["events.c"]
