"""KPIs and bounds by the names and units that the award's evidence carries. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from schemas.results import Award, KpiEvidence
from schemas.samples import sampled
from schemas.wording import Language, measured, number, period, periods_running, within

#: How awards tell a place among those who are compared.
_PLACE = re.compile(r" ?(?:#(\d+) )?\((top|first) (\d+)\)$")
#: How trainings and personal bests tell theirs.
_PACE = re.compile(r"\S+ below (\S+) of expected after (\d+) days")
_PERIODS = re.compile(r"\S+ (below|above) (\S+) in (\d+) periods")
_BEST = re.compile(r"\S+ (\S+) of (\S+)")
_JOINED = re.compile(r" (and|or) ")
_JOINS_ZH = {"and": "且", "or": "或"}


def decimal_of(text: str | None) -> Decimal | None:
    """The number that a record states; None for what is no number."""
    try:
        value = Decimal(text or "")
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def written(bound: str) -> str:
    """A bound as written in the plan, with thousands marks."""
    value = decimal_of(bound)
    return bound if value is None else number(value)


def name_in(names: dict[str, str], language: Language, otherwise: str) -> str:
    """A name in ``language``, else in the other one, else ``otherwise``."""
    return names.get(language) or names.get("en") or names.get("zh") or otherwise


def kpi_name(one: KpiEvidence, language: Language) -> str:
    """The name of a KPI; its id where the record carries none."""
    return name_in(one.name, language, one.kpi)


def told(text: str | None, one: KpiEvidence, award: Award, language: Language) -> str:
    """A value of a KPI with its unit."""
    value = decimal_of(text)
    return text or "" if value is None else measured(value, one.unit, award.currency, language)


def tier_bound(bound: str, award: Award, language: Language) -> str:
    """A tier's bound, an attainment or a value of the award's one KPI; the sample that it asks for is left out."""
    bound, _ = sampled(bound)
    return bound if bound.endswith("%") or not award.evidence else told(bound, award.evidence[0], award, language)


def bound_of(award: Award, language: Language) -> str:
    """The bound that was reached; of a threshold award its conditions, each of which begins with a KPI's id."""
    if award.kind in ("tier", "nudge"):
        return tier_bound(award.threshold, award, language)
    if award.evidence and (told_so := _of_one(award, language)):
        return told_so
    named = {one.kpi: kpi_name(one, language) for one in award.evidence}
    parts = _JOINED.split(award.threshold)  # no id holds a space, so every second part is and / or
    return " ".join(
        _condition(part, named, language) if at % 2 == 0 else _JOINS_ZH[part] if language == "zh" else part
        for at, part in enumerate(parts)
    )


def _of_one(award: Award, language: Language) -> str:
    """The bound of a training or a personal best, which is about one KPI; '' of anything else."""
    kind, chinese, one = award.kind.partition("+")[0], language == "zh", award.evidence[0]
    name = kpi_name(one, language)
    if kind == "training" and (found := _PACE.fullmatch(award.threshold)):
        bound, days = found.groups()
        if chinese:
            return f"{name}在 {days} 个工作日后不足应有进度的 {bound}"
        return f"{name} below {bound} of what is expected by then, after {days} working days"
    if kind == "training" and (found := _PERIODS.fullmatch(award.threshold)):
        worse, bound = found[1], tier_bound(found[2], award, language)
        count = int(found[3])
        if chinese:
            running = (
                f"在{period(award.period_kind, award.period, language)}"
                if count == 1
                else periods_running(count, award.period_kind, language)
            )
            return f"{name}{running}{'高于' if worse == 'above' else '低于'} {bound}"
        running = (
            within(award.period_kind, award.period)
            if count == 1
            else f"in {periods_running(count, award.period_kind, language)}"
        )
        return f"{name} {worse} {bound} {running}"
    if kind == "personal_best" and (found := _BEST.fullmatch(award.threshold)):
        value = told(found[1], one, award, language)
        if chinese:
            return f"{name}优于{period(award.period_kind, found[2], language)}的 {value}"
        return f"{name} better than {value} {within(award.period_kind, found[2])}"
    return ""


def _condition(text: str, named: dict[str, str], language: Language) -> str:
    kpi, _, bound = text.partition(" ")
    place = ""
    if found := _PLACE.search(bound):
        bound, place = bound[: found.start()], _place(found[1], found[2], found[3], language)
    bound, least = sampled(bound)
    shown = f"{named.get(kpi, kpi)} {written(bound)}".rstrip()
    if least:
        shown += f"（样本不少于 {least}）" if language == "zh" else f" (a sample of at least {least})"
    return shown + place


def _place(number: str | None, kind: str, places: str, language: Language) -> str:
    """The place among those who are compared; only which places there are where it was lost."""
    if language == "zh":
        return f"，第 {number} 名（取前 {places} 名）" if number else f"，前 {places} 名"
    those = f"the {'best' if kind == 'top' else 'first'} {places}"
    return f", place {number} of {those}" if number else f", {those}"
