"""Suggested targets as YAML to paste into a plan, their reasons as comments. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from infra.backtest_report import number_text
from schemas.money import SCALE, round_half_up
from schemas.plan import Kpi
from streams.target_suggestions import ENOUGH_PERIODS, Basis, Suggestion

#: Steps that people set targets in, in ten-thousandths: whole units, else one decimal.
_WHOLE = ("money", "count", "minutes")


@dataclass(frozen=True)
class Suggested:
    """Suggestions for a KPI and those whom a target would hold for; ``selector`` such as ``role: rep``."""

    kpi: Kpi
    period: str
    selector: str
    basis: Basis | None
    chosen: list[Suggestion]
    others: list[Suggestion] = field(default_factory=list)


def yaml_text(found: list[Suggested]) -> str:
    """The ``targets`` of a plan."""
    lines = ["targets:"]
    for one in found:
        lines += [f"  # {text}" for text in _comments(one)]
        usable = [each for each in one.chosen if each.value is not None]
        if not usable:
            lines.append(f"  # no target suggested: {'; '.join(each.reason for each in one.chosen)}")
        for each in usable:
            parts = [f"kpi: {one.kpi.id}", f"period: {one.period}", f"value: {value_text(one.kpi, each.value)}"]
            parts[2:2] = [f'at: "{each.at}"'] if each.at else []
            parts[2:2] = [one.selector] if one.selector else []
            lines.append(f"  - {{{', '.join(parts)}}}" + (f"  # {each.reason}" if each.at else ""))
    return "\n".join(lines)


def value_text(kpi: Kpi, value: Fraction) -> str:
    """A value as a target is written: whole units of money, counts and minutes, one decimal of anything else."""
    step = SCALE if kpi.unit in _WHOLE else SCALE // 10
    return number_text(round_half_up(value * SCALE, step))


def _comments(one: Suggested) -> list[str]:
    whom = one.selector or "everyone"
    lines = [f"{one.kpi.name.en} ({one.kpi.id}) per {one.period}, {whom}"]
    if one.basis:
        lines[0] += (
            f": {_so_many(one.basis.values, 'value', 'values')} of {_so_many(one.basis.people, 'person', 'people')} "
            f"over {_so_many(one.basis.periods, 'period', 'periods')}, {one.basis.first} to {one.basis.last}"
        )
    for each in [*(each for each in one.chosen if not each.at), *one.others]:
        value = "–" if each.value is None else value_text(one.kpi, each.value)
        chosen = "  ← suggested" if each in one.chosen and each.value is not None else ""
        lines.append(f"  {each.method}: {value} ({each.reason}){chosen}")
    return lines + [f"  SMART: {text}" for text in smart_gaps(one)]


def smart_gaps(one: Suggested) -> list[str]:
    """What is missing for a target to be specific, measurable, achievable and dated."""
    gaps = []
    if one.kpi.description is None:
        gaps.append("not specific: the KPI has no description")
    if one.kpi.unit == "number":
        gaps.append("not measurable as it stands: the KPI has no unit")
    if one.basis is None:
        gaps.append("nobody can tell whether it is achievable: no data behind it")
    elif one.basis.periods < ENOUGH_PERIODS:
        gaps.append(f"hardly known to be achievable: only {_so_many(one.basis.periods, 'period', 'periods')} behind it")
    if not any(each.at for each in one.chosen):
        gaps.append(f"not dated: it holds for every {one.period} until it is changed; `at` names one")
    return gaps


def _so_many(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
