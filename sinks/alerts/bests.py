"""The texts of personal bests: the period's value, and the best one before it. Pure."""

from __future__ import annotations

from schemas.results import Award
from schemas.wording import Language
from sinks.alerts.parts import (
    Message,
    evidence_lines,
    holder_text,
    pays_text,
    period_text,
    provisional_text,
    what_text,
    who_text,
)


def personal_best_message(award: Award, language: Language) -> Message:
    """The text of a personal best, or of its revocation. The second KPI of the evidence is the best before."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who, what, period = who_text(award, "en"), what_text(award, "en"), period_text(award, "en")
    revoked = award.state == "revoked"
    lines = [f"{who} has a personal best in {period}: {what}."]
    if revoked:
        lines = [f"Revoked: {period} is no personal best of {who} any more: {what}."]
    lines += evidence_lines(award, "en", now=revoked)
    if paid := pays_text(award, "en"):
        lines.append(f"No longer paid: {paid}." if revoked else f"Pays {paid}.")
    if award.state == "provisional":
        lines.append(provisional_text("en"))
    short = holder_text(award, "en")
    return Message(f"{'Revoked: ' if revoked else ''}{short}, personal best: {what}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who, what, period = who_text(award, "zh"), what_text(award, "zh"), period_text(award, "zh")
    revoked = award.state == "revoked"
    lines = [f"{who}在{period}刷新个人最佳：{what}。"]
    if revoked:
        lines = [f"撤销：{period}不再是{who}的个人最佳：{what}。"]
    lines += evidence_lines(award, "zh", now=revoked)
    if paid := pays_text(award, "zh"):
        lines.append(f"不再发放：{paid}。" if revoked else f"奖励：{paid}。")
    if award.state == "provisional":
        lines.append(provisional_text("zh"))
    short = holder_text(award, "zh")
    return Message(f"{'撤销：' if revoked else ''}{short} 个人最佳{what}", "\n".join(lines))
