"""What sales were paid: shares of reversals, forgetting by the log's own days, checkpoint rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.performance.paid_sales import PaidSales

HOLDER = "rule", "E1"
DAY_MS = 24 * 3600 * 1000


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(1, 10**6), min_size=1))
def test_refunds_of_all_of_a_sale_take_back_all_that_it_was_paid(paid, refunds):
    sales = PaidSales()
    sales.pay(HOLDER, b"s", 0, paid * 100, sum(refunds))
    assert sum(sales.reverse(HOLDER, b"s", 0, refund, 100) for refund in refunds) == -paid * 100


def test_a_sale_is_forgotten_once_the_log_is_beyond_the_horizon():
    sales = PaidSales()
    day, _ = sales.arrive(100 * DAY_MS, 10)
    sales.pay(HOLDER, b"s", day, 500, 100)
    _, floor = sales.arrive(117 * DAY_MS, 10)  # ten days, and seven that crediting may lag
    assert sales.reverse(HOLDER, b"s", floor, 50, 1) == -250
    saved = sales.dirty_rows()
    _, floor = sales.arrive(118 * DAY_MS, 10)
    assert sales.reverse(HOLDER, b"s", floor, 50, 1) is None
    assert sales.dirty_rows()["paid/rule\x1fE1\x1f100"] == b""
    assert "paid/rule\x1fE1\x1f100" in saved
    assert sales.dirty_rows() == {}


def test_a_restored_sale_goes_on_where_it_was():
    first, second = PaidSales(), PaidSales()
    first.pay(HOLDER, b"s", 0, 100, 3)
    assert first.reverse(HOLDER, b"s", 0, 1, 1) == -33
    second.restore(first.dirty_rows())
    assert [second.reverse(HOLDER, b"s", 0, 1, 1) for _ in range(2)] == [-34, -33]


def test_records_that_were_never_in_kafka_forget_nothing():
    sales = PaidSales()
    assert sales.arrive(-1, 1) == (0, 0)
    assert sales.dirty_rows() == {}


def test_a_sale_that_comes_back_is_paid_anew():
    sales = PaidSales()
    sales.pay(HOLDER, b"s", 1, 700, 100)
    assert sales.reverse(HOLDER, b"s", 0, 100, 1) == -700
    sales.come(HOLDER, b"s", 3, 300, 60)
    assert sales.reverse(HOLDER, b"s", 0, 20, 1) == -100
    restored = PaidSales()
    restored.restore(sales.dirty_rows())
    assert restored.reverse(HOLDER, b"s", 0, 40, 1) == -200
    assert restored.reverse(HOLDER, b"s", 4, 40, 1) is None  # its day is that on which it came back
