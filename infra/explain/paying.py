"""What each kind of rule pays for, told in a phrase. Pure."""

from __future__ import annotations

from decimal import Decimal

from infra.explain.phrases import PHRASES
from infra.explain.speaking import Speaker, ratio_text
from schemas.plan_awards import ThresholdAward, Tier, TierAward
from schemas.plan_best import PersonalBest
from schemas.plan_nudge import Nudge
from schemas.plan_people import First, Honour, Pool
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from schemas.plan_training import Training
from schemas.wording import period_noun, periods, periods_running


def pays_money(rule) -> bool:
    """Whether there is money in it."""
    if isinstance(rule, TierAward):
        return rule.pays != "nothing"
    return not isinstance(rule, Nudge | Training) and any(
        getattr(rule, name, None) for name in ("bonus", "prize", "amount", "rate")
    )


def settle_text(speaker: Speaker, rule) -> str:
    """What becomes of it when the value falls back; '' where the rule does not say."""
    if isinstance(rule, Spiff | Nudge):
        return ""
    taken = speaker.say("clawback as_paid") if getattr(rule, "clawback", "") == "as_paid" else ""
    kind = "training " if isinstance(rule, Training) else ""
    name = f"settle {kind}{getattr(rule, 'settle', '')}"
    return (speaker.say(name) if name in PHRASES else "") + taken


def tier_pays(speaker: Speaker, tier: Tier) -> str:
    """What a tier pays, in a word."""
    if tier.rate is not None:
        return ratio_text(tier.rate)
    return speaker.amount(tier.amount) if tier.amount is not None else "–"


def pays_text(speaker: Speaker, rule) -> str:
    """What a rule pays for, in one phrase."""
    if isinstance(rule, TierAward):
        return speaker.say(f"pays {rule.pays}")
    if isinstance(rule, ThresholdAward):
        return speaker.say("pays bonus" if rule.all else "pays any", bonus=_given(speaker, rule.bonus, rule.promotion))
    if isinstance(rule, Nudge):
        name = "pays forecast nudge" if rule.by == "forecast" else "pays nudge"
        return speaker.say(name, after=rule.after, of=speaker.rule_name(rule.of), within=ratio_text(rule.within))
    if isinstance(rule, Streak):
        bonus = _given(speaker, rule.bonus, rule.promotion)
        running = periods_running(rule.window, rule.period, speaker.language)
        if rule.periods == rule.window:
            return speaker.say("pays streak", bonus=bonus, running=running)
        some = periods(rule.periods, rule.period, speaker.language) if speaker.language == "zh" else rule.periods
        return speaker.say("pays streak out of", bonus=bonus, running=running, periods=some)
    if isinstance(rule, Spiff):
        parts = [speaker.amount(rule.amount)] if rule.amount is not None else []
        parts += [f"{ratio_text(rule.rate)} × {speaker.field(rule.field)}"] if rule.rate is not None else []
        capped = speaker.say("capped", cap=speaker.amount(rule.cap)) if rule.cap is not None else ""
        return speaker.say("pays spiff", money=" + ".join(parts), capped=capped)
    if isinstance(rule, PersonalBest):
        words = {"ahead": speaker.say("ahead", ahead=ratio_text(rule.ahead)) if rule.ahead else ""}
        words |= {"noun": period_noun(rule.period, speaker.language), "bonus": _given(speaker, rule.bonus)}
        least = periods(rule.min_periods, rule.period, speaker.language)
        return speaker.say("pays personal best", periods=least, **words)
    if isinstance(rule, Training):
        course = speaker.named(rule.course)
        if rule.below_pace is not None:
            return speaker.say("pays training", course=course, below=ratio_text(rule.below_pace), after=rule.after)
        bound = speaker.bound(rule.kpi, rule.below_attainment, rule.below_value)
        running = periods_running(rule.periods, rule.period, speaker.language)
        return speaker.say("pays training of periods", course=course, bound=bound, running=running)
    if isinstance(rule, Honour | First | Pool):
        return _compared_text(speaker, rule)
    return speaker.say("pays other", kind=rule.kind)


def _given(speaker: Speaker, bonus: Decimal | None, promotion: bool = False) -> str:
    """What is given: money, eligibility for promotion, or nothing but recognition."""
    parts = [speaker.say("a bonus", money=speaker.amount(bonus))] if bonus else []
    parts += [speaker.say("a promotion")] if promotion else []
    return speaker.say("and").join(parts) or speaker.say("recognition")


def _compared_text(speaker: Speaker, rule: Honour | First | Pool) -> str:
    company = rule.unit == "company"  # there is one
    within = speaker.say("the company") if company else speaker.say("each unit", unit=speaker.say(rule.unit))
    if isinstance(rule, Pool):
        parts = [f"{ratio_text(rule.rate)} × {speaker.kpi(rule.kpi)}"] if rule.rate is not None else []
        parts += [speaker.amount(rule.amount)] if rule.amount is not None else []
        shared = speaker.say("shared equally")
        if rule.share_by:
            shared = speaker.say("shared by", kpi=speaker.kpi(rule.share_by))
        return speaker.say("pays pool", money=" + ".join(parts), within=within, shared=shared)
    prize = _given(speaker, rule.prize)
    places = rule.places if isinstance(rule, First) else rule.top
    top = speaker.say("one place" if places == 1 else "places", count=places)
    if isinstance(rule, First):
        return speaker.say("pays first", top=top, within=within, prize=prize)
    words = {"by": speaker.say(f"by {rule.by}"), "ties": speaker.say(f"ties {rule.ties}")}
    return speaker.say("pays honour", top=top, within=within, kpi=speaker.kpi(rule.kpi), prize=prize, **words)
