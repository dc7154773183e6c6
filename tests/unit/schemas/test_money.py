"""Fixed-point money: exact conversions, half-up rounding, splits that lose nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.money import (
    format_fixed,
    from_fixed,
    minor_step,
    round_half_up,
    split_largest_remainder,
    to_fixed,
)

fixed = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    "currency, step", [("CNY", 100), ("JPY", 10_000), ("KWD", 10), ("CLF", 1), ("EUR", 100)]
)
def test_minor_unit(currency, step):
    assert minor_step(currency) == step


@given(fixed)
def test_fixed_and_decimal_are_the_same_number(number):
    assert to_fixed(from_fixed(number)) == number


def test_a_fifth_decimal_is_refused():
    with pytest.raises(ValueError, match="more than 4 decimals"):
        to_fixed(Decimal("0.00001"))


@pytest.mark.parametrize(
    "amount, step, rounded",
    [
        (Fraction(50), 100, 100),
        (Fraction(-50), 100, -100),
        (Fraction(4999, 100), 100, 0),
        (Fraction(23_999_996), 100, 24_000_000),
        (Fraction(1, 3), 1, 0),
        (Fraction(5_000), 10_000, 10_000),
        (Fraction(0), 100, 0),
    ],
)
def test_halves_go_away_from_zero(amount, step, rounded):
    assert round_half_up(amount, step) == rounded


@given(st.fractions(-(10**9), 10**9), st.sampled_from([1, 10, 100, 10_000]))
def test_rounding_is_to_the_nearest_step(amount, step):
    rounded = round_half_up(amount, step)
    assert rounded % step == 0
    assert abs(rounded - amount) * 2 <= step
    assert round_half_up(-amount, step) == -rounded


@pytest.mark.parametrize(
    "number, decimals, text",
    [
        (500_000_050, 2, "50000.01"),
        (-50, 2, "-0.01"),
        (10_500, 0, "1"),
        (15_000, 0, "2"),
        (12_345, 4, "1.2345"),
    ],
)
def test_text(number, decimals, text):
    assert format_fixed(number, decimals) == text


def test_the_worked_split():
    parts = split_largest_remainder(500_000_100, [500_000, 300_000, 200_000], 1_000_000, 100)
    assert parts == [250_000_100, 150_000_000, 100_000_000]


shares = st.lists(st.integers(1, 1000), min_size=1, max_size=8)


@given(fixed, shares, st.sampled_from([1, 100, 10_000]))
def test_a_split_loses_nothing_and_is_fair_to_a_step(total, weights, step):
    parts = split_largest_remainder(total, weights, sum(weights), step)
    assert sum(parts) == total
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        assert part % step == 0
        assert abs(part - Fraction(total * weight, sum(weights))) < 2 * step


@given(fixed, shares)
def test_a_negative_total_splits_like_its_opposite(total, weights):
    parts = split_largest_remainder(total, weights, sum(weights), 100)
    assert split_largest_remainder(-total, weights, sum(weights), 100) == [-part for part in parts]
