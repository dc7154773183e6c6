"""The texts of training recommendations: which course, because of which KPI, and what was expected by then. Pure."""

from __future__ import annotations

from datetime import date

from schemas.results import Award
from schemas.wording import Language, day
from sinks.alerts.parts import Message, evidence_lines, holder_text, period_text, what_text, who_text
from sinks.alerts.wording import bound_of, told


def training_message(award: Award, language: Language) -> Message:
    """The text of a recommendation, or of its withdrawal."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who, course = who_text(award, "en"), what_text(award, "en")
    said = "is no longer recommended" if award.state == "revoked" else "is recommended"
    lines = [f"The course {course} {said} to {who} for {period_text(award, 'en')}."]
    if award.state != "revoked":
        lines.append(f"Reason: {bound_of(award, 'en')}.")
    lines += evidence_lines(award, "en")
    for one in award.evidence:
        if one.expected is not None:
            by, expected = day(date.fromisoformat(one.as_of), "en"), told(one.expected, one, award, "en")
            left = "" if award.days_left is None else f"; {award.days_left} working days left"
            lines.append(f"Expected by the end of {by}: {expected}{left}.")
    return Message(f"{course} {said} to {holder_text(award, 'en')}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who, course = who_text(award, "zh"), what_text(award, "zh")
    said = "不再推荐" if award.state == "revoked" else "推荐"
    lines = [f"{said} {who}参加课程{course}（{period_text(award, 'zh')}）。"]
    if award.state != "revoked":
        lines.append(f"原因：{bound_of(award, 'zh')}。")
    lines += evidence_lines(award, "zh")
    for one in award.evidence:
        if one.expected is not None:
            by, expected = day(date.fromisoformat(one.as_of), "zh"), told(one.expected, one, award, "zh")
            left = "" if award.days_left is None else f"，本期还剩 {award.days_left} 个工作日"
            lines.append(f"截至{by}应达到 {expected}{left}。")
    return Message(f"{said} {holder_text(award, 'zh')} 参加{course}", "\n".join(lines))
