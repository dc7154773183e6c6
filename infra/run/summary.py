"""The end of a run: counts that must add up, awards, money, attainment, and whether the tables agree."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from clickhouse_driver import Client

from infra.clickhouse.reconcile import Report
from infra.run.figures import Figures, Outcomes, read_earned, read_outcomes
from infra.run.view import amount, percent, table

#: Rows of the attainment table that are printed; the file has all.
SHOWN = 12
_ATTAINMENT = """
SELECT kpi, employee, employee_name, team, department, role, period_kind, period, first_day, last_day, value,
    target, attainment_percent, gap, unit
FROM bi.attainment
WHERE period_kind NOT LIKE 'rolling_%'
ORDER BY kpi, period_kind, first_day, employee"""


@dataclass(frozen=True)
class Result:
    """What the tables say after the run. ``came_in``: records in the business topics."""

    came_in: int
    outcomes: Outcomes
    reasons: dict[str, int]  # of dead letters
    awards: dict[str, int]  # by state
    earned: dict[str, Decimal]  # by currency

    @property
    def adds_up(self) -> bool:
        """Whether every record that came in is accounted for."""
        return self.came_in == self.outcomes.total


def read_result(client: Client, came_in: int) -> Result:
    """Ask the bi views."""
    return Result(
        came_in,
        read_outcomes(client),
        dict(
            client.execute(
                "SELECT reason, count() FROM bi.dead_letters GROUP BY reason ORDER BY count() DESC, reason"
            )
        ),
        dict(client.execute("SELECT state, count() FROM bi.awards GROUP BY state ORDER BY state")),
        read_earned(client),
    )


def result_lines(result: Result, seconds: float, restarts: dict[str, int]) -> list[str]:
    """The summary, but for what concerns files."""
    outcomes = result.outcomes
    parts = [
        f"applied {outcomes.applied:,}",
        f"duplicate {outcomes.duplicate:,}",
        f"dead-lettered {outcomes.dead_lettered:,}",
        f"parked {outcomes.parked:,}",
    ]
    if outcomes.gaps:
        parts.append(f"offsets without a record {outcomes.gaps:,}")
    verdict = (
        "adds up"
        if result.adds_up
        else f"DOES NOT ADD UP, {result.came_in - outcomes.total:,} unaccounted for"
    )
    awards = ", ".join(f"{state} {count:,}" for state, count in result.awards.items()) or "none"
    earned = (
        ", ".join(f"{amount(total)} {currency}" for currency, total in result.earned.items()) or "nothing"
    )
    again = ", ".join(f"{name} {count}×" for name, count in restarts.items()) or "none"
    lines = [
        f"events in      {result.came_in:,} = {' + '.join(parts)}: {verdict}",
        f"throughput     {result.came_in / max(seconds, 0.001):,.0f} events/s over {seconds:.1f} s",
        f"awards         {awards}",
        f"earned         {earned}",
        f"restarts       {again}",
    ]
    if result.reasons:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in result.reasons.items())
        lines.insert(1, f"dead letters   {reasons}")
    return lines


def left_lines(came_in: int, events: int | None) -> list[str]:
    """What of a file did not get in before the run ended; none where all did, or ``events`` (its number) has no end."""
    if events is None or came_in >= events:
        return []
    return [f"not fed        {events - came_in:,} of {events:,} events: the run ended before their turn"]


def alerts_late_line(figures: Figures) -> str:
    """What is said where the alerts did not get done before the end of the run."""
    waiting = figures.lags.get("alerts", 0)
    what = f"{waiting:,} awards are not pushed yet" if waiting else "the last are pushed, but not in the tables"
    return f"Not all alerts are done: {what}. The topics keep them."


def reconcile_lines(report: Report, file: Path) -> list[str]:
    """The verdict, and the first of the checks that differ; ``file`` gets all of them."""
    file.write_text(f"{report}\n", encoding="utf-8")
    compared = sum(check.compared for check in report.checks)
    verdict = f"reconcile      {len(report.checks)} checks, {compared:,} compared: "
    if not report.differences:
        return [verdict + "agrees"]
    differing = [line for check in report.checks if check.differences for line in str(check).splitlines()]
    return [
        f"{verdict}{report.differences:,} DIFFER, all in {file}",
        *(f"  {line}" for line in differing[:SHOWN]),
    ]


def write_attainment(client: Client, file: Path) -> list[tuple]:
    """Write value, target and attainment of every person and period as CSV; returns the rows."""
    rows, columns = client.execute(_ATTAINMENT, with_column_types=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(name for name, _ in columns)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return rows


def attainment_lines(rows: list[tuple], file: Path) -> list[str]:
    """The newest periods' best, of those with a target."""
    aimed = sorted(
        (row for row in rows if row[12] is not None), key=lambda row: (row[8], row[12]), reverse=True
    )
    if not aimed:
        return [f"attainment     nobody has a target; all values are in {file}"]
    shown = [("  who", "kpi", "period", "value", "target", "attainment")]
    shown += [
        (
            f"  {row[2] or row[1]}",
            row[0],
            row[7],
            amount(row[10]),
            amount(row[11]),
            percent(row[12]).strip(" ()"),
        )
        for row in aimed[:SHOWN]
    ]
    return [
        f"attainment     {len(aimed):,} of persons and periods with a target, in full in {file}; the newest:",
        *table(shown),
    ]


def say_all(say: Callable[[str], None], lines: list[str]) -> None:
    """Say each line."""
    for line in lines:
        say(line)
