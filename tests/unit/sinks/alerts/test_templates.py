"""The exact texts of alerts."""

from __future__ import annotations

import msgspec
import pytest

from infra.run.view import award_line
from schemas.results import Cause, KpiEvidence, decode_award, encode_award
from sinks.alerts.templates import message_of
from tests.unit.sinks.alerts.awards import BONUS, SILVER, award

REFUND = Cause("shop", "r-3", "refund", 1)


def test_a_tier_in_english():
    message = message_of(SILVER, "en")
    assert message.title == "Li Wei reached “Silver” (100%)"
    assert message.body.splitlines() == [
        "Li Wei (team sales-east) reached “Silver” (100%) for March 2026.",
        "Revenue: 310,000 CNY, target 300,000 CNY, 103.33% attained.",
        "Pays at the rate 3%.",
        "Next tier: 120%, 50,000 CNY to go.",
    ]


def test_a_tier_in_chinese():
    message = message_of(SILVER, "zh")
    assert message.title == "Li Wei 达成「银牌」（100%）"
    assert message.body.splitlines() == [
        "Li Wei（团队 sales-east）达成2026年3月的「银牌」（100%）。",
        "销售额：310,000 元，目标 300,000 元，达成率 103.33%。",
        "奖励比例：3%。",
        "下一档：120%，还差 50,000 元。",
    ]


def test_a_bonus_with_promotion_that_is_not_final_in_english():
    message = message_of(award(BONUS, state="provisional"), "en")
    assert message.title == "Li Wei reached “Revenue with satisfied customers”"
    assert message.body.splitlines() == [
        "Li Wei (team sales-east) reached “Revenue with satisfied customers” for March 2026.",
        "Conditions: Revenue 100% and Satisfied customers 88.",
        "Revenue: 310,000 CNY, target 300,000 CNY, 103.33% attained.",
        "Satisfied customers: 88.5 points.",
        "Pays 5,000.00 CNY.",
        "Meets the conditions for a promotion.",
        "Provisional: final once the period is closed.",
    ]


def test_a_bonus_with_promotion_that_is_not_final_in_chinese():
    message = message_of(award(BONUS, state="provisional", name={"en": "Both", "zh": "双达标"}), "zh")
    assert message.body.splitlines() == [
        "Li Wei（团队 sales-east）达成2026年3月的「双达标」。",
        "条件：销售额 100% 且 客户满意度 88。",
        "销售额：310,000 元，目标 300,000 元，达成率 103.33%。",
        "客户满意度：88.5 分。",
        "奖励：5,000.00 元。",
        "符合晋升条件。",
        "暂定结果，关账后才最终确定。",
    ]


def test_a_revocation_says_so_and_why_in_both_languages():
    lost = award(SILVER, state="revoked", cause=REFUND, amount="1500", pays="1500", evidence=SILVER.evidence[:1])
    english, chinese = message_of(lost, "en"), message_of(lost, "zh")
    assert english.title == "Revoked: Li Wei, “Silver” (100%)"
    assert english.body.splitlines() == [
        "Revoked: Li Wei (team sales-east) no longer holds “Silver” (100%) for March 2026.",
        "No longer paid: 1,500.00 CNY.",
        "Cause: refund r-3.",
        "Revenue now: 310,000 CNY, target 300,000 CNY, 103.33% attained.",
    ]
    assert chinese.title == "撤销：Li Wei「银牌」（100%）"
    assert chinese.body.splitlines() == [
        "撤销：Li Wei（团队 sales-east）不再享有2026年3月的「银牌」（100%）。",
        "不再发放：1,500.00 元。",
        "原因：退款 r-3。",
        "销售额现为：310,000 元，目标 300,000 元，达成率 103.33%。",
    ]


def test_a_tier_lost_for_want_of_events_is_told_so():
    few = award(SILVER, threshold="88 (at least 20)", next_tier=None, gap=None, evidence=BONUS.evidence[1:2])
    lost = award(few, state="revoked", cause=REFUND)
    english, chinese = message_of(lost, "en"), message_of(lost, "zh")
    assert english.title == "Revoked: Li Wei, “Silver” (88 points)"
    assert english.body.splitlines()[-2:] == [
        "Satisfied customers now: 88.5 points.", "A sample of 6; it takes at least 20.",
    ]  # fmt: skip
    assert chinese.body.splitlines()[-1] == "样本仅 6，须不少于 20。"
    for other in (few, award(lost, threshold="88 (at least 6)"), award(lost, threshold="88")):
        assert "ample of" not in message_of(other, "en").body
    assert message_of(few, "en").title == "Li Wei reached “Silver” (88 points)"
    assert award_line(few) == "Li Wei: Silver 88, 2026-03"


def test_what_a_changed_plan_grants_or_takes_is_called_a_correction():
    changed = Cause("plan:p", "p@2", "plan", 1)
    granted, lost = award(SILVER, cause=changed), award(SILVER, cause=changed, state="revoked")
    assert "Correction: decided anew under the changed plan." in message_of(granted, "en").body.splitlines()
    assert "Correction: decided anew under the changed plan." in message_of(lost, "en").body.splitlines()
    assert "更正：方案变更后重新判定。" in message_of(granted, "zh").body.splitlines()
    assert "更正：方案变更后重新判定。" in message_of(lost, "zh").body.splitlines()


