"""``kpistream close``: freeze a period and export what it pays."""

from __future__ import annotations

import getpass
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from infra.payout_cli import export, out_option
from schemas.control import PeriodClosed
from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of
from streams.performance.calendar import Calendar, date_of


@click.command()
@click.argument("period")
@click.option("--early", is_flag=True, help="Close it even though it has not ended yet.")
@click.option("--wait", type=click.FloatRange(0), default=60, show_default=True, help="Seconds to wait for the tables.")
@click.option("--by", help="Who closes it, for bi.closes; by default the name of the login.")
@out_option
def close(period: str, early: bool, wait: float, by: str | None, out: Path | None) -> None:
    """Close PERIOD, such as 2026-03, 2026-Q1 or a period of the plan's calendars, and write its payout.

    Awards that waited for its end become final. What comes for it later follows the plan's setting late. The payout
    follows once the tables hold all lines from before the close.
    """
    from infra.caught_up import earnings_loaded
    from infra.control_topic import close_period, newest_plan
    from infra.settings import load_settings

    settings = load_settings()
    applied = newest_plan(settings)
    if applied is None:
        raise click.ClickException("no plan has been applied")
    record = close_record(applied.plan, period, time.time_ns() // 1_000_000, early, _login() if by is None else by)
    close_period(settings, record)
    click.echo(f"{record.kind} {period} closed (control record {record.id})")
    if not earnings_loaded(settings, wait):
        raise click.ClickException(
            f"the tables do not hold all lines of {period} yet, so no payout was written; "
            f"kpistream payout {period} writes it once worker and sink have caught up"
        )
    export(settings, applied.plan, period, out)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that no account has
        return ""


def close_record(plan: Plan, period: str, now_ms: int, early: bool, by: str = "") -> PeriodClosed:
    """The record that closes ``period``; ClickException where there is no such period or it has not ended."""
    try:
        kind = period_kind_of(plan, period)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    calendar = Calendar(plan)
    _, last = calendar.span(kind, calendar.parse(kind, period))
    today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(plan.timezone)).date()
    if today <= date_of(last) and not early:
        raise click.ClickException(
            f"{kind} {period} ends on {date_of(last)}, in {plan.timezone} it is {today}; --early closes it all the same"
        )
    return PeriodClosed.of(plan, kind, period, now_ms, by)
