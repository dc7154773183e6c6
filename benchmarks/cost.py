"""What an event costs as the plan grows: from one KPI to fifteen, of which one applies to the event, or all do.

``python -m benchmarks.cost [--events N]``
"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.check import check_sales
from benchmarks.own import Own, measure
from benchmarks.sales import Columns, Expected, Workload, columns, plan_of, produce
from benchmarks.table import markdown, number
from schemas.plan import Plan
from schemas.plan_file import load_plan

PLAN = Path("plans/benchmark-tiers.yaml")
#: (KPIs of the plan, how many of them look at a sale)
CASES = ((1, 1), (5, 1), (15, 1), (5, 5), (15, 15))
#: What KPIs of a sale add up, in turns.
_OF_A_SALE = (
    {"aggregate": "count", "unit": "count"},
    {"aggregate": "mean", "field": "amount", "unit": "money"},
    {"aggregate": "max", "field": "amount", "unit": "money"},
    {"aggregate": "distinct", "field": "customer", "unit": "count"},
    {"aggregate": "sum", "field": "amount", "unit": "money", "where": {"channel": "store"}},
)
#: Types of events that do not come, so that a KPI of theirs has nothing to do.
_OTHER_EVENTS = ("visit", "lead", "ticket_resolved", "complaint", "delivery", "defect", "training_completed")


def plan_with(base: Plan, kpis: int, applying: int) -> Plan:
    """``base`` with so many KPIs; beside its own ``applying`` − 1 others look at a sale."""
    content = base.model_dump(exclude_none=True)
    content["kpis"] = list(content["kpis"])
    for number_ in range(1, kpis):
        applies = number_ < applying
        what = _OF_A_SALE[number_ % len(_OF_A_SALE)] if applies else _OF_A_SALE[0]
        events = ["sale"] if applies else [_OTHER_EVENTS[number_ % len(_OTHER_EVENTS)]]
        text = {"en": f"KPI {number_}", "zh": f"指标{number_}"}
        content["kpis"].append({"id": f"kpi-{number_}", "name": text, "description": text, "events": events, **what})
    return Plan.model_validate(content)


def run(plan: Plan, made: Columns, expected: Expected) -> tuple[dict, str]:
    """(figures of one worker, its check)."""
    with Own() as own:
        own.apply(plan)
        produce(own.broker, "events.sales", made)
        worker = own.start()
        result = measure(expected.events, worker)
        worker.stop()
        return result, check_sales(own.settings, expected)


@click.command()
@click.option("--events", default=500_000, show_default=True)
@click.option("--employees", default=2_000, show_default=True)
@click.option("--report", type=click.Path(path_type=Path))
def main(events: int, employees: int, report: Path | None) -> None:
    """Measure and print the section."""
    workload = Workload.spread(events, employees)
    made = columns(workload)
    expected = Expected.of(made, workload.tiers)
    base = plan_of(load_plan(PLAN), employees, tiers=workload.tiers)
    rows: list[list[str]] = []
    first: float | None = None
    for kpis, applying in CASES:
        click.echo(f"{kpis} KPIs, {applying} apply …", err=True)
        try:
            result, check = run(plan_with(base, kpis, applying), made, expected)
        except click.ClickException as error:
            result, check = {}, f"failed: {' '.join(error.message.split())[:300]}"
        right = check.startswith("ok")
        cost = result.get("cpu_us_per_event") if right else None
        first = first or cost
        rate = result["steady_events_per_second"] if right else None
        ratio = f"{cost / first:.2f} ×" if cost and first else ""
        rows.append([number(kpis), number(applying), number(rate), number(cost, 2), ratio, check])
        head = ["KPIs", "that apply to an event", "steady events/s", "CPU µs/event", "towards the first", "check"]
        text = (
            f"## Cost by KPIs\n\n{events:,} sales, {employees:,} employees, one worker with every stage.\n\n"
            f"{markdown(head, rows)}\n"
        )
        if report:
            report.write_text(text)
    click.echo(text)
    if not all(row[-1].startswith("ok") for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
