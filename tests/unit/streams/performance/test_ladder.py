"""A tier table's levels row by row are those of the columns."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.plan import Kpi
from streams.performance.ladder import NO_TARGET, Ladder
from streams.performance.quotients import half_up, product
from tests.depth import examples

_KPIS = [
    Kpi(id="k", name="K", aggregate=aggregate, events=("sale",), unit=unit, direction=direction, **more)
    for aggregate, unit, more in (
        ("sum", "money", {"field": "amount"}),
        ("count", "count", {}),
        ("mean", "number", {"field": "amount"}),
        ("min", "number", {"field": "amount"}),
        ("ratio", "percent", {"numerator": {"field": "amount"}, "denominator": {"field": "quantity"}}),
    )
    for direction in ("up", "down")
]
_NUMBERS = st.integers(-(10**13), 10**13) | st.integers(-30_000, 30_000)


@given(
    st.sampled_from(_KPIS),
    st.sampled_from(["value", "attainment"]),
    st.lists(st.decimals(0, 3, places=2) | st.decimals(0, 10**12, places=2), min_size=1, max_size=4, unique=True),
    st.sampled_from([0, 2]),
    _NUMBERS,
    st.integers(0, 10**9),
    st.just(NO_TARGET) | st.integers(0, 10**13),
)
@examples(200, derandomize=True)
def test_level_of_a_row(kpi, by, bounds, min_sample, num, den, target):
    ladder = Ladder(kpi, sorted(bounds), by, min_sample)
    columns = (np.array([number], np.int64) for number in (num, den, target))
    assert ladder.level(num, den, target) == ladder.levels(*columns)[0]


def test_a_level_is_reached_at_its_bound():
    ladder = Ladder(_KPIS[0], [Decimal("0.5"), Decimal(1)], "attainment")
    assert [ladder.level(num, 10_000, 100) for num in (49, 50, 99, 100)] == [0, 1, 1, 2]


@given(st.lists(st.tuples(_NUMBERS, st.integers(1, 10**13), st.integers(1, 10**9)), min_size=1, max_size=5))
@examples(100, derandomize=True)
def test_quotients_round_halves_away_from_zero(rows):
    top, below, factor = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    wanted = []
    for number, divisor, times in rows:
        nearest = (2 * abs(number * times) + divisor) // (2 * divisor)
        wanted.append(nearest if number >= 0 else -nearest)
    if max(map(abs, wanted)) < 2**63:
        assert half_up(product(top, factor), below).tolist() == wanted
