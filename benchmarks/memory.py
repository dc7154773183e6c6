"""What a person takes at the full plan: resident memory of a worker with plan and state, less that of one with neither.

``python -m benchmarks.memory [--employees N] [--each EVENTS]``: a part of the company is simulated, and what happens to
it happens to the others likewise.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from benchmarks.backtest import DAYS, PLAN, grown, simulated
from benchmarks.own import Own, measure, produce_events, wait_for
from benchmarks.processes import resident_bytes
from benchmarks.table import markdown, number
from benchmarks.worker import drained
from schemas.plan import Plan
from schemas.plan_employees import Employee
from schemas.plan_file import load_plan

#: Simulated at most: the simulator keeps an object for each of them.
_PART = 10_000
#: Fields that name an event: those of somebody else's have other names.
_NAMES = ("id", "sale_id")
_HEAD = (
    "employees", "events of each", "bytes per employee", "of them for the plan alone", "while at work",
    "restart until ready s", "CPU µs/event", "check",
)  # fmt: skip


def repeated(part: Plan, whole: Plan, made: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """``made`` for the people of ``part``, then the same for each further share of ``whole`` of that size."""
    shares = len(next(_teams(whole))) // len(next(_teams(part)))
    documents = [(kind, msgspec.json.decode(value)) for kind, value in made]
    for share in range(shares):
        people = _others(part, whole, share)
        for kind, document in documents:
            yield kind, msgspec.json.encode(_of_others(document, people, share))


def _teams(plan: Plan) -> Iterator[tuple[Employee, ...]]:
    return (team.employees for department in plan.organisation.departments for team in department.teams)


def _others(part: Plan, whole: Plan, share: int) -> dict[str, str]:
    """By the id of each employee of ``part`` the id of who has that place in a share of ``whole``."""
    pairs = ((own, whole_of[share * len(own) :]) for own, whole_of in zip(_teams(part), _teams(whole), strict=True))
    return {one.id: other.id for own, others in pairs for one, other in zip(own, others, strict=False)}


def _of_others(value: object, people: dict[str, str], share: int, field: str = "") -> object:
    if isinstance(value, dict):
        return {name: _of_others(one, people, share, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_of_others(one, people, share, field) for one in value]
    if field in _NAMES:
        return f"{value}/{share}"
    return people.get(value, value) if field == "employee" else value


def started(own: Own) -> tuple[float, int]:
    """Seconds that a worker takes to start, and its bytes once it has read all there is."""
    worker = own.start()
    worker.wait_ready()
    took = time.time() - worker.started
    wait_for("the worker", lambda: drained(worker), worker)
    held = resident_bytes(worker.pid)
    worker.stop()
    return took, held


def run(employees: int, each: int) -> list[str]:
    """A row of the table."""
    plan = load_plan(PLAN)
    part = grown(plan, min(employees, _PART))
    size = sum(map(len, _teams(part)))
    whole = grown(plan, size * max(round(employees / size), 1))
    made = simulated(part, each * size)
    people = sum(map(len, _teams(whole)))
    with Own() as own:
        _, empty = started(own)
        own.apply(whole)
        worker = own.start()
        wait_for("the plan", lambda: worker.total("kpistream_next_offset") > 0 and drained(worker), worker)
        worker.stop()
        _, planned = started(own)
        events = produce_events(own.broker, repeated(part, whole, made))
        worker = own.start()
        result = measure(events, worker)
        refused, at_work = worker.total("kpistream_dead_letters_total"), resident_bytes(worker.pid)
        worker.stop()
        took, held = started(own)
    check = f"{refused:,.0f} of {events:,} refused" if refused else f"ok: none of {events:,} refused"
    return [
        number(people), number(events / people, 1),
        *(number((one - empty) / people) for one in (held, planned, at_work)),
        number(took, 1), number(result["cpu_us_per_event"], 2), check,
    ]  # fmt: skip


@click.command()
@click.option("--employees", default=200_000, show_default=True)
@click.option("--each", default=2, show_default=True, help="Events of each employee.")
@click.option("--report", type=click.Path(path_type=Path))
def main(employees: int, each: int, report: Path | None) -> None:
    """Measure and print the section."""
    row = run(employees, each)
    text = (
        f"## Memory\n\n`{PLAN}`, the simulator's mix of events within {DAYS} days. Bytes: resident memory of a worker "
        f"that was started with plan and state, less that of one that has neither.\n\n{markdown(_HEAD, [row])}\n"
    )
    if report:
        report.write_text(text)
    click.echo(text)
    if not row[-1].startswith("ok"):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
