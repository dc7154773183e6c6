"""Numbers, money, and KPIs by the names and units that the award's evidence carries. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from schemas.money import DECIMALS, minor_step
from schemas.results import Award, KpiEvidence
from sinks.alerts.config import Language

#: What stands after a number, by unit; money has the award's currency, and counts need nothing.
_UNITS = {
    "en": {"percent": "%", "points": " points", "minutes": " minutes", "hours": " hours", "days": " days"},
    "zh": {"percent": "%", "points": " 分", "minutes": " 分钟", "hours": " 小时", "days": " 天"},
}
_JOINED = re.compile(r" (and|or) ")
_JOINS_ZH = {"and": "且", "or": "或"}


def number(text: str) -> str:
    """A decimal text with thousands marks; what is no number stays as it is."""
    try:
        return f"{Decimal(text):,f}"
    except InvalidOperation:
        return text


def money(text: str, currency: str) -> str:
    """``5,000.00 CNY``, with the decimals of the currency, and more only where the amount has them."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return f"{text} {currency}".rstrip()
    places = DECIMALS + 1 - len(str(minor_step(currency)))
    exact = max(places, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{exact}f} {currency}".rstrip()


def percent(attainment: str) -> str:
    """``1.0333`` as ``103.33%``."""
    return f"{number(f'{(Decimal(attainment) * 100).normalize():f}')}%"


def written(bound: str) -> str:
    """A bound as written in the plan, with thousands marks where it is an amount."""
    return number(bound) if re.fullmatch(r"\d{4,}(\.\d+)?", bound) else bound


def name_in(names: dict[str, str], language: Language, otherwise: str) -> str:
    """A name in ``language``, else in the other one, else ``otherwise``."""
    return names.get(language) or names.get("en") or names.get("zh") or otherwise


def kpi_name(one: KpiEvidence, language: Language) -> str:
    """The name of a KPI; its id where the record carries none."""
    return name_in(one.name, language, one.kpi)


def measured(text: str, one: KpiEvidence, award: Award, language: Language) -> str:
    """A value of a KPI with its unit."""
    after = f" {award.currency}" if one.unit == "money" else _UNITS[language].get(one.unit, "")
    return f"{number(text)}{after}"


def bound_of(award: Award, language: Language) -> str:
    """The bound that was reached; of a threshold award its conditions, each of which begins with a KPI's id."""
    if award.kind in ("tier", "nudge"):
        return written(award.threshold)
    named = {one.kpi: kpi_name(one, language) for one in award.evidence}
    parts = _JOINED.split(award.threshold)  # no id holds a space, so every second part is and / or
    return " ".join(
        _condition(part, named, language) if at % 2 == 0 else _JOINS_ZH[part] if language == "zh" else part
        for at, part in enumerate(parts)
    )


def _condition(text: str, named: dict[str, str], language: Language) -> str:
    kpi, _, bound = text.partition(" ")
    shown = " ".join([named.get(kpi, kpi), *map(written, bound.split(" "))]).rstrip()
    return re.sub(r" \(at least (\d+)\)", r"（至少 \1 次）", shown) if language == "zh" else shown
