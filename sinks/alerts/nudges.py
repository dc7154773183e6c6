"""The texts of nudges: how far it still is to the next tier, and how many days are left. Pure."""

from __future__ import annotations

from schemas.results import Award
from schemas.wording import Language, percent
from sinks.alerts.parts import (
    Message,
    evidence_lines,
    gap_text,
    holder_text,
    is_rate,
    pays_text,
    period_text,
    what_text,
    who_text,
)
from sinks.alerts.wording import bound_of, decimal_of, told


def nudge_message(award: Award, language: Language) -> Message:
    """The text of a nudge."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who, full = who_text(award, "en"), f"{what_text(award, 'en')} ({bound_of(award, 'en')})"
    period, gap = period_text(award, "en"), gap_text(award, "en")
    lines = [f"{who} is close to {full} for {period}{f': {gap} to go' if gap else ''}."]
    if ends := _forecast(award, "en"):
        lines = [f"At this pace {who} ends {period} at {ends}: {gap} short of {full}."]
    if award.days_left is not None:
        lines.append(_left(award.days_left, "working day" if award.workdays else "day"))
    lines += evidence_lines(award, "en")
    if paid := pays_text(award, "en"):
        lines.append(f"That tier pays {'at the rate ' if is_rate(award) else ''}{paid}.")
    close = "may just miss" if ends else "is close to"
    return Message(f"{holder_text(award, 'en')} {close} {full}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who, full = who_text(award, "zh"), f"{what_text(award, 'zh')}（{bound_of(award, 'zh')}）"
    period, gap = period_text(award, "zh"), gap_text(award, "zh")
    lines = [f"{who}即将达成{period}的{full}{f'，还差 {gap}' if gap else ''}。"]
    if ends := _forecast(award, "zh"):
        lines = [f"按此进度，{who}{period}期末将达到 {ends}，距{full}还差 {gap}。"]
    if award.days_left is not None:
        lines.append(_left_zh(award.days_left, award.workdays))
    lines += evidence_lines(award, "zh")
    if paid := pays_text(award, "zh"):
        lines.append(f"该档奖励{'比例' if is_rate(award) else ''}：{paid}。")
    close = "按当前进度将略低于" if ends else "即将达成"
    return Message(f"{holder_text(award, 'zh')} {close}{full}", "\n".join(lines))


def _forecast(award: Award, language: Language) -> str:
    """Where the period ends at this pace, and which attainment that is; '' where no forecast decided."""
    one = next(iter(award.evidence), None)
    if one is None or one.forecast is None:
        return ""
    ends = told(one.forecast, one, award, language)
    attainment = decimal_of(one.forecast_attainment)
    if attainment is None:
        return ends
    reached = percent(attainment)
    return f"{ends}（达成率 {reached}）" if language == "zh" else f"{ends} ({reached} attained)"


def _left(days: int, day: str) -> str:
    if not days:
        return f"No {day} is left after this one."
    return f"{days} {day}{'' if days == 1 else 's'} left after this one."


def _left_zh(days: int, workdays: bool) -> str:
    unit = "个工作日" if workdays else "天"
    return f"今天之后还剩 {days} {unit}。" if days else f"今天是本期最后一{unit}。"
