"""What a rebuild changes: values by KPI, awards and money by person."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from runtime.records import Out
from schemas.blocks import decode_block
from schemas.control import CellAdjusted
from schemas.money import SCALE
from schemas.plan import Plan
from schemas.results import decode_award
from schemas.topics import AWARDS, EARNINGS


@dataclass
class Change:
    """Sums of what was found, over all partitions."""

    plan: Plan
    days: Counter = field(default_factory=Counter)  # cells by KPI
    people: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    held: Counter = field(default_factory=Counter)  # numerators, fixed
    wanted: Counter = field(default_factory=Counter)
    awards: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))  # by person: given, revoked
    money: Counter = field(default_factory=Counter)  # by person, fixed

    def add_cells(self, cells: list[CellAdjusted]) -> None:
        """Day cells that are to change."""
        for cell in cells:
            self.days[cell.kpi] += 1
            self.people[cell.kpi].add(cell.employee)
            self.held[cell.kpi] += cell.found.numerator
            self.wanted[cell.kpi] += cell.should.numerator

    def add_results(self, outs: list[Out]) -> None:
        """Awards and earning lines that follow."""
        for out in outs:
            if out.topic == AWARDS.name:
                award = decode_award(out.value)
                self.awards[award.employee]["revoked" if award.state == "revoked" else "given"] += 1
            elif out.topic == EARNINGS.name:
                rows = decode_block(out.value)[0]
                for who, amount in zip(
                    *(rows.column(name).to_pylist() for name in ("employee", "amount")), strict=True
                ):
                    self.money[who] += amount


def as_text(change: Change, switched: bool) -> str:
    """Tables for people; of a switch that was made only the values."""
    if not change.days:
        return "Nothing differs: every KPI is as if the plan in force had always been so."
    lines = [f"{'KPI':<24} {'days':>9} {'people':>8} {'before':>18} {'after':>18}"]
    lines += [
        f"{kpi.id:<24} {change.days[kpi.id]:>9,} {len(change.people[kpi.id]):>8,} "
        f"{_plain(change.held[kpi.id]):>18} {_plain(change.wanted[kpi.id]):>18}"
        for kpi in change.plan.kpis
        if change.days[kpi.id]
    ]
    if switched:
        return "\n".join(lines)
    concerned = sorted({who for who, amount in change.money.items() if amount} | change.awards.keys())
    lines += ["", f"{'person':<24} {'awards':>9} {'revoked':>8} {change.plan.currency:>18}"]
    lines += [
        f"{who:<24} {awards['given']:>9,} {awards['revoked']:>8,} {_plain(change.money[who]):>18}"
        for who, awards in ((who, change.awards[who]) for who in concerned)
    ]
    total = sum(change.money.values())
    return "\n".join([*lines, f"{len(concerned):,} people, {_plain(total)} {change.plan.currency} in all."])


def _plain(fixed: int) -> str:
    return f"{Decimal(fixed) / SCALE:,.2f}"
