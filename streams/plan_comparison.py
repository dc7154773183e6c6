"""Two backtests over the same events, compared: who gains and loses what under another plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.results import Award
from schemas.samples import without_samples
from streams.backtest import BacktestResult


@dataclass(frozen=True)
class Scope:
    """What to compare: one employee, some period keys; empty for all."""

    employee: str = ""
    periods: frozenset[str] = frozenset()

    def holds(self, employee: str, period: str) -> bool:
        """Whether a result belongs to it."""
        return self.employee in ("", employee) and (not self.periods or period in self.periods)


@dataclass(frozen=True, slots=True)
class MoneyChange:
    """Money by employee, rule and period, in ten-thousandths."""

    employee: str
    rule: str
    period_kind: str
    period: str
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class AwardChange:
    """An award that only one of the plans gives in the end."""

    award: Award
    gained: bool


@dataclass(frozen=True, slots=True)
class AttainmentChange:
    """A KPI of an employee in a period; ten-thousandths, None where undefined or absent."""

    kpi: str
    employee: str
    period_kind: str
    period: str
    old: tuple[int | None, int | None, int | None]  # value, target, attainment
    new: tuple[int | None, int | None, int | None]


@dataclass
class Comparison:
    """What differs, and the sums of everything by employee (also of those for whom nothing differs)."""

    money: list[MoneyChange] = field(default_factory=list)
    awards: list[AwardChange] = field(default_factory=list)
    attainment: list[AttainmentChange] = field(default_factory=list)
    people: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def totals(self) -> tuple[int, int]:
        """All money under the old and under the new plan."""
        return sum(old for old, _ in self.people.values()), sum(new for _, new in self.people.values())


def compare(old: BacktestResult, new: BacktestResult, scope: Scope = Scope()) -> Comparison:
    """Everything that differs between the results, in order of employee, rule or KPI, and period."""
    found = Comparison()
    before, after = _money(old.earnings, scope), _money(new.earnings, scope)
    for key in sorted(before.keys() | after.keys()):
        amounts = before.get(key, 0), after.get(key, 0)
        if amounts[0] != amounts[1]:
            found.money.append(MoneyChange(*key, *amounts))
        sums = found.people.get(key[0], (0, 0))
        found.people[key[0]] = sums[0] + amounts[0], sums[1] + amounts[1]
    held, holds = _held(old.awards, scope), _held(new.awards, scope)
    for key in sorted(held.keys() ^ holds.keys()):
        found.awards.append(AwardChange(holds.get(key) or held[key], key in holds))
    found.attainment = _attainment(old.periods, new.periods, scope)
    return found


def _money(lines: Iterable[dict], scope: Scope) -> dict[tuple[str, str, str, str], int]:
    sums: dict[tuple[str, str, str, str], int] = {}
    for line in lines:
        if scope.holds(line["employee"], line["period"]):
            key = _payee(line), line["rule"], line["period_kind"], line["period"]
            sums[key] = sums.get(key, 0) + line["amount"]
    return sums


def award_holder(award: Award) -> str:
    """Who holds it: the employee's id, or the unit with its kind, such as ``team north``."""
    return award.employee or f"{award.unit_kind} {award.unit}"


def _payee(line: dict) -> str:
    """Who a line pays: the employee, or the unit itself, which its columns name from the narrowest on."""
    if line["employee"]:
        return line["employee"]
    kind = next((name for name in ("team", "department") if line[name]), "")
    return f"{kind} {line[kind]}" if kind else "company"


def _held(awards: Iterable[Award], scope: Scope) -> dict[tuple, Award]:
    """Awards that stand at the end: the last word on each counts."""
    last: dict[tuple, Award] = {}
    for award in awards:
        if scope.holds(award.employee, award.period):
            bound = without_samples(award.threshold)  # of both plans the same award, whatever samples they ask for
            key = award_holder(award), award.rule, award.period_kind, award.period, bound, award.kind
            last[key] = award
    return {key: award for key, award in last.items() if award.state != "revoked"}


def _attainment(old: dict[tuple, dict], new: dict[tuple, dict], scope: Scope) -> list[AttainmentChange]:
    changes = []
    for key in sorted(old.keys() | new.keys()):
        kpi, employee, kind, period = key
        if not scope.holds(employee, period):
            continue
        figures = tuple(
            tuple((side.get(key) or {}).get(name) for name in ("value", "target", "attainment")) for side in (old, new)
        )
        if figures[0] != figures[1]:
            changes.append(AttainmentChange(kpi, employee, kind, period, *figures))
    return changes
