"""The money of a rule as lines of text: due slice by slice, booked, and what is missing to the next tier. Pure."""

from __future__ import annotations

from fractions import Fraction

from infra.explain.paying import pays_money
from infra.explain.phrases import PHRASES
from infra.explain.speaking import Speaker
from infra.explain.telling_conditions import bound_text, missing, sampled
from schemas.money import SCALE
from schemas.plan_awards import TierAward
from schemas.plan_spiff import Spiff
from schemas.wording import day
from streams.explain.as_paid import Reversal
from streams.explain.measured import Measured
from streams.explain.money import Slice, bound_value, rounded
from streams.explain.rules import RuleExplained
from streams.performance.calendar import Calendar, date_of


def money_lines(speaker: Speaker, explained: RuleExplained, period: str) -> list[str]:
    """What is due and was booked, and how far the next tier is."""
    told = pays_money(explained.rule) or explained.paid or explained.due
    return (_money(speaker, explained) if told else []) + _next(speaker, explained, period)


def _money(speaker: Speaker, explained: RuleExplained) -> list[str]:
    lines = _slices(speaker, explained) if not explained.beyond else []
    lines += _reversed(speaker, explained)
    booked = speaker.money(explained.paid)
    if explained.due is None:
        known = {one: f"why {one}" for one in explained.beyond if f"why {one}" in PHRASES}
        why = [speaker.say(known.get(one, "why other"), name=one) for one in explained.beyond]
        return [*lines, speaker.say("beyond", why=speaker.say("next").join(why), paid=booked)]
    lines += [speaker.say(_due(speaker, explained), due=speaker.money(explained.due)), *_shares(speaker, explained)]
    if explained.difference:
        return [*lines, speaker.say("differs", difference=speaker.money(explained.difference), paid=booked)]
    return [*lines, speaker.say("agrees" if explained.agrees else "shares differ", paid=booked)]


def _slices(speaker: Speaker, explained: RuleExplained) -> list[str]:
    """Slice by slice, their sum, and what limits make of it."""
    lines = []
    for one in explained.slices:
        if one.low == one.high and len(explained.slices) > 1:
            continue  # a bound just reached
        if one.rate is None:
            lines.append(_amount(speaker, explained, one))
            continue
        ends = {"low": speaker.number(one.low), "high": speaker.number(one.high)}
        part, rate = speaker.number(one.high - one.low), speaker.percent(one.rate)
        lines.append(speaker.say("slice", **ends, part=part, rate=rate, money=speaker.number(one.money)))
    if len(explained.slices) > 1:
        lines.append(speaker.say("all slices", money=speaker.number(_sum(explained))))
    for one in explained.limits:
        words = {"before": speaker.money(one.before), "after": speaker.money(one.after)}
        words |= _hurdle(speaker, explained) if one.limit == "hurdle" else {}
        lines.append(speaker.say(one.limit, change=speaker.money(abs(one.after - one.before)), **words))
    return lines


def _hurdle(speaker: Speaker, explained: RuleExplained) -> dict[str, str]:
    """Where the hurdle is, and what is missing to it."""
    (one,) = explained.measured
    gap, short = missing(explained.rule.hurdle, one), ""
    if gap is not None and gap > 0:
        why = speaker.say("short" if one.kpi.direction == "up" else "too much", gap=speaker.gap(one.kpi, gap))
        short = speaker.say("and then") + why
    return {"bound": bound_text(speaker, explained.rule.hurdle, one), "short": short}


def _amount(speaker: Speaker, explained: RuleExplained, one: Slice) -> str:
    """The amount of a tier, or how it lies between two of them."""
    rule, level = explained.rule, explained.level
    if rule.pays != "interpolated" or level == len(rule.tiers):
        return speaker.say("flat", money=speaker.number(one.money))
    tier, following = rule.tiers[level - 1], rule.tiers[level]
    high = bound_value(following, explained.measured[0].target)
    ends = {"low": speaker.number(one.low), "high": speaker.number(high), "value": speaker.number(one.high)}
    amounts = {"low_money": speaker.number(tier.amount), "high_money": speaker.number(following.amount)}
    return speaker.say("between", **ends, **amounts, money=speaker.number(one.money))


def _sum(explained: RuleExplained) -> Fraction:
    return sum((one.money for one in explained.slices), Fraction(0))


def _due(speaker: Speaker, explained: RuleExplained) -> str:
    """How what is due is told: whether, and where, it was rounded."""
    rule = explained.rule
    if isinstance(rule, Spiff) or getattr(rule, "clawback", "") == "as_paid":
        return "due lines"
    rounds = explained.slices and not explained.limits and _sum(explained) * SCALE != explained.due
    return "due rounded" if rounds else "due"


def _reversed(speaker: Speaker, explained: RuleExplained) -> list[str]:
    """What went by what sales were paid, line by line, and how far that is from what the table says of the value."""
    rule, currency = explained.rule, speaker.plan.currency
    if getattr(rule, "clawback", "re_rate") != "as_paid" or explained.due is None:
        return []

    def line(one: Reversal) -> str:
        money = {"money": speaker.money(one.money), "table": speaker.money(one.table)}
        return speaker.say("as paid", type=speaker.event(one.credit.type), id=one.credit.id, **money)

    lines = speaker.ends(explained.reversals, line)
    apart = explained.due - (explained.limits[-1].after if explained.limits else rounded(explained.slices, currency))
    phrase = "as paid more" if apart > 0 else "as paid less"
    return [*lines, speaker.say(phrase, change=speaker.money(abs(apart)))] if apart else lines


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


def _next(speaker: Speaker, explained: RuleExplained, period: str) -> list[str]:
    """How far the next tier is, and by when."""
    rule = explained.rule
    if not isinstance(rule, TierAward) or not explained.measured:
        return []
    (one,) = explained.measured
    if explained.level >= len(rule.tiers):
        return [speaker.say("top")]
    lines = [speaker.say("not yet", **sampled(speaker, rule, one))] if one.sample < rule.min_sample else []
    return lines + _gap(speaker, explained, one, period)


def _gap(speaker: Speaker, explained: RuleExplained, one: Measured, period: str) -> list[str]:
    """What is missing to the next tier."""
    rule, tier = explained.rule, explained.rule.tiers[explained.level]
    gap = missing(tier, one)
    if gap is None or gap <= 0:
        return []
    words = {"bound": bound_text(speaker, tier, one), "gap": speaker.gap(one.kpi, gap)}
    if one.kpi.direction == "down":
        return [speaker.say("too much for", **words)]
    calendar = Calendar(speaker.plan)
    ordinal = calendar.find(rule.period, period) if explained.window is None else None
    if ordinal is None:
        return [speaker.say("gap rolling", **words)]
    until = date_of(calendar.span(rule.period, ordinal)[1])
    return [speaker.say("gap", until=day(until, speaker.language), **words)]