def test_a_name_in_one_language_stands_in_for_the_other_and_an_id_for_a_name():
    bare = award(SILVER, name={"zh": "银牌"}, employee_name="", team="")
    assert message_of(bare, "en").title == "E1 reached “银牌” (100%)"
    assert message_of(bare, "en").body.startswith("E1 reached “银牌”")
    assert message_of(award(bare, name={}), "zh").title == "E1 达成「commission」（100%）"


def test_a_rolling_period_is_named_by_its_days():
    rolling = award(SILVER, period_kind="rolling_30d", period="rolling")
    assert message_of(rolling, "en").body.splitlines()[0].endswith(" for the last 30 days.")
    assert "最近 30 天" in message_of(rolling, "zh").body


def test_a_record_without_names_and_units_speaks_by_ids():
    bare = tuple(KpiEvidence(one.kpi, one.value, one.target, one.attainment, one.sample) for one in BONUS.evidence)
    message = message_of(award(BONUS, evidence=bare), "en")
    assert message.body.splitlines()[1:4] == [
        "Conditions: revenue 100% and satisfaction 88.",
        "revenue: 310,000, target 300,000, 103.33% attained.",
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
        (
            "satisfaction 90% (at least 20)",
            "Satisfied customers 90% (a sample of at least 20)",
            "客户满意度 90%（样本不少于 20）",
        ),
        ("or 5 and and 1000", "or 5 and and 1,000", "or 5 且 and 1,000"),
    ],
)
def test_conditions_have_the_names_of_their_kpis(threshold, english, chinese):
    bonus = award(BONUS, threshold=threshold)
    assert message_of(bonus, "en").body.splitlines()[1] == f"Conditions: {english}."
    assert message_of(bonus, "zh").body.splitlines()[1] == f"条件：{chinese}。"


def test_percentages_and_times_have_their_units():
    slow = KpiEvidence("reply", "42", "45", "1.0714", 9, {"en": "Reply time"}, "minutes")
    share = KpiEvidence("on-time", "96.5", None, None, 9, {"en": "On time", "zh": "准时率"}, "percent")
    shown = award(SILVER, evidence=(slow, share))
    assert message_of(shown, "en").body.splitlines()[1:3] == [
        "Reply time: 42 minutes, target 45 minutes, 107.14% attained.",
        "On time: 96.5%.",
    ]
    assert message_of(shown, "zh").body.splitlines()[1:3] == [
        "Reply time：42 分钟，目标 45 分钟，达成率 107.14%。",
        "准时率：96.5%。",
    ]


def test_a_bound_on_the_value_has_its_unit():
    assert message_of(award(SILVER, threshold="250000", next_tier="300000.5"), "en").title.endswith("(250,000 CNY)")
    assert "Next tier: 300,000.50 CNY, 50,000 CNY to go." in message_of(award(SILVER, next_tier="300000.5"), "en").body


def test_a_tier_that_was_passed_at_once_is_not_announced_as_the_next():
    assert "Next tier" not in message_of(award(SILVER, gap="0"), "en").body


def test_a_rate_that_was_lost_is_no_money():
    lost = award(SILVER, state="revoked", cause=REFUND)
    assert "The rate of 3% no longer applies." in message_of(lost, "en").body.splitlines()
    assert "3% 的比例不再适用。" in message_of(lost, "zh").body.splitlines()


def test_what_is_missing_to_a_percentage_are_percentage_points():
    share = KpiEvidence("on-time", "93", "95", "0.9789", 9, {"en": "On time", "zh": "准时率"}, "percent")
    shown = award(SILVER, evidence=(share,), next_tier="95%", gap="2")
    assert "Next tier: 95%, 2 percentage points to go." in message_of(shown, "en").body.splitlines()
    assert "下一档：95%，还差 2 个百分点。" in message_of(shown, "zh").body.splitlines()


def test_a_unit_as_a_whole_goes_by_its_name():
    team = award(SILVER, employee="", employee_name="Sales East", unit_kind="team", unit="sales-east")
    assert message_of(team, "en").body.splitlines()[0] == "Sales East reached “Silver” (100%) for March 2026."


def test_units_go_by_their_names_in_the_language_where_the_plan_has_them():
    names = {"en": "Sales East", "zh": "华东销售"}
    person = award(SILVER, team_name=names)
    assert message_of(person, "en").body.startswith("Li Wei (team Sales East) reached")
    assert message_of(person, "zh").body.startswith("Li Wei（团队 华东销售）达成")
    about = {"employee": "", "employee_name": "Sales East", "unit_kind": "team", "unit": "sales-east"}
    team = award(SILVER, **about, unit_name=names)
    assert message_of(team, "en").title == "Sales East reached “Silver” (100%)"
    assert message_of(team, "zh").title == "华东销售 达成「银牌」（100%）"
    old = encode_award(person).replace(b',"team_name":' + msgspec.json.encode(names), b"")
    assert decode_award(old) == SILVER
