"""The exact texts of alerts."""

from __future__ import annotations

import pytest

from schemas.results import Cause, KpiEvidence, decode_award, encode_award
from sinks.alerts.templates import message_of
from sinks.alerts.wording import money, number, percent
from tests.unit.sinks.alerts.awards import BONUS, SILVER, award

REFUND = Cause("shop", "r-3", "refund", 1)


def test_a_tier_in_english():
    message = message_of(SILVER, "en")
    assert message.title == "Li Wei reached Silver (100%)"
    assert message.body.splitlines() == [
        "Li Wei (team sales-east) reached Silver (100%) for 2026-03.",
        "Revenue: 310,000 of 300,000 CNY, 103.33% attained.",
        "Pays at the rate 3%.",
        "Next tier: 120%, 50,000 CNY to go.",
    ]


def test_a_tier_in_chinese():
    message = message_of(SILVER, "zh")
    assert message.title == "Li Wei 达成「银牌」（100%）"
    assert message.body.splitlines() == [
        "Li Wei（团队 sales-east）达成 2026-03 的「银牌」（100%）。",
        "销售额：310,000 CNY，目标 300,000 CNY，达成率 103.33%。",
        "奖励比例：3%。",
        "下一档：120%，还差 50,000 CNY。",
    ]


def test_a_bonus_with_promotion_that_is_not_final_in_english():
    message = message_of(award(BONUS, state="provisional"), "en")
    assert message.title == "Li Wei reached Revenue with satisfied customers (Revenue 100% and Satisfied customers 88)"
    assert message.body.splitlines() == [
        "Li Wei (team sales-east) reached Revenue with satisfied customers (Revenue 100% and Satisfied customers 88)"
        " for 2026-03.",
        "Revenue: 310,000 of 300,000 CNY, 103.33% attained.",
        "Satisfied customers: 88.5 points.",
        "Pays 5,000.00 CNY.",
        "Meets the conditions for a promotion.",
        "Provisional: final only when the period ends.",
    ]


def test_a_bonus_with_promotion_that_is_not_final_in_chinese():
    message = message_of(award(BONUS, state="provisional", name={"en": "Both", "zh": "双达标"}), "zh")
    assert message.body.splitlines() == [
        "Li Wei（团队 sales-east）达成 2026-03 的「双达标」（销售额 100% 且 客户满意度 88）。",
        "销售额：310,000 CNY，目标 300,000 CNY，达成率 103.33%。",
        "客户满意度：88.5 分。",
        "奖励：5,000.00 CNY。",
        "符合晋升条件。",
        "暂定：期末方为最终结果。",
    ]


def test_a_revocation_says_so_and_why_in_both_languages():
    lost = award(SILVER, state="revoked", cause=REFUND, amount="1500", pays="1500", evidence=SILVER.evidence[:1])
    english, chinese = message_of(lost, "en"), message_of(lost, "zh")
    assert english.title == "Revoked: Li Wei, Silver (100%)"
    assert english.body.splitlines() == [
        "Revoked: Li Wei (team sales-east) no longer holds Silver (100%) for 2026-03.",
        "No longer paid: 1,500.00 CNY.",
        "Cause: refund r-3.",
        "Revenue now: 310,000 of 300,000 CNY, 103.33% attained.",
    ]
    assert chinese.title == "撤销：Li Wei，「银牌」（100%）"
    assert chinese.body.splitlines() == [
        "撤销：Li Wei（团队 sales-east）不再享有 2026-03 的「银牌」（100%）。",
        "不再发放：1,500.00 CNY。",
        "原因：退款 r-3。",
        "销售额 现为：310,000 CNY，目标 300,000 CNY，达成率 103.33%。",
    ]


def test_what_a_changed_plan_grants_or_takes_is_called_a_correction():
    changed = Cause("plan:p", "p@2", "plan", 1)
    granted, lost = award(SILVER, cause=changed), award(SILVER, cause=changed, state="revoked")
    assert "Correction: decided anew under the changed plan." in message_of(granted, "en").body.splitlines()
    assert "Correction: decided anew under the changed plan." in message_of(lost, "en").body.splitlines()
    assert "更正：方案变更后重新判定。" in message_of(granted, "zh").body.splitlines()
    assert "更正：方案变更后重新判定。" in message_of(lost, "zh").body.splitlines()


