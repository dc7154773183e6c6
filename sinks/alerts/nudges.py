"""The texts of nudges: how far it still is to the next tier, and how many days are left. Pure."""

from __future__ import annotations

from schemas.results import Award
from sinks.alerts.config import Language
from sinks.alerts.parts import Message, evidence_lines, gap_text, is_rate, pays_text, period_text
from sinks.alerts.wording import bound_of, measured, name_in, percent


def nudge_message(award: Award, language: Language) -> Message:
    """The text of a nudge."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who = award.employee_name or award.employee
    full = f"{name_in(award.name, 'en', award.rule)} ({bound_of(award, 'en')})"
    team = f" (team {award.team})" if award.team else ""
    gap = f": {gap_text(award, 'en')} to go" if award.gap is not None else ""
    lines = [f"{who}{team} is close to {full} for {period_text(award, 'the last {days} days')}{gap}."]
    if ends := _forecast(award, "en"):
        lines = [f"At this pace {who}{team} ends {award.period} at {ends}: {gap_text(award, 'en')} short of {full}."]
    if award.days_left is not None:
        lines.append(_left(award.days_left, "working day" if award.workdays else "day"))
    lines += evidence_lines(award, "{kpi}")
    if paid := pays_text(award):
        lines.append(f"That tier pays {'at the rate ' if is_rate(award) else ''}{paid}.")
    return Message(f"{who} is close to {full}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who = award.employee_name or award.employee
    full = f"「{name_in(award.name, 'zh', award.rule)}」（{bound_of(award, 'zh')}）"
    team = f"（团队 {award.team}）" if award.team else ""
    gap = f"，还差 {gap_text(award, 'zh')}" if award.gap is not None else ""
    lines = [f"{who}{team}即将达成 {period_text(award, '最近 {days} 天')} 的{full}{gap}。"]
    if ends := _forecast(award, "zh"):
        lines = [f"按此进度，{who}{team} {award.period} 期末将达到 {ends}，距{full}差 {gap_text(award, 'zh')}。"]
    if award.days_left is not None:
        lines.append(_left_zh(award.days_left, award.workdays))
    lines += evidence_lines(award, "{kpi}", "zh")
    if paid := pays_text(award):
        lines.append(f"该档奖励{'比例' if is_rate(award) else ''}：{paid}。")
    return Message(f"{who} 即将达成{full}", "\n".join(lines))


def _forecast(award: Award, language: Language) -> str:
    """Where the period ends at this pace, and which attainment that is; '' where no forecast decided."""
    one = next(iter(award.evidence), None)
    if one is None or one.forecast is None:
        return ""
    ends = measured(one.forecast, one, award, language)
    if one.forecast_attainment is None:
        return ends
    reached = percent(one.forecast_attainment)
    return f"{ends}（达成率 {reached}）" if language == "zh" else f"{ends} ({reached} attained)"


def _left(days: int, day: str) -> str:
    if not days:
        return f"No {day} is left after this one."
    return f"{days} {day}{'' if days == 1 else 's'} left after this one."


def _left_zh(days: int, workdays: bool) -> str:
    if not days:
        return f"此后不再有{'工作日' if workdays else '时间'}。"
    return f"此后还有 {days} {'个工作日' if workdays else '天'}。"
