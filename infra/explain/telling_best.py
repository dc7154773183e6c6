"""The lines about the periods before a personal best: what each was, and what is needed to be better. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from infra.explain.speaking import Speaker
from schemas.plan_best import PersonalBest
from schemas.wording import period, periods
from streams.explain.best import Earlier, needed
from streams.explain.rules import RuleExplained


def best_lines(speaker: Speaker, explained: RuleExplained) -> list[str]:
    """Every period before, and whether this one is far enough ahead; nothing of other kinds of awards."""
    rule = explained.rule
    if not isinstance(rule, PersonalBest) or not explained.measured:
        return []
    return [_line(speaker, rule, one) for one in explained.earlier] + list(_needed(speaker, rule, explained))


def _line(speaker: Speaker, rule: PersonalBest, one: Earlier) -> str:
    said = "best" if one.is_best else "earlier" if one.counts else "does not count"
    value, events = speaker.value(one.measured.kpi, one.measured.value), speaker.sample(one.measured)
    return speaker.say(said, period=period(rule.period, one.period, speaker.language), value=value, events=events)


def _needed(speaker: Speaker, rule: PersonalBest, explained: RuleExplained) -> Iterator[str]:
    (one,) = explained.measured
    count = sum(each.counts for each in explained.earlier)
    if count < rule.min_periods:
        words = {"count": periods(count, rule.period, speaker.language)}
        yield speaker.say("too early", periods=periods(rule.min_periods, rule.period, speaker.language), **words)
        return
    (best,) = (each.measured.value for each in explained.earlier if each.is_best)
    asked, up = needed(rule, one.kpi, best), one.kpi.direction == "up"
    holds = one.value is not None and (one.value > best if up else one.value < best)
    holds = holds and (one.value >= asked if up else one.value <= asked)
    if one.sample < rule.min_sample:
        yield speaker.say("too few needed", sample=speaker.sample(one), least=speaker.sample(one, rule.min_sample))
    if not rule.ahead:
        yield speaker.say("needed more", verdict=speaker.holds(holds))
        return
    words = {"value": speaker.value(one.kpi, asked), "ahead": speaker.percent(rule.ahead)}
    yield speaker.say("needed", verdict=speaker.holds(holds), **words)
