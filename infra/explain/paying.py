"""What each kind of rule pays for, told in a phrase. Pure."""

from __future__ import annotations

from infra.explain.speaking import Speaker, ratio_text
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_best import PersonalBest
from schemas.plan_nudge import Nudge
from schemas.plan_people import First, Honour, Pool
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from schemas.plan_training import Training


def pays_text(speaker: Speaker, rule) -> str:
    """What a rule pays for, in one phrase."""
    if isinstance(rule, TierAward):
        return speaker.say(f"pays {rule.pays}")
    if isinstance(rule, ThresholdAward):
        return speaker.say("pays bonus" if rule.all else "pays any", bonus=rule.bonus or 0)
    if isinstance(rule, Nudge):
        name = "pays forecast nudge" if rule.by == "forecast" else "pays nudge"
        return speaker.say(name, after=rule.after, of=rule.of, within=ratio_text(rule.within))
    if isinstance(rule, Streak):
        words = {"bonus": rule.bonus or 0, "periods": rule.periods, "out_of": rule.window}
        return speaker.say("pays streak", **words)
    if isinstance(rule, Spiff):
        parts = [f"{rule.amount:f}"] if rule.amount is not None else []
        parts += [f"{ratio_text(rule.rate)} × {rule.field}"] if rule.rate is not None else []
        cap = speaker.say("capped", cap=f"{rule.cap:f}") if rule.cap is not None else ""
        return speaker.say("pays spiff", money=" + ".join(parts)) + cap
    if isinstance(rule, PersonalBest):
        bonus = f"{rule.bonus:f}" if rule.bonus is not None else speaker.say("none")
        ahead = ratio_text(rule.ahead) if rule.ahead is not None else "0 %"
        return speaker.say("pays personal best", periods=rule.min_periods, ahead=ahead, bonus=bonus)
    if isinstance(rule, Training):
        course = speaker.named(rule.course)
        if rule.below_pace is not None:
            return speaker.say("pays training", course=course, below=ratio_text(rule.below_pace), after=rule.after)
        bound = f"{rule.below_value:f}" if rule.below_value is not None else ratio_text(rule.below_attainment)
        return speaker.say("pays training of periods", course=course, bound=bound, periods=rule.periods)
    if isinstance(rule, Honour | First | Pool):
        return _compared_text(speaker, rule)
    return speaker.say("pays other", kind=rule.kind)


def _compared_text(speaker: Speaker, rule: Honour | First | Pool) -> str:
    unit = speaker.say(rule.unit)
    if isinstance(rule, Pool):
        parts = [f"{ratio_text(rule.rate)} × {rule.kpi}"] if rule.rate is not None else []
        parts += [f"{rule.amount:f}"] if rule.amount is not None else []
        shared = speaker.say("shared by", kpi=rule.share_by) if rule.share_by else speaker.say("shared equally")
        return speaker.say("pays pool", money=" + ".join(parts), unit=unit, shared=shared)
    prize = f"{rule.prize:f}" if rule.prize is not None else speaker.say("none")
    if isinstance(rule, First):
        return speaker.say("pays first", places=rule.places, unit=unit, prize=prize)
    by = speaker.say(f"by {rule.by}")
    ties = speaker.say(f"ties {rule.ties}")
    return speaker.say("pays honour", top=rule.top, unit=unit, kpi=rule.kpi, by=by, ties=ties, prize=prize)
