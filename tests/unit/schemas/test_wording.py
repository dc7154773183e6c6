"""Numbers, money, periods as people write them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from schemas.wording import difference, event, measured, money, number, percent, period, periods_running, rounded


@pytest.mark.parametrize(
    ("text", "currency", "shown"),
    [
        ("5000", "CNY", "5,000.00 CNY"),
        ("0.5", "CNY", "0.50 CNY"),
        ("1234567.8901", "CNY", "1,234,567.8901 CNY"),
        ("1500", "JPY", "1,500 JPY"),
        ("1.5", "KWD", "1.500 KWD"),
        ("-20", "USD", "-20.00 USD"),
        ("1E+3", "CNY", "1,000.00 CNY"),
    ],
)
def test_money_has_the_decimals_of_its_currency(text, currency, shown):
    assert money(Decimal(text), currency) == shown


def test_numbers_and_shares():
    assert [number(Decimal(text)) for text in ("1234.50", "0", "-1000")] == ["1,234.5", "0", "-1,000"]
    assert [percent(Decimal(text)) for text in ("1", "1.05", "0.8", "12.3456")] == ["100%", "105%", "80%", "1,234.56%"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *[("78.6304", "78.63"), ("89.9996", "89.9996"), ("90", "90")],
        *[("90.004", "90.004"), ("0.005", "0.01"), ("-1.255", "-1.26")],
    ],
)
def test_rounding_never_reaches_a_whole_number_that_the_value_does_not(value, shown):
    assert f"{rounded(Decimal(value)).normalize():f}" == shown


@pytest.mark.parametrize(
    ("value", "unit", "english", "chinese"),
    [
        ("310000", "money", "310,000 CNY", "310,000 元"),
        ("90909.0909", "money", "90,909.09 CNY", "90,909.09 元"),
        ("1", "days", "1 day", "1 天"),
        ("48.5", "minutes", "48.5 minutes", "48.5 分钟"),
        ("95.25", "percent", "95.25%", "95.25%"),
        ("0.3967", "number", "0.3967", "0.3967"),
        ("1200", "count", "1,200", "1,200"),
    ],
)
def test_a_value_has_its_unit(value, unit, english, chinese):
    assert measured(Decimal(value), unit, "CNY", "en") == english
    assert measured(Decimal(value), unit, "CNY", "zh") == chinese


def test_currencies():
    assert measured(Fraction(100_000, 3), "money", "JPY", "en") == "33,333 JPY"
    assert money(Decimal("12.5"), "USD", "zh") == "12.50 美元" and money(Decimal(3), "CHF", "zh") == "3.00 CHF"
    assert difference(Decimal(1), "percent", "CNY", "en") == "1 percentage point"


@pytest.mark.parametrize(
    ("kind", "key", "english", "chinese"),
    [
        ("day", "2026-03-31", "31 March 2026", "2026年3月31日"),
        ("week", "2026-W04", "week 4 of 2026", "2026年第4周"),
        ("month", "2026-03", "March 2026", "2026年3月"),
        ("quarter", "2026-Q1", "Q1 2026", "2026年第1季度"),
        ("year", "2026", "2026", "2026年"),
        ("rolling_30d", "rolling", "the last 30 days", "最近 30 天"),
        ("season", "2026-03", "2026-03", "2026-03"),
        ("fiscal_month", "2026-F03", "2026-F03", "2026-F03"),
        ("month", "2026-01…2026-03", "2026-01…2026-03", "2026-01…2026-03"),
    ],
)
def test_periods(kind, key, english, chinese):
    assert (period(kind, key, "en"), period(kind, key, "zh")) == (english, chinese)


def test_kinds_of_events():
    assert (event("survey_answer", "en"), event("refund", "zh")) == ("survey answer", "退款")
    assert event("customer_review", "zh") == "customer_review"


@pytest.mark.parametrize(
    ("count", "kind", "english", "chinese"),
    [
        (3, "month", "3 months in a row", "连续 3 个月"),
        (1, "week", "1 week", "1 周"),
        (2, "season", "2 periods in a row", "连续 2 个周期"),
    ],
)
def test_so_many_periods(count, kind, english, chinese):
    assert periods_running(count, kind, "en") == english
    assert periods_running(count, kind, "zh") == chinese
