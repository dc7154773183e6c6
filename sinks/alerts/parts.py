"""What the texts of alerts are put together from: who, what, evidence, gap, money, period. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.results import Award, KpiEvidence
from schemas.wording import Language, difference, event, money, percent, period
from sinks.alerts.wording import decimal_of, kpi_name, name_in, told

#: Type of the cause where a plan change decided an award.
PLAN_CAUSE = "plan"


@dataclass(frozen=True)
class Message:
    """Plain text: a line, and lines that say more."""

    title: str
    body: str


def who_text(award: Award, language: Language) -> str:
    """The person, with the team where it is known; a unit as a whole by its name alone."""
    who = holder_text(award, language)
    if not award.team or not award.employee:
        return who
    team = name_in(award.team_name, language, award.team)
    return f"{who}（团队 {team}）" if language == "zh" else f"{who} (team {team})"


def holder_text(award: Award, language: Language) -> str:
    """The name of the person or unit; ids where there is none."""
    return name_in(award.unit_name, language, award.employee_name or award.employee or award.unit)


def what_text(award: Award, language: Language) -> str:
    """The award's name, in quotes."""
    name = name_in(award.name, language, award.rule)
    return f"「{name}」" if language == "zh" else f"“{name}”"


def evidence_lines(award: Award, language: Language, now: bool = False) -> list[str]:
    """How each KPI stood, a line each; ``now``: as it stands once something is lost."""
    shown = [one for one in award.evidence if one.value is not None]
    return [evidence_line(award, one, language, now and not one.period) for one in shown]


def evidence_line(award: Award, one: KpiEvidence, language: Language, now: bool = False) -> str:
    """How a KPI stood."""
    name = kpi_name(one, language)
    if one.period:
        about = period(award.period_kind, one.period, language)
        name += f"（{about}）" if language == "zh" else f" ({about})"
    reached = decimal_of(one.attainment)
    parts = [told(one.value, one, award, language)]
    if language == "zh":
        parts += [f"目标 {told(one.target, one, award, language)}"] if one.target is not None else []
        parts += [f"达成率 {percent(reached)}"] if reached is not None else []
        return f"{name}{'现为' if now else ''}：{'，'.join(parts)}。"
    parts += [f"target {told(one.target, one, award, language)}"] if one.target is not None else []
    parts += [f"{percent(reached)} attained"] if reached is not None else []
    return f"{name}{' now' if now else ''}: {', '.join(parts)}."


def cause_text(award: Award, language: Language) -> str:
    """What decided on it: an event, or that the plan was changed."""
    if award.cause.type == PLAN_CAUSE:
        return "更正：方案变更后重新判定。" if language == "zh" else "Correction: decided anew under the changed plan."
    name = f"{event(award.cause.type, language)} {award.cause.id}"
    return f"原因：{name}。" if language == "zh" else f"Cause: {name}."


def corrected(award: Award, language: Language) -> list[str]:
    """That a changed plan granted it; nothing where an event did."""
    return [cause_text(award, language)] if award.cause.type == PLAN_CAUSE else []


def gap_text(award: Award, language: Language) -> str:
    """What is missing to the next tier, in the unit of the KPI; '' where nothing is, or it is not known."""
    gap = decimal_of(award.gap)
    if not gap:
        return ""
    unit = award.evidence[0].unit if award.evidence else ""
    return difference(gap, unit, award.currency, language)


def pays_text(award: Award, language: Language) -> str:
    """The money, else the rate; '' where the award pays nothing by itself."""
    if award.amount is None and award.pays.endswith("%"):
        return award.pays
    amount = decimal_of(award.pays if award.amount is None else award.amount)
    return money(amount, award.currency, language) if amount else ""


def is_rate(award: Award) -> bool:
    """Whether ``pays_text`` is a rate."""
    return award.amount is None and award.pays.endswith("%")


def period_text(award: Award, language: Language) -> str:
    """The award's period."""
    return period(award.period_kind, award.period, language)


def provisional_text(language: Language) -> str:
    """That nothing is final yet."""
    return "暂定结果，关账后才最终确定。" if language == "zh" else "Provisional: final once the period is closed."
