"""The texts of training recommendations: which course, because of which KPI, and what was expected by then. Pure."""

from __future__ import annotations

from schemas.results import Award
from sinks.alerts.config import Language
from sinks.alerts.parts import Message, evidence_lines
from sinks.alerts.wording import measured, name_in


def training_message(award: Award, language: Language) -> Message:
    """The text of a recommendation, or of its withdrawal."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who = award.employee_name or award.employee
    course = name_in(award.name, "en", award.rule)
    team = f" (team {award.team})" if award.team else ""
    said = "is no longer recommended" if award.state == "revoked" else "is recommended"
    lines = [f"{course} {said} to {who}{team} for {award.period}.", *evidence_lines(award, "{kpi}")]
    for one in award.evidence:
        if one.expected is not None:
            left = "" if award.days_left is None else f"; {award.days_left} working days left"
            lines.append(f"Expected by the end of {one.as_of}: {measured(one.expected, one, award, 'en')}{left}.")
    return Message(f"{course} {said} to {who}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who = award.employee_name or award.employee
    course = f"「{name_in(award.name, 'zh', award.rule)}」"
    team = f"（团队 {award.team}）" if award.team else ""
    said = "不再推荐" if award.state == "revoked" else "推荐"
    lines = [f"{said} {who}{team}参加课程{course}（{award.period}）。", *evidence_lines(award, "{kpi}", "zh")]
    for one in award.evidence:
        if one.expected is not None:
            left = "" if award.days_left is None else f"，还有 {award.days_left} 个工作日"
            lines.append(f"截至 {one.as_of} 应达到 {measured(one.expected, one, award, 'zh')}{left}。")
    return Message(f"{said} {who} 参加{course}", "\n".join(lines))
