"""Events by their models: exact numbers, identity, times, splits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decode import EventDecoder, Rejected
from schemas.event_identity import event_hash, event_hashes, partition_key_hash, partition_key_hashes
from schemas.event_types import EventTypes
from schemas.money import MAX_UNITS, from_fixed
from schemas.rules import MAX_FIXED, NumberRule, RuleError, decimal_of, fixed_of
from schemas.times import time_ms, time_of
from tests.unit.schemas.event_texts import example

DECODER = EventDecoder(EventTypes())


def rejection(value):
    with pytest.raises(Rejected) as refused:
        DECODER.event(value)
    return refused.value.detail


@given(st.integers(-MAX_FIXED, MAX_FIXED))
def test_every_fixed_number_survives_its_text(fixed):
    assert fixed_of(decimal_of(str(from_fixed(fixed)))) == fixed
    assert fixed_of(decimal_of(f"{from_fixed(fixed):f}00000")) == fixed


@pytest.mark.parametrize(
    "value",
    [
        "",
        " 1",
        "1 ",
        "1_0",
        "١",
        "NaN",
        "Infinity",
        "0x1",
        "1,5",
        "--1",
        "1e",
        True,
        None,
        1.5,
        [],
        b"1",
        "1e99999999999999999999",
    ],
)
def test_what_is_no_number(value):
    with pytest.raises(RuleError, match="expected a number"):
        fixed_of(decimal_of(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Decimal("NaN"), "finite"),
        (Decimal("Infinity"), "finite"),
        (Decimal("1E+999999"), "at most"),
        (MAX_UNITS + 1, "at most"),
        (-MAX_UNITS - 1, "at most"),
        (Decimal("0.00001"), "decimals"),
        (Decimal("1E-999999"), "decimals"),
        (Decimal("1." + "0" * 60 + "1"), "decimals"),
        (Decimal(f"{MAX_UNITS}.0001"), "at most"),
    ],
)
def test_numbers_out_of_bounds(value, message):
    with pytest.raises(RuleError, match=message):
        fixed_of(Decimal(value))


@pytest.mark.parametrize("text", ["0e999999", "-0", "0." + "0" * 5000])
def test_zero_however_written(text):
    assert fixed_of(decimal_of(text)) == 0


def test_bounds_as_numbers_and_as_rules_agree():
    for rule in (
        NumberRule(),
        NumberRule(minimum=0),
        NumberRule(above=0),
        NumberRule(minimum=0, maximum=100),
    ):
        low, high = rule.bounds()
        assert (rule.fixed(from_fixed(low)), rule.fixed(from_fixed(high))) == (low, high)
        for outside in (low - 1, high + 1):
            with pytest.raises(RuleError):
                rule.fixed(from_fixed(outside))


@given(
    st.datetimes(
        min_value=time_of(631_152_000_000).replace(tzinfo=None),
        max_value=time_of(4_102_444_799_999).replace(tzinfo=None),
    ),
    st.integers(-1439, 1439),
    st.integers(0, 9),
)
def test_times_with_any_offset_and_fraction(moment, offset, digits):
    shift, sign = divmod(abs(offset), 60), "-" if offset < 0 else "+"
    fraction = f".{moment.microsecond:06}000"[: digits + 1] if digits else ""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{sign}{shift[0]:02}:{shift[1]:02}"
    kept = int(((fraction[1:] or "0") + "000")[:3])
    whole = (moment.replace(microsecond=0) - time_of(0).replace(tzinfo=None)).total_seconds()
    ms = int(whole) * 1000 + kept - offset * 60_000
    if 631_152_000_000 <= ms < 4_102_444_800_000:
        assert time_ms(text) == ms
    else:
        with pytest.raises(RuleError, match="1990-01-01"):
            time_ms(text)


def splits(*parts):
    listed = [{"employee": employee, "percent": percent} for employee, percent in parts]
    return example("sale", data={"employee": ..., "splits": listed})


def test_splits():
    event = DECODER.event(splits(("A", Decimal("33.3333")), ("B", "33.3333"), ("C", Decimal("33.3334"))))
    assert sum(split.percent for split in event.data.splits) == 100
    assert "do not sum to 100" in rejection(splits(("A", 50), ("B", Decimal("49.9999"))))
    assert "an employee twice" in rejection(splits(("A", 50), ("A", 50)))
    assert "data.splits.0.percent: expected at most 4 decimals" in rejection(
        splits(("A", Decimal("99.99999")))
    )
    assert "data.splits.1.percent: expected more than 0" in rejection(splits(("A", 100), ("B", 0)))
    assert "data.splits" in rejection(splits(*((f"E{n}", 4) for n in range(25))))
    assert "data.splits" in rejection(splits())
    assert "either employee or splits" in rejection(
        example("sale", data={"splits": [{"employee": "A", "percent": 100}]})
    )


def test_defaults():
    assert DECODER.event(example("defect", data={"count": ...})).data.count == 1
    assert DECODER.event(example("lead", data={"converted": ...})).data.converted is False
    assert "data.count" in rejection(example("defect", data={"count": None}))


def test_every_field_at_fault_is_named_and_long_values_are_cut():
    detail = rejection(example("sale", id="", data={"amount": "x" * 500, "currency": 5, "employee": "é"}))
    assert all(f"{field}: " in detail for field in ("id", "data.amount", "data.currency", "data.employee"))
    assert len(detail) < 500


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=5))
def test_hashes_of_many_are_those_of_each(pairs):
    sources, ids = [source for source, _ in pairs], [id for _, id in pairs]
    assert event_hashes(sources, ids).to_pylist() == [event_hash(*pair) for pair in pairs]
    assert partition_key_hashes(ids).tolist() == [partition_key_hash(id) for id in ids]


def test_hashes_are_those_of_the_published_algorithm():
    assert event_hash("erp", "1").hex() == "61b2ab882686770d23bb668a473c0ac6"
    assert partition_key_hash("") == 0x2D06800538D394C2
    assert partition_key_hash("order-2041") == 9330584498155425418
