"""A backtest's report as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.holders import Holders
from schemas.plan import Kpi, Plan
from schemas.plan_scorecards import Scorecard
from schemas.wording import difference, measured, percent

#: Columns where there is no terminal whose width could be asked.
_WIDTH = 160
#: Dead letters shown before the rest is only counted.
_SHOWN = 50


def print_report(
    report: dict[str, Any], plan: Plan, with_days: bool = True, console: Console | None = None
) -> None:
    """Print what ``backtest_report.report_of`` made; empty parts are left out, single days if so wished."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH, file=console.file)
    kpis = {kpi.id: kpi for kpi in (*plan.kpis, *plan.scorecards)}
    named = Holders(plan)

    def value(row: dict, name: str) -> str | None:
        text = row[name]
        return None if text is None else measured(Decimal(text), kpis[row["kpi"]].unit, plan.currency, "en")

    values, units = (
        [row for row in report[part] if with_days or row["period_kind"] != "day"]
        for part in ("kpis", "units")
    )
    print_table(
        console,
        "KPIs",
        ("KPI", "employee", "period", "value", "target", "attainment"),
        (
            (
                _name(kpis[row["kpi"]]),
                named.person(row["employee"]),
                _period(row),
                value(row, "value"),
                value(row, "target"),
                percent_text(row["attainment"]),
            )
            for row in values
        ),
        right=(3, 4, 5),
    )
    print_table(
        console,
        f"Open periods, as of {report['as_of']}",
        ("KPI", "employee", "period", "value", "target", "expected by then", "pace", "forecast"),
        (
            (
                _name(kpis[row["kpi"]]),
                named.person(row["employee"]),
                _period(row),
                value(row, "value"),
                value(row, "target"),
                value(row, "expected"),
                percent_text(row["pace"]),
                value(row, "forecast"),
            )
            for row in values
            if row["target"] is not None and row["forecast"] is not None
        ),
        right=(3, 4, 5, 6, 7),
    )
    print_table(
        console,
        "Teams, departments, company",
        ("KPI", "unit", "period", "value", "target", "attainment"),
        (
            (
                _name(kpis[row["kpi"]]),
                named.unit(row["unit_kind"], row["unit"]),
                _period(row),
                value(row, "value"),
                value(row, "target"),
                percent_text(row["attainment"]),
            )
            for row in units
        ),
        right=(3, 4, 5),
    )
    print_table(
        console,
        "Awards",
        ("who", "award", "period", "reached", "pays", "state", "because of", "next"),
        (_award_row(row, named, kpis, plan.currency) for row in report["awards"]),
    )
    print_table(
        console,
        f"Earning lines ({report['currency']})",
        (
            *("who", "rule", "period", "posted in", "amount", "withheld", "basis", "value after"),
            *("reason", "because of"),
        ),
        (
            (
                named.holder(row),
                row["rule"],
                _period(row),
                row["posted_in"] if row["posted_in"] != row["period"] else "",
                *(grouped(row[name]) for name in ("amount", "withheld", "basis", "value_after")),
                row["reason"],
                row["cause_id"],
            )
            for row in report["earnings"]
        ),
        right=(4, 5, 6, 7),
    )
    statement = ("amount", "adjustments", "withheld", "earned")
    print_table(
        console,
        f"Statements ({report['currency']})",
        ("who", "period", "pays", "of it adjustments", "withheld", "earned as now known"),
        (
            (named.holder(row), _period(row), *(grouped(row[name]) for name in statement))
            for row in report["statements"]
        ),
        right=(2, 3, 4, 5),
    )
    money = ("earned", "guarantee", "advance", "recovery", "amount", "outstanding")
    print_table(
        console,
        f"Payouts of closed periods ({report['currency']})",
        ("who", "period", "earned", "guaranteed", "advanced", "recovered", "due", "still to be recovered"),
        (
            (_payee(row, named), _period(row), *(grouped(row[name]) for name in money))
            for row in report["payouts"]
        ),
        right=(2, 3, 4, 5, 6, 7),
    )
    letters = report["dead_letters"]
    print_table(
        console,
        "Dead letters",
        ("file", "line", "reason", "detail"),
        ((row["file"], str(row["line"]), row["reason"], row["detail"]) for row in letters[:_SHOWN]),
        right=(1,),
    )
    if len(letters) > _SHOWN:
        console.print(f"and {len(letters) - _SHOWN:,} dead letters more; --format json lists all")
    counts = ", ".join(
        f"{number:,} {name.replace('_', '-')}"
        for name, number in report["outcomes"].items()
        if name != "gaps"
    )
    console.print(f"plan {report['plan']} version {report['version']}: {counts}", highlight=False)


def print_table(
    console: Console,
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str | None]],
    right: tuple[int, ...] = (),
) -> None:
    """Rows under heads, – where there is nothing; no table without rows."""
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        # Text: what comes from events is shown, never read as markup
        table.add_row(*(Text("–" if cell is None else cell) for cell in row))
    if table.row_count:
        console.print(table)
        console.print()


def _name(kpi: Kpi | Scorecard) -> str:
    return kpi.name.en


def _payee(row: dict, named: Holders) -> str:
    """Of a payout, which names a unit as ``team:north`` or ``company``."""
    kind, _, unit = row["unit"].partition(":")
    return named.holder(row | {"unit_kind": kind, "unit": unit})


def _period(row: dict) -> str:
    return f"{row['period_kind']} {row['period']}" if row["period"] != "rolling" else row["period_kind"]


def percent_text(ratio: str | None) -> str | None:
    """1.05 as 105%."""
    return None if ratio is None else percent(Decimal(ratio))


def grouped(text: str | None) -> str | None:
    """A number with thousands marks, its decimals as they are."""
    return None if text is None else f"{Decimal(text):,f}"


def _award_row(row: dict, named: Holders, kpis: dict[str, Kpi | Scorecard], currency: str) -> tuple[str, ...]:
    paid = grouped(row["amount"]) or row["pays"] or ""
    missing = ""
    if row["gap"] not in (None, "0"):
        unit = kpis[row["evidence"][0]["kpi"]].unit
        missing = f"{difference(Decimal(row['gap']), unit, currency, 'en')} to {row['next_tier']}"
    return (
        named.holder(row),
        row["rule"],
        _period(row),
        row["threshold"],
        paid,
        row["state"],
        row["cause"]["id"],
        missing,
    )
