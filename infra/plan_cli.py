"""``kpistream plan``: validate a plan file, put it in force, show what is in force."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import click

from infra.lazy_commands import Lazily, LazyGroup
from schemas.plan_file import InvalidPlan, examine_plan, read_plan_text

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _PlanCommands(LazyGroup):
    lazily: ClassVar = {
        "validate": Lazily("infra.plan_cli:validate", "Check a plan file: all errors at once, each with its line."),
        "targets": Lazily("infra.plan_cli:targets", "Print the goals that decompositions come to, as trees."),
        "apply": Lazily("infra.plan_cli:apply", "Put a plan in force at once, without a restart."),
        "current": Lazily("infra.plan_cli:current", "Print the plan in force as JSON."),
        "diff": Lazily("infra.plan_diff_cli:diff", "Who gains and loses what by another plan."),
        "suggest": Lazily("infra.plan_suggest_cli:suggest", "Suggest targets from history, with reasons."),
    }


@click.command(cls=_PlanCommands)
def plan() -> None:
    """The plan: organisation, KPIs, targets, awards."""


def read_plan(file: Path):
    """The plan in ``file``; prints every error with its line and exits with 1 where there are any."""
    try:
        found, errors, warnings = examine_plan(read_plan_text(file), str(file))
    except InvalidPlan as unreadable:
        found, errors, warnings = None, unreadable.errors, []
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if errors:
        for error in errors:
            click.echo(str(error), err=True)
        click.echo(f"{file}: {len(errors)} error{'s' if len(errors) != 1 else ''}", err=True)
        raise SystemExit(1)
    return found


@click.command()
@click.argument("file", type=_FILE)
def validate(file: Path) -> None:
    """Check FILE: all errors at once, each with its line."""
    found = read_plan(file)
    people = sum(len(team.employees) for department in found.organisation.departments for team in department.teams)
    click.echo(
        f"{file}: valid, {len(found.kpis)} KPIs, {len(found.awards)} awards, {len(found.targets)} targets, "
        f"{people} employees"
    )


@click.command()
@click.argument("file", type=_FILE)
def targets(file: Path) -> None:
    """Print the goals that the decompositions of FILE come to, as trees with sums."""
    from infra.goals_table import goals_table

    for line in goals_table(read_plan(file)):
        click.echo(line)


@click.command()
@click.argument("file", type=_FILE)
def apply(file: Path) -> None:
    """Put FILE in force at once, without a restart: it goes in-band to every stage."""
    from infra.control_topic import apply_plan
    from infra.settings import load_settings

    record = apply_plan(load_settings(), read_plan(file))
    click.echo(f"plan {record.plan.plan} version {record.plan.version} applied (control record {record.id})")


@click.command()
def current() -> None:
    """Print the plan in force as JSON."""
    from infra.control_topic import newest_plan
    from infra.settings import load_settings

    record = newest_plan(load_settings())
    if record is None:
        raise click.ClickException("no plan has been applied")
    click.echo(record.plan.model_dump_json(indent=2, exclude_none=True))
