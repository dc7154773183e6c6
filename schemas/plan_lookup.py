"""What the checks of a plan share: findings, names that can be referred to, the validity of period keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from schemas.event_fields import payload_fields
from schemas.money import SCALE, minor_step
from schemas.plan import CALENDAR_KINDS, Plan, Target
from schemas.plan_fiscal import FISCAL_KINDS
from schemas.plan_moves import employees_of
from schemas.plan_periods import calendars_of

#: Settings that hold money.
_AMOUNTS = ("amount", "bonus", "prize", "cap", "floor")
_ROLLING = re.compile(r"rolling_([1-9]\d{0,2})d")
_KEYS = {
    "day": (r"\d{4}-\d{2}-\d{2}", "2026-03-31"),
    "week": (r"\d{4}-W\d{2}", "2026-W14"),
    "month": (r"\d{4}-(0[1-9]|1[0-2])", "2026-03"),
    "quarter": (r"\d{4}-Q[1-4]", "2026-Q1"),
    "year": (r"\d{4}", "2026"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a path of the plan, or doubtful (``warning``).

    ``needs`` names what would have to be missing for the finding to be true.
    """

    path: tuple[str | int, ...]
    message: str
    warning: bool = False
    needs: frozenset[str] = frozenset()

    @classmethod
    def unknown(cls, path: tuple, what: str, word: str, known: Collection[str]) -> Finding:
        """A name that nothing in the plan has, with the nearest one that exists."""
        return cls(path, f"no such {what}: {word}{suggestion(word, known)}", needs=frozenset([word]))


def suggestion(word: str, known: Collection[str]) -> str:
    """``; did you mean x?`` for the nearest known name, else the names themselves where they are few."""
    names = sorted(known)
    if near := nearest(word, names):
        return near
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 12 and word not in names else ""


def nearest(word: str, known: Collection[str]) -> str:
    """``; did you mean x?`` for the nearest known name, whatever its case."""
    if word in known:
        return ""
    lower = {name.lower(): name for name in sorted(known, reverse=True)}
    close = get_close_matches(word.lower(), sorted(lower), n=1, cutoff=0.6)
    return f"; did you mean {lower[close[0]]}?" if close else ""


def is_rolling(kind: str) -> bool:
    """Whether a period kind is a rolling window."""
    return bool(_ROLLING.fullmatch(kind))


def period_key_problem(plan: Plan, kind: str, key: str) -> str:
    """'' where ``key`` names a period of ``kind``, else what was expected."""
    if kind in (calendars := calendars_of(plan)):
        keys = [period.key for period in calendars[kind]]
        return "" if key in keys else f"no such period in calendar {kind}: {key}{suggestion(key, keys)}"
    if kind not in _KEYS:
        return ""
    pattern, example = _KEYS[kind]
    try:
        valid = bool(re.fullmatch(pattern, key, re.ASCII)) and 1970 <= int(key[:4]) <= 9998
        if valid and kind == "day":
            date.fromisoformat(key)
        if valid and kind == "week":
            date.fromisocalendar(int(key[:4]), int(key[6:]), 1)
    except ValueError:
        valid = False
    return "" if valid else f"{key} is no {kind}; expected a key such as {example}"


def period_kind_of(plan: Plan, key: str) -> str:
    """The kind of period that ``key`` names, a calendar of the plan first; raises ValueError where it names none."""
    for kind in (*plan.calendars, *_KEYS):
        if not period_key_problem(plan, kind, key):
            return kind
    raise ValueError(f"{key} names no period; expected a key such as 2026-03, 2026-Q1 or one of the plan's calendars")


class Lookup:
    """Names of a plan, by kind, and who a target applies to."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.fields = payload_fields(plan)
        self.kpis = {kpi.id: kpi for kpi in plan.kpis}
        self.scorecards = {card.id: card for card in plan.scorecards}
        self.names: dict[str, set[str]] = {
            "kpi": set(self.kpis),
            "employee": set(),
            "role": set(),
            "team": set(),
            "department": set(),
        }
        self.places: list[tuple[str, str, str, str]] = []  # employee, role, team, department: one for each place held
        for department in plan.organisation.departments:
            self.names["department"].add(department.id)
            for team in department.teams:
                self.names["team"].add(team.id)
        for employee, held in employees_of(plan):
            self.names["employee"].add(employee.id)
            self.names["role"] |= {place.role for place in held}
            self.places += [(employee.id, place.role, place.team, place.department) for place in held]

    def refer(self, path: tuple, kind: str, name: str) -> Iterator[Finding]:
        """A finding where nothing of that kind has this name."""
        if name not in self.names[kind]:
            what = "role (no employee has it)" if kind == "role" else kind
            yield Finding.unknown(path, what, name, self.names[kind])

    def period(self, path: tuple, kind: str) -> Iterator[Finding]:
        """A finding where ``kind`` is neither built in nor a calendar of the plan."""
        known = [*CALENDAR_KINDS, *calendars_of(self.plan)]
        if kind not in known and not is_rolling(kind):
            hint = suggestion(kind, known)
            if kind in FISCAL_KINDS:
                hint = "; the plan has no fiscal calendar (fiscal: {year_start: 1})"
            elif kind.startswith("rolling"):
                hint = "; rolling_<N>d, N from 1 to 999, is the last N days"
            yield Finding(path, f"no such period: {kind}{hint}", needs=frozenset([kind]))

    def measure(self, path: tuple, kpi: str, value: Decimal) -> Iterator[Finding]:
        """A warning where a value looks like a fraction of what is measured in percent, or as if it had separators."""
        unit = self.kpis[kpi].unit if kpi in self.kpis else ""
        if unit == "percent" and 0 < value <= 1:
            meant = f"{(value * 100).normalize():f}%"
            yield Finding(path, f"{kpi} is measured in percent: {value:f} means {value:f}%, not {meant}", True)
        if unit in ("money", "count"):
            yield from self._separator(path, value)

    def amounts(self, path: tuple, entry: object) -> Iterator[Finding]:
        """Warnings about the amounts of money of an award, a tier, a draw or a guard that can be misread."""
        for name in _AMOUNTS:
            if isinstance(amount := getattr(entry, name, None), Decimal):
                yield from self._separator((*path, name), amount)

    def _separator(self, path: tuple, value: Decimal) -> Iterator[Finding]:
        """A warning where the point of 3.000 may stand for thousands; of a currency with such decimals none."""
        if value.as_tuple().exponent == -3 and abs(value) >= 1 and minor_step(self.plan.currency) > SCALE // 1000:
            means = f"{value:f} means {value.normalize():f}, not {value * 1000:.0f}"
            yield Finding(path, f"{means}: numbers are written without separators", True)

    def covered(self, targets: Iterable[Target]) -> set[tuple[str, str, str, str]]:
        """Places in which at least one of the targets applies."""
        wanted = {(target.employee, target.role, target.team, target.department) for target in targets}
        masks = {tuple(name is not None for name in names) for names in wanted}

        def applies(place: tuple[str, ...]) -> bool:
            return any(
                tuple(name if used else None for name, used in zip(place, mask, strict=True)) in wanted
                for mask in masks
            )

        return {place for place in self.places if applies(place)}
