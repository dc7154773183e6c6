"""The texts of alerts in English and Chinese. Pure: the same award gives the same text.

Who, what was reached, what it pays, how far to the next tier; what is revoked or not final yet is said as such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from schemas.results import Award, KpiEvidence
from sinks.alerts.config import Language
from sinks.alerts.wording import bound_of, kpi_name, measured, money, name_in, number, percent, written

#: Type of the cause where a plan change decided an award.
_PLAN_CAUSE = "plan"
_ROLLING = re.compile(r"rolling_(\d+)d")
#: Causes that people know by a name; any other event type is shown as it is.
_CAUSES_ZH = {"refund": "退款", "sale": "销售"}


@dataclass(frozen=True)
class Message:
    """Plain text: a line, and lines that say more."""

    title: str
    body: str


def message_of(award: Award, language: Language) -> Message:
    """The text of the alert about ``award``."""
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who = award.employee_name or award.employee
    what = name_in(award.name, "en", award.rule)
    bound = bound_of(award, "en")
    period = _period(award, "the last {days} days")
    team = f" (team {award.team})" if award.team else ""
    full = f"{what} ({bound})" if bound else what
    if award.state == "revoked":
        lines = [f"Revoked: {who}{team} no longer holds {full} for {period}."]
        if paid := _pays(award):
            lines.append(f"No longer paid: {paid}.")
        lines.append(_cause(award) or f"Cause: {award.cause.type.replace('_', ' ')} {award.cause.id}.")
        return Message(f"Revoked: {who}, {full}", "\n".join(lines + _evidence(award, "{kpi} now")))
    lines = [f"{who}{team} reached {full} for {period}.", *filter(None, [_cause(award)])]
    lines += _evidence(award, "{kpi}")
    if paid := _pays(award):
        lines.append(f"Pays {paid}." if not _is_rate(award) else f"Pays at the rate {paid}.")
    if "promotion" in award.kind:
        lines.append("Meets the conditions for a promotion.")
    if award.next_tier is not None:
        gap = f", {_gap(award, 'en')} to go" if award.gap is not None else ""
        lines.append(f"Next tier: {written(award.next_tier)}{gap}.")
    if award.state == "provisional":
        lines.append("Provisional: final only when the period ends.")
    return Message(f"{who} reached {full}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who = award.employee_name or award.employee
    what = name_in(award.name, "zh", award.rule)
    bound = bound_of(award, "zh")
    period = _period(award, "最近 {days} 天")
    team = f"（团队 {award.team}）" if award.team else ""
    full = f"「{what}」（{bound}）" if bound else f"「{what}」"
    if award.state == "revoked":
        lines = [f"撤销：{who}{team}不再享有 {period} 的{full}。"]
        if paid := _pays(award):
            lines.append(f"不再发放：{paid}。")
        cause = _CAUSES_ZH.get(award.cause.type, award.cause.type)
        lines.append(_cause(award, chinese=True) or f"原因：{cause} {award.cause.id}。")
        return Message(f"撤销：{who}，{full}", "\n".join(lines + _evidence(award, "{kpi} 现为", "zh")))
    lines = [f"{who}{team}达成 {period} 的{full}。", *filter(None, [_cause(award, chinese=True)])]
    lines += _evidence(award, "{kpi}", "zh")
    if paid := _pays(award):
        lines.append(f"奖励：{paid}。" if not _is_rate(award) else f"奖励比例：{paid}。")
    if "promotion" in award.kind:
        lines.append("符合晋升条件。")
    if award.next_tier is not None:
        gap = f"，还差 {_gap(award, 'zh')}" if award.gap is not None else ""
        lines.append(f"下一档：{written(award.next_tier)}{gap}。")
    if award.state == "provisional":
        lines.append("暂定：期末方为最终结果。")
    return Message(f"{who} 达成{full}", "\n".join(lines))


def _cause(award: Award, chinese: bool = False) -> str:
    """That a changed plan decided, '' where an event did."""
    if award.cause.type != _PLAN_CAUSE:
        return ""
    return "更正：方案变更后重新判定。" if chinese else "Correction: decided anew under the changed plan."


def _evidence(award: Award, label: str, language: Language = "en") -> list[str]:
    return [
        _kpi(award, one, label.format(kpi=kpi_name(one, language)), language)
        for one in award.evidence
        if one.value is not None
    ]


def _kpi(award: Award, one: KpiEvidence, label: str, language: Language) -> str:
    reached = "" if one.attainment is None else percent(one.attainment)
    if language == "zh":
        value = measured(one.value or "", one, award, language)
        target = f"，目标 {measured(one.target, one, award, language)}" if one.target is not None else ""
        return f"{label}：{value}{target}{f'，达成率 {reached}' if reached else ''}。"
    if one.target is None:
        value = measured(one.value or "", one, award, language)
    else:
        value = f"{number(one.value or '')} of {measured(one.target, one, award, language)}"
    return f"{label}: {value}{f', {reached} attained' if reached else ''}."


def _gap(award: Award, language: Language) -> str:
    """What is missing to the next tier, in the unit of the KPI."""
    gap = award.gap or ""
    return measured(gap, award.evidence[0], award, language) if award.evidence else number(gap)


def _pays(award: Award) -> str:
    """The money, else the rate; '' where the award pays nothing by itself."""
    if award.amount is not None:
        return money(award.amount, award.currency) if Decimal(award.amount) else ""
    if not award.pays or award.pays.endswith("%"):
        return award.pays
    return money(award.pays, award.currency)


def _is_rate(award: Award) -> bool:
    return award.amount is None and award.pays.endswith("%")


def _period(award: Award, rolling: str) -> str:
    found = _ROLLING.fullmatch(award.period_kind)
    return rolling.format(days=found[1]) if found else award.period
