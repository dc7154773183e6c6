"""A comparison of two plans as plain values and as tables: what ``kpistream plan diff`` prints."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rich.console import Console

from infra.backtest_report import amount_text, number_text
from infra.backtest_tables import grouped, percent_text, print_table
from infra.holders import Holders
from schemas.plan import Plan
from schemas.plan_changes import Change
from schemas.wording import measured
from streams.plan_comparison import Comparison, award_holder

_WIDTH = 160
_FIGURES = ("value", "target", "attainment")


def diff_report(old: Plan, new: Plan, changes: list[Change], found: Comparison) -> dict[str, Any]:
    """Everything that differs, as JSON-able values; numbers are decimal texts."""

    def money(before: int, after: int) -> dict[str, str]:
        named = {"old": before, "new": after, "difference": after - before}
        return {name: amount_text(amount, new.currency) for name, amount in named.items()}

    return {
        "old": {"plan": old.plan, "version": old.version},
        "new": {"plan": new.plan, "version": new.version},
        "currency": new.currency,
        "settings": [asdict(change) for change in changes],
        "total": money(*found.totals),
        "people": [
            {"employee": employee} | money(before, after)
            for employee, (before, after) in sorted(found.people.items())
            if before != after
        ],
        "unchanged": sum(1 for before, after in found.people.values() if before == after),
        "money": [
            {name: getattr(one, name) for name in ("employee", "rule", "period_kind", "period")}
            | money(one.old, one.new)
            for one in found.money
        ],
        "awards": [
            {
                "change": "gained" if one.gained else "lost",
                "employee": award_holder(one.award),
                **{
                    name: getattr(one.award, name)
                    for name in ("rule", "kind", "period_kind", "period", "threshold", "pays")
                },
            }
            for one in found.awards
        ],
        "attainment": [
            {name: getattr(one, name) for name in ("kpi", "employee", "period_kind", "period")}
            | {
                side: dict(zip(_FIGURES, map(number_text, getattr(one, side)), strict=True))
                for side in ("old", "new")
            }
            for one in found.attainment
        ],
    }


def print_diff(report: dict[str, Any], old: Plan, new: Plan, console: Console | None = None) -> None:
    """Tables for people; parts without a difference are left out."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH, file=console.file)
    named = Holders(old, new)
    kpis = {one.id: one for plan in (old, new) for one in (*plan.kpis, *plan.scorecards)}

    def who(row: dict) -> str:
        kind, space, unit = row["employee"].partition(" ")  # which no id of a person has
        return named.unit(kind, unit) if space else named.person(kind)

    def money(row: dict) -> tuple[str, ...]:
        difference = Decimal(row["difference"])
        return grouped(row["old"]), grouped(row["new"]), f"{difference:{'+' if difference else ''},f}"

    def figure(row: dict, side: str, name: str) -> str | None:
        text = row[side][name]
        if name == "attainment":
            return percent_text(text)
        return None if text is None else measured(Decimal(text), kpis[row["kpi"]].unit, report["currency"], "en")

    print_table(
        console,
        "Settings",
        ("change", "setting", "old line", "new line", "old", "new"),
        [
            (
                row["change"],
                row["path"],
                str(row["old_line"] or ""),
                str(row["new_line"] or ""),
                row["old"],
                row["new"],
            )
            for row in report["settings"]
        ],
        right=(2, 3),
    )
    sums = ("old", "new", "difference")
    print_table(
        console,
        f"Who gains and loses ({report['currency']})",
        ("employee", *sums),
        [(who(row), *money(row)) for row in report["people"]],
        right=(1, 2, 3),
    )
    print_table(
        console,
        f"By rule and period ({report['currency']})",
        ("employee", "rule", "period", *sums),
        [
            (who(row), row["rule"], _period(row), *money(row)) for row in report["money"]
        ],
        right=(3, 4, 5),
    )
    print_table(
        console,
        "Awards",
        ("change", "employee", "rule", "period", "bound", "pays"),
        [
            (row["change"], who(row), row["rule"], _period(row), row["threshold"], row["pays"])
            for row in report["awards"]
        ],
    )
    print_table(
        console,
        "KPIs",
        ("KPI", "employee", "period", *(f"{side} {name}" for name in _FIGURES for side in ("old", "new"))),
        [
            (
                kpis[row["kpi"]].name.en,
                who(row),
                _period(row),
                *(figure(row, side, name) for name in _FIGURES for side in ("old", "new")),
            )
            for row in report["attainment"]
        ],
        right=(3, 4, 5, 6, 7, 8),
    )
    before, after, difference = money(report["total"])
    console.print(
        f"In all {before} before, {after} after: difference {difference} {report['currency']}; "
        f"{len(report['people'])} gain or lose, {report['unchanged']} with earnings stay as they were.",
        highlight=False,
    )


def _period(row: dict) -> str:
    return f"{row['period_kind']} {row['period']}"
