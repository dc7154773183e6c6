"""Bounds and conditions: what is asked, whether it is met, and what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from infra.explain.speaking import Speaker
from schemas.plan import Kpi
from schemas.plan_conditions import Condition
from schemas.wording import percent
from streams.explain.measured import Measured
from streams.explain.thresholds import Checked


def bound_text(speaker: Speaker, bound, one: Measured) -> str:
    """The bound of a tier or the like; of one on the attainment also the value that it asks for."""
    if bound.attainment is None:
        return speaker.value(one.kpi, bound.value)
    asked = asked_value(bound, one.kpi, one.target)
    reached = percent(bound.attainment)
    if not asked:
        return reached
    phrase = "bound in units" if one.kpi.direction == "up" else "bound in units below"
    return speaker.say(phrase, bound=reached, value=speaker.value(one.kpi, asked))


def asked_value(bound, kpi: Kpi, target: Fraction | None) -> Fraction | None:
    """The bound as a value of the KPI; None where that needs a target which is not there."""
    if bound.value is not None:
        return Fraction(bound.value)
    if not target:
        return None
    if kpi.direction == "up":
        return Fraction(bound.attainment) * target
    return target / Fraction(bound.attainment) if bound.attainment else None


def missing(bound, one: Measured) -> Fraction | None:
    """How far the value is from the bound, above 0 where it is not reached; None where that cannot be said."""
    asked = asked_value(bound, one.kpi, one.target)
    if asked is None or one.value is None:
        return None
    return asked - one.value if one.kpi.direction == "up" else one.value - asked


def sampled(speaker: Speaker, bound, one: Measured) -> dict[str, str]:
    """What stands behind the value, and the least that has to."""
    return {"count": f"{one.sample:,}", "least": speaker.sample(one, bound.min_sample)}


def condition_text(speaker: Speaker, condition: Condition, one: Measured) -> str:
    """What a condition asks for."""
    sample = ""
    if condition.min_sample:
        sample = speaker.say("asks sample", sample=speaker.sample(one, condition.min_sample))
    words = {"name": speaker.named(one.kpi.name), "sample": sample}
    up, asked = one.kpi.direction == "up", asked_value(condition, one.kpi, one.target)
    if condition.value is not None:
        return speaker.say("asks value" if up else "asks value below", bound=speaker.value(one.kpi, asked), **words)
    asks = "asks attainment"
    if asked is not None:
        asks = "asks attainment in units" if up else "asks attainment below"
    return speaker.say(asks, bound=percent(condition.attainment), value=speaker.value(one.kpi, asked), **words)


def check_text(speaker: Speaker, check: Checked, one: Measured) -> str:
    """Whether the condition holds, and if not why."""
    if check.holds:
        return speaker.say("yes")
    why = why_not(speaker, check.condition, one)
    return speaker.say("not met", why=why) if why else speaker.say("no")


def why_not(speaker: Speaker, condition: Condition, one: Measured) -> str:
    """What is missing to a condition."""
    return speaker.say("and then").join(_reasons(speaker, condition, one))


def _reasons(speaker: Speaker, condition: Condition, one: Measured) -> Iterator[str]:
    if one.value is None:
        yield speaker.say("no value")
        return
    if one.sample < condition.min_sample:
        yield speaker.say("too few", sample=speaker.sample(one))
    gap = missing(condition, one)
    if gap is None:
        yield speaker.say("no target")
    elif gap > 0:
        yield speaker.say("short" if one.kpi.direction == "up" else "too much", gap=speaker.gap(one.kpi, gap))
