"""The scanner, msgspec and the pydantic models give the same, whatever the bytes."""

import json
import random
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import model_validator

from schemas.columns import event_columns
from schemas.decode import EventDecoder
from schemas.event_types import EventTypes
from schemas.events import Payload
from schemas.rules import Name
from tests.depth import examples
from tests.unit.schemas.event_rows import actual, expected, rows_of
from tests.unit.schemas.event_texts import DECODER, TYPES, damaged_texts, event_texts, example

_SETTINGS = examples(120, derandomize=True)


def agree(values, decoder=DECODER):
    wanted = {place: expected(value, decoder) for place, value in enumerate(values)}
    assert actual(decoder.batch(values)) == wanted
    assert actual(decoder._by_parts(values, None)) == wanted


@given(st.lists(event_texts(), min_size=1, max_size=6))
@_SETTINGS
def test_same_rows_and_rejections_for_events_with_odd_members(values):
    agree(values)


@given(st.lists(damaged_texts(), min_size=1, max_size=6))
@_SETTINGS
def test_same_rows_and_rejections_for_damaged_bytes(values):
    agree(values)


@given(
    st.lists(event_texts() | damaged_texts() | st.none() | st.binary(max_size=40), max_size=6),
    st.integers(100, 400),
)
@examples(40, derandomize=True)
def test_same_under_a_small_size_limit(values, limit):
    agree(values, EventDecoder(TYPES, limit))


@pytest.mark.parametrize("words", [1, 7, 127, 128, 129, 700, 10**9])
def test_same_rows_of_many_records_with_few_and_many_words(words):
    dice = random.Random(words)

    def one(number: int) -> bytes:
        customer = dice.choice([..., None, f"C{dice.randrange(words)}", "长" * dice.randrange(4)])
        employee = f"E{dice.randrange(words)}"
        if dice.random() < 0.3:
            return example("visit", id=f"v{number}", data={"employee": employee, "minutes": dice.choice([..., 3])})
        return example("sale", id=f"s{number}", data={"employee": employee, "customer": customer})

    agree([one(number) for number in range(1024)])


@pytest.mark.parametrize("odd", ['"', "\\n", "\x1f", "é", "\x7f", "\U0001f600", b"\xff", b"\xed\xa0\x80"])
def test_an_odd_byte_at_every_place_of_a_text(odd):
    odd = odd if isinstance(odd, bytes) else odd.encode()
    whole = "0123456789abcdef!"
    texts = [(whole[:at].encode(), end.encode()) for at in range(16) for end in (whole[at + 1 :], "")]
    agree([example("sale", data={"customer": whole}).replace(whole.encode(), odd.join(parts)) for parts in texts])


@given(event_texts())
@_SETTINGS
def test_what_the_fast_way_takes_the_models_accept_with_equal_values(value):
    (struct,) = DECODER._decode([value])
    if struct is None:
        return
    rows, _, ok = event_columns([struct], DECODER._shapes)
    if ok[0]:
        row = expected(value)
        assert isinstance(row, dict), row
        assert rows.column("event_hash")[0].as_py() == row["event_hash"]


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_example_of_each_type_goes_the_fast_way(name):
    (struct,) = DECODER._decode([example(name)])
    assert struct is not None
    assert event_columns([struct], DECODER._shapes)[2].all()


@pytest.mark.parametrize("depth", [255, 256, 257, 900, 1100, 50_000])
def test_deep_nesting_in_an_ignored_field(depth):
    value = example("sale")[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"
    agree([value])
    reason = expected(value)[0] if isinstance(expected(value), tuple) else None
    assert reason == (None if depth < 256 else "invalid_json")


@pytest.mark.parametrize(
    "ignored",
    [
        b"1" * 5000,
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b"1e99999999999999999999",
        b"-",
        b"[1,]",
        b"01",
        b'"\x01"',
        b'"' + "张".encode() * 400 + b'"',
    ],
)
def test_ignored_fields_are_read_as_strictly_either_way(ignored):
    agree([example("sale")[:-1] + b',"x":' + ignored + b"}", example("visit")])


class Lenient(Payload):
    """A payload whose model accepts what the columns do not."""

    needs = (("a", "b"),)
    example: ClassVar = {"a": "1"}

    a: Name | None = None
    b: Name | None = None

    @model_validator(mode="after")
    def _needed(self):
        return self


def test_the_models_have_the_last_word_where_the_columns_are_stricter():
    types = EventTypes()
    types.payloads["lenient"] = Lenient
    decoder, event = EventDecoder(types), json.loads(example("visit"))
    values = [
        json.dumps(event | {"type": "lenient", "id": id, "data": {"a": "1"}}).encode() for id in ("x", "y")
    ]
    agree([example("sale", data={"amount": -1}), values[0], example("visit"), values[1]], decoder)


def test_long_batches_are_decoded_in_parts_that_fit_together():
    types = ["sale", "visit", "refund"]
    values = [
        example(types[n * 3 // 9000], id=f"I-{n}", data={"customer": f"C-{n % 3000}"}) for n in range(9000)
    ]
    values[5000], values[8999] = None, b"{"
    decoded = DECODER.batch(values)
    assert list(decoded.rejected) == [5000, 8999]
    assert decoded.places.tolist() == [place for place in range(8999) if place != 5000]
    rows = rows_of(decoded.rows)
    for place in (0, 4095, 4096, 4999, 5001, 8191, 8192, 8998):
        row = rows[place - (place > 5000)] | {"hash": decoded.partition_hashes[place - (place > 5000)]}
        assert row == expected(values[place])
