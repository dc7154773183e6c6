"""What the texts of alerts are put together from: evidence, gap, money, period. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from schemas.results import Award, KpiEvidence
from sinks.alerts.config import Language
from sinks.alerts.wording import kpi_name, measured, money, number, percent

_ROLLING = re.compile(r"rolling_(\d+)d")


@dataclass(frozen=True)
class Message:
    """Plain text: a line, and lines that say more."""

    title: str
    body: str


def evidence_lines(award: Award, label: str, language: Language = "en") -> list[str]:
    """How each KPI stood, a line each; ``label`` with a place for the KPI's name."""
    return [
        _kpi(award, one, label.format(kpi=_named(award, one, language)), language)
        for one in award.evidence
        if one.value is not None
    ]


def _named(award: Award, one: KpiEvidence, language: Language) -> str:
    """The KPI's name, with the period where it is not simply the award's."""
    name = kpi_name(one, language)
    if not one.period:
        return name
    return f"{name}（{one.period}）" if language == "zh" else f"{name} ({one.period})"


def _kpi(award: Award, one: KpiEvidence, label: str, language: Language) -> str:
    reached = "" if one.attainment is None else percent(one.attainment)
    if language == "zh":
        value = measured(one.value or "", one, award, language)
        target = f"，目标 {measured(one.target, one, award, language)}" if one.target is not None else ""
        return f"{label}：{value}{target}{f'，达成率 {reached}' if reached else ''}。"
    if one.target is None:
        value = measured(one.value or "", one, award, language)
    else:
        value = f"{number(one.value or '')} of {measured(one.target, one, award, language)}"
    return f"{label}: {value}{f', {reached} attained' if reached else ''}."


def gap_text(award: Award, language: Language) -> str:
    """What is missing to the next tier, in the unit of the KPI."""
    gap = award.gap or ""
    return measured(gap, award.evidence[0], award, language) if award.evidence else number(gap)


def pays_text(award: Award) -> str:
    """The money, else the rate; '' where the award pays nothing by itself."""
    if award.amount is not None:
        return money(award.amount, award.currency) if Decimal(award.amount) else ""
    if not award.pays or award.pays.endswith("%"):
        return award.pays
    return money(award.pays, award.currency)


def is_rate(award: Award) -> bool:
    """Whether ``pays_text`` is a rate."""
    return award.amount is None and award.pays.endswith("%")


def period_text(award: Award, rolling: str) -> str:
    """The period; for a rolling one ``rolling`` with its days."""
    found = _ROLLING.fullmatch(award.period_kind)
    return rolling.format(days=found[1]) if found else award.period