def test_a_name_in_one_language_stands_in_for_the_other_and_an_id_for_a_name():
    bare = award(SILVER, name={"zh": "银牌"}, employee_name="", team="")
    assert message_of(bare, "en").title == "E1 reached 银牌 (100%)"
    assert message_of(bare, "en").body.startswith("E1 reached 银牌")
    assert message_of(award(bare, name={}), "zh").title == "E1 达成「commission」（100%）"


def test_a_rolling_period_is_named_by_its_days():
    rolling = award(SILVER, period_kind="rolling_30d", period="rolling")
    assert message_of(rolling, "en").body.splitlines()[0].endswith(" for the last 30 days.")
    assert "最近 30 天" in message_of(rolling, "zh").body


def test_a_record_without_names_and_units_speaks_by_ids():
    bare = tuple(KpiEvidence(one.kpi, one.value, one.target, one.attainment, one.sample) for one in BONUS.evidence)
    message = message_of(award(BONUS, evidence=bare), "en")
    assert message.title.endswith("(revenue 100% and satisfaction 88)")
    assert message.body.splitlines()[1:3] == [
        "revenue: 310,000 of 300,000, 103.33% attained.",
        "satisfaction: 88.5.",
    ]
    old = encode_award(BONUS).replace(
        b',"name":{"en":"Revenue","zh":"\xe9\x94\x80\xe5\x94\xae\xe9\xa2\x9d"},"unit":"money"', b""
    )
    assert b'Revenue"' not in old and decode_award(old).evidence[0] == bare[0]


@pytest.mark.parametrize(
    ("threshold", "english", "chinese"),
    [
        (
            "revenue 250000 or satisfaction 88",
            "Revenue 250,000 or Satisfied customers 88",
            "销售额 250,000 或 客户满意度 88",
        ),
        ("satisfaction 90% (at least 20)", "Satisfied customers 90% (at least 20)", "客户满意度 90%（至少 20 次）"),
        ("or 5 and and 1000", "or 5 and and 1,000", "or 5 且 and 1,000"),
    ],
)
def test_conditions_have_the_names_of_their_kpis(threshold, english, chinese):
    bonus = award(BONUS, threshold=threshold)
    assert message_of(bonus, "en").title.endswith(f"({english})")
    assert message_of(bonus, "zh").title.endswith(f"（{chinese}）")


def test_percentages_and_times_have_their_units():
    slow = KpiEvidence("reply", "42", "45", "1.0714", 9, {"en": "Reply time"}, "minutes")
    share = KpiEvidence("on-time", "96.5", None, None, 9, {"en": "On time", "zh": "准时率"}, "percent")
    shown = award(SILVER, evidence=(slow, share))
    assert message_of(shown, "en").body.splitlines()[1:3] == [
        "Reply time: 42 of 45 minutes, 107.14% attained.",
        "On time: 96.5%.",
    ]
    assert message_of(shown, "zh").body.splitlines()[1:3] == [
        "Reply time：42 分钟，目标 45 分钟，达成率 107.14%。",
        "准时率：96.5%。",
    ]


def test_a_bound_in_units_has_thousands_marks():
    assert message_of(award(SILVER, threshold="250000", next_tier="300000.5"), "en").title.endswith("(250,000)")
    assert "Next tier: 300,000.5" in message_of(award(SILVER, next_tier="300000.5"), "en").body


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
    assert money(text, currency) == shown


def test_numbers_and_shares():
    assert [number(text) for text in ("1234.5", "0", "-1000", "n/a")] == ["1,234.5", "0", "-1,000", "n/a"]
    assert [percent(text) for text in ("1", "1.05", "0.8", "12.3456")] == ["100%", "105%", "80%", "1,234.56%"]
