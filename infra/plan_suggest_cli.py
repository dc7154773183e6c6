"""``kpistream plan suggest``: targets from history, with their reasons."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import click

from infra.backtest_inputs import EventLines, feed_files, mapping_of, plan_of
from infra.benchmarks_file import read_benchmarks
from infra.plan_suggest_text import Suggested, yaml_text
from schemas.plan import CALENDAR_KINDS, Kpi, Plan
from schemas.plan_lookup import suggestion
from schemas.plan_moves import employees_of, place_at
from streams.backtest import Backtest
from streams.target_suggestions import (
    Past,
    Suggestion,
    at_percentile,
    basis_of,
    growth,
    median,
    past_values,
    seasonal,
)

_FILE = click.Path(dir_okay=False, path_type=Path)
_METHODS = ("median", "percentile", "growth", "seasonal", "benchmark")


def _ratio(ctx: click.Context, option: click.Parameter, text: str) -> Fraction:
    found = re.fullmatch(r"\s*([+-]?\d+(?:\.\d+)?)\s*%\s*", text)
    if not found or Fraction(found[1]) <= -100:
        raise click.BadParameter("expected a percentage with its sign, such as 5%")
    return Fraction(found[1]) / 100


@click.command("suggest")
@click.option("--plan", "plan_file", type=_FILE, required=True, help="The plan whose KPIs and people are meant.")
@click.option("--events", "event_files", type=_FILE, multiple=True, required=True, help="The history.")
@click.argument("more", type=_FILE, nargs=-1, metavar="[FILE]...")
@click.option("--mapping", "mapping_file", type=_FILE, help="Topic mappings, for events of another shape.")
@click.option("--topic", help="Whose mapping to use, where the file has several.")
@click.option("--kpi", "kpis", multiple=True, help="A KPI; may be given again. Without it: all of the plan.")
@click.option("--period", default="month", show_default=True, help="Kind of period, also a calendar of the plan.")
@click.option(
    "--for", "group", type=click.Choice(["role", "team", "department", "employee", "everyone"]), default="role",
    show_default=True, help="Whom each target holds for.",
)  # fmt: skip
@click.option("--method", type=click.Choice(_METHODS), default="percentile", show_default=True, help="What to suggest.")
@click.option("--percentile", type=click.FloatRange(0, 100), default=75, show_default=True)
@click.option("--growth", "rate", default="5%", callback=_ratio, show_default=True, help="On last year.")
@click.option("--benchmarks", type=_FILE, help="CSV with the columns kpi, value, source.")
def suggest(
    plan_file: Path,
    event_files: tuple[Path, ...],
    more: tuple[Path, ...],
    mapping_file: Path | None,
    topic: str | None,
    kpis: tuple[str, ...],
    period: str,
    group: str,
    method: str,
    percentile: float,
    rate: Fraction,
    benchmarks: Path | None,
) -> None:
    """Suggest targets from history, as YAML to paste into the plan; the reasons are its comments."""
    plan = plan_of(plan_file)
    known = {kpi.id: kpi for kpi in plan.kpis}
    for name in kpis:
        if name not in known:
            raise click.ClickException(f"no such KPI in {plan_file}: {name}{suggestion(name, known)}")
    if period not in (*CALENDAR_KINDS, *plan.calendars):
        raise click.ClickException(f"no such period: {period}{suggestion(period, [*CALENDAR_KINDS, *plan.calendars])}")
    industry = _benchmarks(benchmarks, set(known))
    run = Backtest(mapping_of(mapping_file, topic))
    run.apply(_published(plan, period))
    feed_files(run, EventLines([*event_files, *more]))
    result = run.finish()
    last_day = max((key[-1] for key in result.days), default=0)
    found = []
    for name in kpis or known:
        past = past_values(result.periods.values(), name, period, last_day)
        for selector, values in _groups(plan, past, group):
            means = _suggestions(known[name], values, period, Fraction(str(percentile)), rate)
            means["benchmark"] = industry.get(name) or [Suggestion("benchmark", None, "none given")]
            others = [one for key in _METHODS if key != method for one in means[key] if not one.at]
            found.append(
                Suggested(known[name], period, selector, basis_of(values) if values else None, means[method], others)
            )
    click.echo(yaml_text(found))


def _benchmarks(path: Path | None, known: set[str]) -> dict[str, list[Suggestion]]:
    if path is None:
        return {}
    try:
        return read_benchmarks(path, known)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _published(plan: Plan, period: str) -> Plan:
    """The plan with every KPI published for ``period`` and without awards, which history does not need."""
    kpis = tuple(
        kpi if period in kpi.periods else kpi.model_copy(update={"periods": (*kpi.periods, period)})
        for kpi in plan.kpis
    )
    return plan.model_copy(update={"kpis": kpis, "awards": ()})


def _groups(plan: Plan, past: list[Past], group: str) -> list[tuple[str, list[Past]]]:
    """The past by whom a target would hold for; one empty group where there is none."""
    if group == "everyone" or not past:
        return [("", past)]
    places = {employee.id: stood for employee, stood in employees_of(plan)}
    found: dict[str, list[Past]] = {}
    for one in past:
        if one.employee in places:
            place = place_at(places[one.employee], one.first_day)
            found.setdefault(one.employee if group == "employee" else getattr(place, group), []).append(one)
    return [(f"{group}: {name}", values) for name, values in sorted(found.items())]


def _suggestions(
    kpi: Kpi, past: list[Past], period: str, percent: Fraction, rate: Fraction
) -> dict[str, list[Suggestion]]:
    if not past:
        return {method: [Suggestion(method, None, "no data behind it")] for method in _METHODS}
    return {
        "median": [median(past)],
        "percentile": [at_percentile(kpi, past, percent)],
        "growth": [growth(kpi, past, rate)],
        "seasonal": seasonal(kpi, past, rate, period),
    }
