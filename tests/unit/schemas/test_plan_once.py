"""What is worked out once for all partitions of a process: large control records, what follows from a plan alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.control import PlanApplied, decode_control, encode_control, stored_control
from schemas.packing import is_packed, pack, unpack
from schemas.plan_file import load_plan
from schemas.plan_once import once_per_plan


@pytest.fixture(scope="module")
def company():
    return load_plan(Path(__file__).parents[3] / "plans" / "company.yaml")


def test_the_same_bytes_of_a_large_record_are_read_once(company):
    value = encode_control(PlanApplied(id="x", plan=company)) + b" " * (1 << 16)
    found = decode_control(value)
    assert decode_control(bytes(bytearray(value))) is found
    assert decode_control(value.replace(b'"id":"x"', b'"id":"y"', 1)).id == "y"
    for _ in range(2):
        with pytest.raises(ValidationError):
            decode_control(b"{" + value)


def test_what_follows_from_a_plan_is_worked_out_once_for_each_object(company):
    asked = []

    @once_per_plan
    def work(plan):
        asked.append(plan.version)
        return plan.version

    first, other = (company.model_copy(update={"version": version}) for version in (1, 7))
    assert [work(plan) for plan in (first, first, other, other, first)] == [1, 1, 7, 7, 1]
    assert asked == [1, 7, 1]


def test_what_follows_from_several_plans_is_worked_out_once_for_each(company):
    asked = []

    @once_per_plan(plans=2)
    def work(plan):
        asked.append(plan.version)
        return plan.version

    first, other, third = (company.model_copy(update={"version": version}) for version in (1, 2, 3))
    assert [work(plan) for plan in (first, other, first, other, third, other, first)] == [1, 2, 1, 2, 3, 2, 1]
    assert asked == [1, 2, 3, 1]


def test_a_plan_that_a_state_keeps_is_packed_and_read_once(company):
    record = PlanApplied(id="x", plan=company.model_copy(update={"targets": company.targets * 400}))
    plain, stored = encode_control(record), stored_control(record)
    assert len(stored) < len(plain) / 5
    assert decode_control(stored) is decode_control(plain)
    assert decode_control(bytes(bytearray(stored))) is decode_control(stored)
    assert stored_control(PlanApplied(id="y", plan=company)) == encode_control(PlanApplied(id="y", plan=company))


@given(st.binary(max_size=40), st.sampled_from([0, 1, 1 << 16]))
def test_what_is_packed_comes_back(value, times):
    value = b"{" + value * times
    assert unpack(pack(value)) == value
    assert is_packed(pack(value)) == (len(value) >= 1 << 16)
