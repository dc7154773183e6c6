"""``kpistream explain``: why an award stands, or what a period paid, down to the events."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from infra.backtest_inputs import EventLines, feed_files, mapping_of, plan_of
from infra.explain.from_backtest import BacktestEvidence
from infra.explain.phrases import say
from infra.explain.postings import decided_otherwise, posted_elsewhere, posted_here
from infra.explain.telling import Teller
from infra.explain.telling_draws import draw_lines
from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of, suggestion
from schemas.plan_moves import employees_of
from schemas.plan_units import UnitKind
from schemas.results import Award
from schemas.wording import period as period_name
from streams.explain.draws import DrawExplained, explain_draws
from streams.explain.evidence import decided_on, explain_award
from streams.explain.history import ROLLING, Evidence
from streams.explain.period import explain_period

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="AWARD_ID | EMPLOYEE PERIOD")
@click.option("--plan", "plan_file", type=_FILE, help="The plan of a backtest; without it the running system is asked.")
@click.option("--events", "event_files", type=_FILE, multiple=True, help="The events of the backtest.")
@click.option("--mapping", "mapping_file", type=_FILE, help="Topic mappings, for events of another shape.")
@click.option("--topic", help="Whose mapping to use, where the file has several.")
@click.option(
    "--unit",
    "unit_kind",
    type=click.Choice(get_args(UnitKind)),
    help="The first argument names such a unit; its awards of the period.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--full", is_flag=True, help="List every credit, also of long lists.")
def explain(
    what: tuple[str, ...],
    plan_file: Path | None,
    event_files: tuple[Path, ...],
    mapping_file: Path | None,
    topic: str | None,
    unit_kind: str | None,
    language: str,
    full: bool,
) -> None:
    """Why an award was decided, or what an employee earned in a period: values, credits, money slice by slice.

    PERIOD is a period's key, or "rolling". Recomputed on the spot from the credits, apart from the engine, and compared
    with the earning lines. Exit code 1 where anything differs.
    """
    if unit_kind is not None and len(what) != 2:
        raise click.UsageError("--unit expects the unit and a period")
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
    if len(what) == 1:
        lines, agrees = _award(source, *what, language, full)
    else:
        lines, agrees = _period(source, *what, unit_kind, language, full)
    click.echo("\n".join(lines))
    if not agrees:
        if plan_file is None:
            click.echo(say(language, "apart"), err=True)
        raise SystemExit(1)


def _running_system():
    from infra.explain.from_clickhouse import ClickHouseEvidence

    return ClickHouseEvidence.connect()


def _award(source, award_id: str, language: str, full: bool) -> tuple[list[str], bool]:
    award = source.award(award_id)
    if award is None:
        raise click.ClickException(f"no such award: {award_id}")
    evidence = evidence_for(source, award)
    try:
        explained = explain_award(evidence, award)
    except KeyError as error:
        raise click.ClickException(f"plan version {award.plan_version} has no rule {award.rule}") from error
    return Teller(evidence.plan, language, full).award(explained), explained.agrees


def evidence_for(source, award: Award) -> Evidence:
    """What an award was decided on, under the plan of that time."""
    unit = decided_on(source.plan_of(award.plan_version), award)
    if unit is None:
        return source.of(award.employee, award.plan_version)
    return source.unit(*unit, award.plan_version, award.period)


def _period(source, who: str, period: str, unit_kind: str | None, language: str, full: bool) -> tuple[list[str], bool]:
    evidence = source.of(who) if unit_kind is None else source.unit(unit_kind, who, period=period)
    rules = explain_period(evidence, period, lambda kind, unit: source.unit(kind, unit, period=period))
    teller = Teller(evidence.plan, language, full)
    name = teller.who(who) if unit_kind is None else teller.unit(*evidence.unit)
    draws = _draws(evidence, period) if unit_kind is None else []
    kind = _kind(evidence, period)
    others = posted_here(teller, evidence, kind, period) if unit_kind is None else []
    if not rules and not draws and not others:
        if wrong := _unknown(evidence.plan, who, unit_kind, period):
            raise click.ClickException(wrong)
        return [say(language, "nothing", who=name, period=period_name(kind, period, language))], True
    earned = [one.paid if unit_kind is not None else one.paid_to(who) for one in rules]
    awards = [_awards(evidence, one.rule, period) for one in rules]
    lines = [teller.heading(name, kind, period, sum(earned))]
    lines += [teller.outcome(*one) for one in zip(rules, earned, awards, strict=True)] + others
    for one, known in zip(rules, awards, strict=True):
        lines += ["", *teller.rule(one, period, who=who), *decided_otherwise(teller, evidence, one.rule, period)]
        lines += posted_elsewhere(teller, evidence, one.rule, period)
        lines += [teller.award_line(award, one.rule) for award in known]
    lines += ["", *draw_lines(teller, kind, draws)] if draws else []
    return lines, all(one.agrees for one in (*rules, *draws))


def _unknown(plan: Plan, who: str, unit_kind: str | None, period: str) -> str:
    """What of the question names nothing that the plan has; '' where all of it does."""
    units = {
        None: [one.id for one, _ in employees_of(plan)],
        "department": [one.id for one in plan.organisation.departments],
        "team": [team.id for one in plan.organisation.departments for team in one.teams],
    }
    known = units.get(unit_kind)
    if known is not None and who not in known:
        return f"no such {unit_kind or 'employee'}: {who}{suggestion(who, known)}"
    try:
        if period != ROLLING:
            period_kind_of(plan, period)
    except ValueError as error:
        return str(error)
    return ""


def _kind(evidence: Evidence, period: str) -> str:
    """The kind of period; '' for rolling windows, of which there may be several."""
    try:
        return period_kind_of(evidence.plan, period)
    except ValueError:
        return ""


def _awards(evidence: Evidence, rule, period: str) -> list[Award]:
    """The last word on each award that a rule gave in the period."""
    last = {award.award_id: award for found in evidence.awards_of(rule, period).values() for award in found}
    return list(last.values())


def _draws(evidence: Evidence, period: str) -> list[DrawExplained]:
    """The payouts up to this period, where a draw had a part in them; a rolling window has none."""
    try:
        return explain_draws(evidence, period_kind_of(evidence.plan, period), period)
    except ValueError:
        return []
