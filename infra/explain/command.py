"""``kpistream explain``: why an award stands, or what a period paid, down to the events."""

from __future__ import annotations

from pathlib import Path

import click

from infra.backtest_inputs import EventLines, feed_files, mapping_of, plan_of
from infra.backtest_report import amount_text
from infra.explain.from_backtest import BacktestEvidence
from infra.explain.phrases import say
from infra.explain.telling import Teller
from streams.explain.evidence import explain_award, explain_period

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="AWARD_ID | EMPLOYEE PERIOD")
@click.option("--plan", "plan_file", type=_FILE, help="The plan of a backtest; without it the running system is asked.")
@click.option("--events", "event_files", type=_FILE, multiple=True, help="The events of the backtest.")
@click.option("--mapping", "mapping_file", type=_FILE, help="Topic mappings, for events of another shape.")
@click.option("--topic", help="Whose mapping to use, where the file has several.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--full", is_flag=True, help="List every credit, also of long lists.")
def explain(
    what: tuple[str, ...],
    plan_file: Path | None,
    event_files: tuple[Path, ...],
    mapping_file: Path | None,
    topic: str | None,
    language: str,
    full: bool,
) -> None:
    """Why an award was decided, or what an employee earned in a period: values, credits, money slice by slice.

    Recomputed on the spot from the credits, apart from the engine, and compared with the earning lines. Exit code 1
    where anything differs.
    """
    if len(what) > 2:
        raise click.UsageError("expected an award's id, or an employee and a period")
    if (plan_file is None) != (not event_files):
        raise click.UsageError("--plan and --events belong together: a backtest needs both")
    if plan_file is not None:
        files = EventLines(list(event_files))
        mapping = mapping_of(mapping_file, topic)
        source = BacktestEvidence(plan_of(plan_file), lambda run: feed_files(run, files), mapping)
    else:
        source = _running_system()
    tell = _award if len(what) == 1 else _period
    lines, agrees = tell(source, *what, language, full)
    click.echo("\n".join(lines))
    if not agrees:
        raise SystemExit(1)


def _running_system():
    from infra.explain.from_clickhouse import ClickHouseEvidence

    return ClickHouseEvidence.connect()


def _award(source, award_id: str, language: str, full: bool) -> tuple[list[str], bool]:
    award = source.award(award_id)
    if award is None:
        raise click.ClickException(f"no such award: {award_id}")
    evidence = source.of(award.employee, award.plan_version)
    try:
        explained = explain_award(evidence, award)
    except KeyError as error:
        raise click.ClickException(f"plan version {award.plan_version} has no rule {award.rule}") from error
    return Teller(evidence.plan, language, full).award(explained), explained.agrees


def _period(source, employee: str, period: str, language: str, full: bool) -> tuple[list[str], bool]:
    evidence = source.of(employee)
    rules = explain_period(evidence, period)
    teller = Teller(evidence.plan, language, full)
    if not rules:
        return [say(language, "nothing", who=teller.who(employee), period=period)], True
    currency = evidence.plan.currency
    paid = amount_text(sum(one.paid for one in rules), currency)
    words = {"who": teller.who(employee), "period": period, "rules": len(rules), "paid": paid, "currency": currency}
    lines = [say(language, "heading", **words)]
    for one in rules:
        lines += ["", *teller.rule(one)]
    return lines, not any(one.difference for one in rules)
