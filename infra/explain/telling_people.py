"""The lines about all who were compared with each other: places, values, conditions, parts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from infra.explain.speaking import Speaker, ratio_text
from infra.explain.telling_conditions import check_text, condition_text
from schemas.wording import period
from streams.explain.field import Candidate, Field
from streams.explain.measured import Measured
from streams.explain.rules import RuleExplained, Share
from streams.explain.thresholds import Checked

#: People shown unless all are asked for, beside whoever it is about and whatever differs.
_MOST = 10


def field_lines(speaker: Speaker, explained: RuleExplained) -> list[str]:
    """All who are compared, in the order of their places or parts; with ``full`` the credits of everybody."""
    field, rule = explained.field, explained.rule
    people = sorted(field.candidates, key=_order if field.pooled is None else _by_weight)
    chosen = sum(one.chosen for one in people)
    words = {"count": len(people), "chosen": chosen}
    if field.kind:
        return _race_lines(speaker, explained, people, words)
    lines = [speaker.say("compared", unit=speaker.unit(*explained.unit), **words)]
    if field.waits:
        lines.append(speaker.say("waits", period=period(rule.period, explained.period, speaker.language)))
    lines += _pool_lines(speaker, rule, field)
    shares = {one.payee: one for one in explained.shares}
    apart = {one.employee for one in people if one.stands not in (None, one.chosen)}
    apart |= {one.payee for one in explained.shares if one.due != one.paid} | {field.who}
    shown = [one for at, one in enumerate(people) if speaker.full or at < _MOST or one.employee in apart]
    for one in shown:
        lines.append(_candidate(speaker, explained, one, shares.get(one.employee)))
        if speaker.full:
            lines += [f"  {speaker.step(each, step)}" for each in one.measured for step in each.steps]
    if len(shown) < len(people):
        lines.append(speaker.say("more people", count=len(people) - len(shown)))
    lines += [speaker.say("stranger", who=speaker.who(one)) for one in field.others]
    listed = {one.employee for one in people}
    return lines + list(_payees_elsewhere(speaker, [one for one in explained.shares if one.payee not in listed]))


def _race_lines(speaker: Speaker, explained: RuleExplained, units: list[Candidate], words: dict) -> list[str]:
    """All units that race; their money stands apart."""
    lines = [speaker.say("compared units", unit=speaker.unit(*explained.field.within), **words)]
    return lines + [_candidate(speaker, explained, one, None) for one in units]


def _order(one: Candidate) -> tuple:
    return not one.chosen, one.place is None, one.place or 0


def _by_weight(one: Candidate) -> tuple:
    return not one.chosen, -(one.merit or 0)


def _candidate(speaker: Speaker, explained: RuleExplained, one: Candidate, share: Share | None) -> str:
    figures = ", ".join(_figure(speaker, each) for each in one.measured)
    by_kpi = {each.kpi.id: each for each in one.measured}
    more = "".join(_check(speaker, check, by_kpi[check.condition.kpi]) for check in one.checks)
    if one.since is not None:
        more += speaker.say("since", offset=one.since.offset)
    if explained.field.pooled is not None and one.merit is not None:
        more += speaker.say("weight", weight=speaker.number(one.merit))
    if share is not None:
        said = "money" if share.due == share.paid or explained.due is None else "money differs"
        more += speaker.say(said, due=speaker.money(share.due), paid=speaker.money(share.paid))
    if one.stands not in (None, one.chosen):
        more += speaker.say("award differs" if one.stands else "award missing")
    place = f"#{one.place}" if one.place is not None else "·" if one.chosen else "–"
    kind = explained.field.kind
    who = speaker.unit(kind, one.employee) if kind else speaker.who(one.employee)
    return speaker.say("candidate", place=place, who=who, figures=figures, more=more)


def _check(speaker: Speaker, check: Checked, one: Measured) -> str:
    text = condition_text(speaker, check.condition, one)
    return speaker.say("check", text=text, verdict=check_text(speaker, check, one))


def _figure(speaker: Speaker, one: Measured) -> str:
    name, value = speaker.named(one.kpi.name), speaker.value(one.kpi, one.value)
    words = {"name": name, "value": value, "events": speaker.sample(one)}
    if one.target is None:
        return speaker.say("figure", **words)
    target, attainment = speaker.value(one.kpi, one.target), speaker.percent(one.attainment)
    return speaker.say("figure of target", target=target, attainment=attainment, **words)


def _pool_lines(speaker: Speaker, rule, field: Field) -> Iterator[str]:
    pooled = field.pooled
    if pooled is None:
        return
    if rule.floor is not None:
        bound = speaker.bound(rule.kpi, rule.floor.attainment, rule.floor.value)
        least = rule.floor.min_sample
        sample = speaker.say("asks sample", sample=speaker.sample(pooled.measured, least)) if least else ""
        yield speaker.say("pool floor", bound=bound, sample=sample, verdict=speaker.holds(pooled.floor_reached))
    parts = []
    if rule.rate is not None:
        value = speaker.number(pooled.measured.value)
        parts.append(f"{value} × {ratio_text(rule.rate)} ({speaker.number(pooled.by_rate)})")
    parts += [speaker.number(rule.amount)] if rule.amount is not None else []
    if pooled.floor_reached:
        yield speaker.say("pool", money=" + ".join(parts), total=speaker.money(pooled.total))
    else:
        yield speaker.say("pool empty")


def _payees_elsewhere(speaker: Speaker, shares: list[Share]) -> Iterator[str]:
    """Who was paid and is not compared."""
    for one in shares:
        if one.due == one.paid:
            if one.paid:
                yield speaker.say("left the plan", who=speaker.who(one.payee), paid=speaker.money(one.paid))
            continue
        words = {"due": speaker.money(one.due), "paid": speaker.money(one.paid)}
        yield speaker.say("share differs", who=speaker.who(one.payee), **words)
