"""The texts of alerts in English and Chinese. Pure: the same award gives the same text.

Who, what was reached, what it pays, how far to the next tier; what is revoked or not final yet is said as such.
"""

from __future__ import annotations

from schemas.results import Award
from sinks.alerts.bests import personal_best_message
from sinks.alerts.config import Language
from sinks.alerts.nudges import nudge_message
from sinks.alerts.parts import Message, evidence_lines, gap_text, is_rate, pays_text, period_text
from sinks.alerts.trainings import training_message
from sinks.alerts.wording import bound_of, name_in, written

#: Kinds of awards that are told in words of their own.
_OWN_TEXTS = {"nudge": nudge_message, "training": training_message, "personal_best": personal_best_message}
#: Type of the cause where a plan change decided an award.
_PLAN_CAUSE = "plan"
#: Causes that people know by a name; any other event type is shown as it is.
_CAUSES_ZH = {"cancellation": "取消", "correction": "更正", "refund": "退款", "sale": "销售"}


def message_of(award: Award, language: Language) -> Message:
    """The text of the alert about ``award``."""
    kind, *_ = award.kind.split("+")
    if kind in _OWN_TEXTS:
        return _OWN_TEXTS[kind](award, language)
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who = award.employee_name or award.employee
    what = name_in(award.name, "en", award.rule)
    bound = bound_of(award, "en")
    period = period_text(award, "the last {days} days")
    team = f" (team {award.team})" if award.team else ""
    full = f"{what} ({bound})" if bound else what
    if award.state == "revoked":
        lines = [f"Revoked: {who}{team} no longer holds {full} for {period}."]
        if paid := pays_text(award):
            lines.append(f"No longer paid: {paid}.")
        lines.append(_cause(award) or f"Cause: {award.cause.type.replace('_', ' ')} {award.cause.id}.")
        return Message(f"Revoked: {who}, {full}", "\n".join(lines + evidence_lines(award, "{kpi} now")))
    lines = [f"{who}{team} reached {full} for {period}.", *filter(None, [_cause(award)])]
    lines += evidence_lines(award, "{kpi}")
    if paid := pays_text(award):
        lines.append(f"Pays {paid}." if not is_rate(award) else f"Pays at the rate {paid}.")
    if "promotion" in award.kind:
        lines.append("Meets the conditions for a promotion.")
    if award.next_tier is not None:
        gap = f", {gap_text(award, 'en')} to go" if award.gap is not None else ""
        lines.append(f"Next tier: {written(award.next_tier)}{gap}.")
    if award.state == "provisional":
        lines.append("Provisional: final only when the period ends.")
    return Message(f"{who} reached {full}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who = award.employee_name or award.employee
    what = name_in(award.name, "zh", award.rule)
    bound = bound_of(award, "zh")
    period = period_text(award, "最近 {days} 天")
    team = f"（团队 {award.team}）" if award.team else ""
    full = f"「{what}」（{bound}）" if bound else f"「{what}」"
    if award.state == "revoked":
        lines = [f"撤销：{who}{team}不再享有 {period} 的{full}。"]
        if paid := pays_text(award):
            lines.append(f"不再发放：{paid}。")
        cause = _CAUSES_ZH.get(award.cause.type, award.cause.type)
        lines.append(_cause(award, chinese=True) or f"原因：{cause} {award.cause.id}。")
        return Message(f"撤销：{who}，{full}", "\n".join(lines + evidence_lines(award, "{kpi} 现为", "zh")))
    lines = [f"{who}{team}达成 {period} 的{full}。", *filter(None, [_cause(award, chinese=True)])]
    lines += evidence_lines(award, "{kpi}", "zh")
    if paid := pays_text(award):
        lines.append(f"奖励：{paid}。" if not is_rate(award) else f"奖励比例：{paid}。")
    if "promotion" in award.kind:
        lines.append("符合晋升条件。")
    if award.next_tier is not None:
        gap = f"，还差 {gap_text(award, 'zh')}" if award.gap is not None else ""
        lines.append(f"下一档：{written(award.next_tier)}{gap}。")
    if award.state == "provisional":
        lines.append("暂定：期末方为最终结果。")
    return Message(f"{who} 达成{full}", "\n".join(lines))


def _cause(award: Award, chinese: bool = False) -> str:
    """That a changed plan decided, '' where an event did."""
    if award.cause.type != _PLAN_CAUSE:
        return ""
    return "更正：方案变更后重新判定。" if chinese else "Correction: decided anew under the changed plan."
