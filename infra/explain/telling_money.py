"""The money of a rule as lines of text: due slice by slice, paid, and what is missing to the next tier. Pure."""

from __future__ import annotations

from infra.explain.phrases import PHRASES
from infra.explain.speaking import Speaker, bound_text, ratio_text
from schemas.plan_awards import TierAward
from schemas.plan_spiff import Spiff
from streams.explain.money import bound_value, rounded
from streams.explain.rules import RuleExplained


def money_lines(speaker: Speaker, explained: RuleExplained) -> list[str]:
    """What is due and was paid, and how far the next tier is."""
    return _money(speaker, explained) + _next(speaker, explained)


def _money(speaker: Speaker, explained: RuleExplained) -> list[str]:
    currency = speaker.plan.currency
    lines = []
    if not explained.beyond:
        for one in explained.slices:
            money = speaker.number(one.money)
            if one.rate is None:
                lines.append(speaker.say("flat", money=money))
                continue
            ends = {"low": speaker.number(one.low), "high": speaker.number(one.high)}
            part, rate = speaker.number(one.high - one.low), speaker.percent(one.rate)
            lines.append(speaker.say("slice", **ends, part=part, rate=rate, money=money))
        lines += [
            speaker.say(
                one.limit,
                before=speaker.money(one.before),
                after=speaker.money(one.after),
                change=speaker.money(abs(one.after - one.before)),
            )
            for one in explained.limits
        ]
    words = {"paid": speaker.money(explained.paid), "currency": currency}
    lines += _reversed(speaker, explained)
    if explained.due is None:
        why = [speaker.say(f"why {one}") if f"why {one}" in PHRASES else one for one in explained.beyond]
        return [*lines, speaker.say("beyond", what="; ".join(why), **words)]
    by_event = isinstance(explained.rule, Spiff) or getattr(explained.rule, "clawback", "") == "as_paid"
    due = speaker.money(explained.due)
    lines.append(speaker.say("due lines" if by_event else "due", due=due, currency=currency))
    if explained.difference:
        lines += _shares(speaker, explained)
        return [*lines, speaker.say("differs", difference=speaker.money(explained.difference), **words)]
    return [
        *lines,
        *_shares(speaker, explained),
        speaker.say("agrees" if explained.agrees else "shares differ", **words),
    ]


def _reversed(speaker: Speaker, explained: RuleExplained) -> list[str]:
    """What refunds took back by their sales' own lines, where that is not what the value says."""
    rule, currency = explained.rule, speaker.plan.currency
    if getattr(rule, "clawback", "re_rate") != "as_paid" or explained.due is None:
        return []
    by_value = rounded(explained.slices, currency)
    change = speaker.money(explained.due - by_value)
    return [speaker.say("as paid", change=change)] if explained.due != by_value else []


def _shares(speaker: Speaker, explained: RuleExplained) -> list[str]:
    """Who has which part of a unit's money."""
    if explained.unit is None or getattr(explained.rule, "share", "") in ("", "unit"):
        return []
    return [
        speaker.say(
            "share" if one.due == one.paid else "share differs",
            who=speaker.who(one.payee),
            due=speaker.money(one.due),
            paid=speaker.money(one.paid),
        )
        for one in explained.shares
    ]


def _next(speaker: Speaker, explained: RuleExplained) -> list[str]:
    rule = explained.rule
    if not isinstance(rule, TierAward) or not explained.measured:
        return []
    (one,) = explained.measured
    if explained.level >= len(rule.tiers):
        return [speaker.say("top")]
    tier = rule.tiers[explained.level]
    if one.kpi.direction == "down" or (tier.value is None and not one.target):
        return []
    gap = bound_value(tier, one.target) - (one.value or 0)
    return [speaker.say("gap", bound=bound_text(tier), gap=speaker.number(gap))]


def tier_pays(tier) -> str:
    """What a tier pays, in a word."""
    if tier.rate is not None:
        return ratio_text(tier.rate)
    return f"{tier.amount:f}" if tier.amount is not None else "–"
