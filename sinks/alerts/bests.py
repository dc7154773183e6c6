"""The texts of personal bests: the period's value, and the best one before it. Pure."""

from __future__ import annotations

from schemas.results import Award
from sinks.alerts.config import Language
from sinks.alerts.parts import Message, evidence_lines, pays_text
from sinks.alerts.wording import name_in


def personal_best_message(award: Award, language: Language) -> Message:
    """The text of a personal best, or of its revocation. The second KPI of the evidence is the best before."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who = award.employee_name or award.employee
    what = name_in(award.name, "en", award.rule)
    team = f" (team {award.team})" if award.team else ""
    revoked = award.state == "revoked"
    lines = [f"{who}{team} has a personal best in {award.period}: {what}."]
    if revoked:
        lines = [f"Revoked: {award.period} is no personal best of {who}{team} any more: {what}."]
    lines += evidence_lines(award, "{kpi} now" if revoked else "{kpi}")
    if paid := pays_text(award):
        lines.append(f"No longer paid: {paid}." if revoked else f"Pays {paid}.")
    if award.state == "provisional":
        lines.append("Provisional: final only when the period ends.")
    return Message(f"{'Revoked: ' if revoked else ''}{who}, personal best: {what}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who = award.employee_name or award.employee
    what = f"「{name_in(award.name, 'zh', award.rule)}」"
    team = f"（团队 {award.team}）" if award.team else ""
    revoked = award.state == "revoked"
    lines = [f"{who}{team}在 {award.period} 刷新个人最佳：{what}。"]
    if revoked:
        lines = [f"撤销：{award.period} 不再是 {who}{team}的个人最佳：{what}。"]
    lines += evidence_lines(award, "{kpi} 现为" if revoked else "{kpi}", "zh")
    if paid := pays_text(award):
        lines.append(f"不再发放：{paid}。" if revoked else f"奖励：{paid}。")
    if award.state == "provisional":
        lines.append("暂定：期末方为最终结果。")
    return Message(f"{'撤销：' if revoked else ''}{who} 个人最佳{what}", "\n".join(lines))
