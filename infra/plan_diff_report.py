"""A comparison of two plans as plain values and as tables: what ``kpistream plan diff`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.backtest_report import amount_text, number_text
from schemas.plan import Plan
from schemas.plan_changes import Change
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


def print_diff(report: dict[str, Any], console: Console | None = None) -> None:
    """Tables for people; parts without a difference are left out."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH, file=console.file)
    _table(
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
    _table(
        console,
        f"Who gains and loses ({report['currency']})",
        ("employee", *sums),
        [(row["employee"], *(row[name] for name in sums)) for row in report["people"]],
        right=(1, 2, 3),
    )
    _table(
        console,
        f"By rule and period ({report['currency']})",
        ("employee", "rule", "period", *sums),
        [
            (row["employee"], row["rule"], _period(row), *(row[name] for name in sums)) for row in report["money"]
        ],
        right=(3, 4, 5),
    )
    _table(
        console,
        "Awards",
        ("change", "employee", "rule", "period", "bound", "pays"),
        [
            (row["change"], row["employee"], row["rule"], _period(row), row["threshold"], row["pays"])
            for row in report["awards"]
        ],
    )
    _table(
        console,
        "KPIs",
        ("KPI", "employee", "period", *(f"{side} {name}" for name in _FIGURES for side in ("old", "new"))),
        [
            (
                row["kpi"],
                row["employee"],
                _period(row),
                *(row[side][name] or "–" for name in _FIGURES for side in ("old", "new")),
            )
            for row in report["attainment"]
        ],
        right=(3, 4, 5, 6, 7, 8),
    )
    total = report["total"]
    console.print(
        f"In all {total['old']} before, {total['new']} after: difference {total['difference']} {report['currency']}; "
        f"{len(report['people'])} gain or lose, {report['unchanged']} with earnings stay as they were.",
        highlight=False,
    )


def _period(row: dict) -> str:
    return f"{row['period_kind']} {row['period']}"


def _table(
    console: Console, title: str, heads: Sequence[str], rows: list[tuple[str, ...]], right: tuple[int, ...] = ()
) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: shown, never read as markup
    console.print(table)
    console.print()
