"""The texts of personal bests: the period's value, and the best one before it. Pure."""

from __future__ import annotations

from schemas.results import Award, KpiEvidence
from schemas.wording import Language, within
from schemas.wording import period as period_name
from sinks.alerts.parts import (
    Message,
    cause_text,
    evidence_line,
    holder_text,
    pays_text,
    period_text,
    provisional_text,
    what_text,
    who_text,
)
from sinks.alerts.wording import told


def personal_best_message(award: Award, language: Language) -> Message:
    """The text of a personal best, or of its revocation. The second KPI of the evidence is the best before."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who, what, period = who_text(award, "en"), what_text(award, "en"), period_text(award, "en")
    when = within(award.period_kind, award.period)
    revoked = award.state == "revoked"
    lines = [f"{who} has a personal best {when}: {what}."]
    if revoked:
        lines = [f"Revoked: {period} is no personal best of {who} any more: {what}."]
        lines.append(cause_text(award, "en"))
    lines += _evidence(award, "en", revoked)
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
        lines.append(cause_text(award, "zh"))
    lines += _evidence(award, "zh", revoked)
    if paid := pays_text(award, "zh"):
        lines.append(f"不再发放：{paid}。" if revoked else f"奖励：{paid}。")
    if award.state == "provisional":
        lines.append(provisional_text("zh"))
    short = holder_text(award, "zh")
    return Message(f"{'撤销：' if revoked else ''}{short} 个人最佳{what}", "\n".join(lines))


def _evidence(award: Award, language: Language, now: bool) -> list[str]:
    return [
        _best_before(award, one, language) if one.period else evidence_line(award, one, language, now)
        for one in award.evidence
    ]


def _best_before(award: Award, one: KpiEvidence, language: Language) -> str:
    value = told(one.value, one, award, language)
    if language == "zh":
        return f"此前最佳：{period_name(award.period_kind, one.period, 'zh')}的 {value}。"
    return f"Best before: {value} {within(award.period_kind, one.period)}."
