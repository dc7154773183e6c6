"""What comes back of packed bytes, and what is refused."""

from __future__ import annotations

import zlib

import pytest
from pydantic import ValidationError

import schemas.packing
from schemas.control import PlanApplied, decode_control, encode_control
from schemas.packing import is_packed, pack, unpack
from schemas.plan_file import load_plan


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]" * 50_000])
def test_what_is_packed_comes_back(value):
    assert unpack(pack(value)) == value
    assert is_packed(pack(value)) == (len(value) > 100_000)


@pytest.mark.parametrize(
    ("value", "said"),
    [(b'x","id":1}', "damaged"), (zlib.compress(b"[1]" * 50)[:-3], "end too early"), (b"x", "end too early")],
)
def test_damaged_bytes_are_refused(value, said):
    with pytest.raises(ValueError, match=said):
        unpack(value)
    with pytest.raises(ValidationError):
        decode_control(value)


def test_a_few_bytes_cannot_fill_the_memory(monkeypatch):
    monkeypatch.setattr(schemas.packing, "_MOST", 1 << 20)
    with pytest.raises(ValueError, match="more than 1,048,576"):
        unpack(zlib.compress(bytes(1 << 21)))


def test_a_packed_record_holds_no_other_packed_one():
    record = encode_control(PlanApplied(id="p", plan=load_plan("plans/example.yaml")))
    assert decode_control(zlib.compress(record)) == decode_control(record)
    with pytest.raises(ValidationError):
        decode_control(zlib.compress(zlib.compress(record)))
