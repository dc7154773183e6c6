"""The texts of alerts in English and Chinese. Pure: the same award gives the same text.

Who, what was reached, what it pays, how far to the next tier; what is revoked or not final yet is said as such.
"""

from __future__ import annotations

from schemas.results import Award
from schemas.samples import sampled
from schemas.wording import Language
from sinks.alerts.bests import personal_best_message
from sinks.alerts.nudges import nudge_message
from sinks.alerts.parts import (
    Message,
    cause_text,
    corrected,
    evidence_lines,
    gap_text,
    holder_text,
    is_rate,
    pays_text,
    period_text,
    provisional_text,
    what_text,
    who_text,
)
from sinks.alerts.trainings import training_message
from sinks.alerts.wording import bound_of, tier_bound

#: Kinds of awards that are told in words of their own.
_OWN_TEXTS = {"nudge": nudge_message, "training": training_message, "personal_best": personal_best_message}


def message_of(award: Award, language: Language) -> Message:
    """The text of the alert about ``award``."""
    kind, *_ = award.kind.split("+")
    if kind in _OWN_TEXTS:
        return _OWN_TEXTS[kind](award, language)
    return _chinese(award) if language == "zh" else _english(award)


def _english(award: Award) -> Message:
    who, what, bound = who_text(award, "en"), what_text(award, "en"), bound_of(award, "en")
    short = holder_text(award, "en")
    tier = award.kind == "tier"
    full = f"{what} ({bound})" if tier else what
    conditions = [f"Conditions: {bound}."] if bound and not tier else []
    if award.state == "revoked":
        lines = [f"Revoked: {who} no longer holds {full} for {period_text(award, 'en')}."]
        if paid := pays_text(award, "en"):
            lines.append(f"The rate of {paid} no longer applies." if is_rate(award) else f"No longer paid: {paid}.")
        lines.append(cause_text(award, "en"))
        lines += conditions + evidence_lines(award, "en", now=True) + _too_few(award, "en")
        return Message(f"Revoked: {short}, {full}", "\n".join(lines))
    lines = [f"{who} reached {full} for {period_text(award, 'en')}.", *corrected(award, "en")]
    lines += conditions + evidence_lines(award, "en")
    if paid := pays_text(award, "en"):
        lines.append(f"Pays {paid}." if not is_rate(award) else f"Pays at the rate {paid}.")
    if "promotion" in award.kind:
        lines.append("Meets the conditions for a promotion.")
    if award.next_tier is not None and (gap := gap_text(award, "en")):
        lines.append(f"Next tier: {tier_bound(award.next_tier, award, 'en')}, {gap} to go.")
    if award.state == "provisional":
        lines.append(provisional_text("en"))
    return Message(f"{short} reached {full}", "\n".join(lines))


def _chinese(award: Award) -> Message:
    who, what, bound = who_text(award, "zh"), what_text(award, "zh"), bound_of(award, "zh")
    short = holder_text(award, "zh")
    tier = award.kind == "tier"
    full = f"{what}（{bound}）" if tier else what
    conditions = [f"条件：{bound}。"] if bound and not tier else []
    if award.state == "revoked":
        lines = [f"撤销：{who}不再享有{period_text(award, 'zh')}的{full}。"]
        if paid := pays_text(award, "zh"):
            lines.append(f"{paid} 的比例不再适用。" if is_rate(award) else f"不再发放：{paid}。")
        lines.append(cause_text(award, "zh"))
        lines += conditions + evidence_lines(award, "zh", now=True) + _too_few(award, "zh")
        return Message(f"撤销：{short}{full}", "\n".join(lines))
    lines = [f"{who}达成{period_text(award, 'zh')}的{full}。", *corrected(award, "zh")]
    lines += conditions + evidence_lines(award, "zh")
    if paid := pays_text(award, "zh"):
        lines.append(f"奖励：{paid}。" if not is_rate(award) else f"奖励比例：{paid}。")
    if "promotion" in award.kind:
        lines.append("符合晋升条件。")
    if award.next_tier is not None and (gap := gap_text(award, "zh")):
        lines.append(f"下一档：{tier_bound(award.next_tier, award, 'zh')}，还差 {gap}。")
    if award.state == "provisional":
        lines.append(provisional_text("zh"))
    return Message(f"{short} 达成{full}", "\n".join(lines))


def _too_few(award: Award, language: Language) -> list[str]:
    """That a tier was lost for want of events, though its value may still be good enough."""
    _, least = sampled(award.threshold)
    if award.kind != "tier" or not least or award.evidence[0].sample >= int(least):
        return []
    words = {"en": "A sample of {now}; it takes at least {least}.", "zh": "样本仅 {now}，须不少于 {least}。"}
    return [words[language].format(now=award.evidence[0].sample, least=least)]
