"""The exact texts of nudges."""

from __future__ import annotations

import msgspec
import pytest

from infra.run.view import award_line
from schemas.results import Award
from sinks.alerts.routing import severity_of
from sinks.alerts.templates import message_of
from tests.unit.sinks.alerts.awards import SILVER, award

NUDGE = award(SILVER, kind="nudge", threshold="120%", next_tier="120%", gap="5000", days_left=3)


def test_a_nudge_in_english():
    message = message_of(NUDGE, "en")
    assert message.title == "Li Wei is close to “Silver” (120%)"
    assert message.body.splitlines() == [
        "Li Wei (team sales-east) is close to “Silver” (120%) for March 2026: 5,000 CNY to go.",
        "3 days left after this one.",
        "Revenue: 310,000 CNY, target 300,000 CNY, 103.33% attained.",
        "That tier pays at the rate 3%.",
    ]


def test_a_nudge_in_chinese():
    message = message_of(award(NUDGE, amount="1500", workdays=True), "zh")
    assert message.title == "Li Wei 即将达成「银牌」（120%）"
    assert message.body.splitlines() == [
        "Li Wei（团队 sales-east）即将达成2026年3月的「银牌」（120%），还差 5,000 元。",
        "今天之后还剩 3 个工作日。",
        "销售额：310,000 元，目标 300,000 元，达成率 103.33%。",
        "该档奖励：1,500.00 元。",
    ]


def forecast(**more: str) -> Award:
    seen = msgspec.structs.replace(SILVER.evidence[0], value="180000", attainment="0.6", as_of="2026-03-20", **more)
    return award(NUDGE, threshold="100%", gap="21000", evidence=(seen,))


def test_where_the_month_ends_at_this_pace():
    told = forecast(forecast="279000", forecast_attainment="0.93")
    said, written = (message_of(told, one).body.splitlines()[0] for one in ("en", "zh"))
    assert said == (
        "At this pace Li Wei (team sales-east) ends March 2026 at 279,000 CNY (93% attained): 21,000 CNY short of "
        "“Silver” (100%)."
    )
    assert written == (
        "按此进度，Li Wei（团队 sales-east）2026年3月期末将达到 279,000 元（达成率 93%），"
        "距「银牌」（100%）还差 21,000 元。"
    )
    assert "at 279,000 CNY: 21,000" in message_of(forecast(forecast="279000"), "en").body


@pytest.mark.parametrize(
    ("days", "workdays", "english", "chinese"),
    [
        (0, False, "No day is left after this one.", "今天是本期最后一天。"),
        (1, True, "1 working day left after this one.", "今天之后还剩 1 个工作日。"),
        (0, True, "No working day is left after this one.", "今天是本期最后一个工作日。"),
        (None, False, None, None),
    ],
)
def test_days_left(days, workdays, english, chinese):
    lines = [message_of(award(NUDGE, days_left=days, workdays=workdays), one).body.splitlines() for one in ("en", "zh")]
    assert [english in lines[0], chinese in lines[1]] == [days is not None] * 2
    assert len(lines[0]) == (3 if days is None else 4)


def test_a_nudge_is_no_high_matter_and_is_shown_as_such():
    assert severity_of(NUDGE) == "normal"
    assert award_line(NUDGE) == "Li Wei: close to Silver 120%, 2026-03"
    short = forecast(forecast="279000")
    assert award_line(short) == "Li Wei: at this pace just short of Silver 100%, 2026-03"
