"""The commands by which events get in: produce, import, simulate."""
from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from infra.ingest.import_mapping import MappingError, detect_mapping, find_mapping, read_mapping, shipped_mappings
from infra.ingest.importer import Imported, plan_yaml, run_import, write_result
from infra.ingest.produce import Counts, ProduceError, produce_events, produce_lines
from infra.ingest.sim_company import generate_plan
from infra.ingest.sim_records import Limits, produce_simulation, simulated_lines
from infra.ingest.terminal import SHOWN, CountsLine, ReadingBars, say
from schemas.plan import Plan
from schemas.plan_file import InvalidPlan, load_plan

_FILE = click.Path(path_type=Path, dir_okay=False)
_bootstrap = click.option(
    "--bootstrap", envvar="KPISTREAM_KAFKA_BOOTSTRAP", show_envvar=True, metavar="HOST:PORT[,…]",
    help="Kafka's address.")


def _needed(bootstrap: str | None) -> str:
    if not bootstrap:
        raise click.UsageError("Kafka's address is needed: --bootstrap HOST:PORT or KPISTREAM_KAFKA_BOOTSTRAP")
    return bootstrap


def _finish(counts: Counts, line: CountsLine) -> None:
    line.summary(counts)
    if counts.failed:
        sys.exit(1)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--topic", help="Send every line there as it is; without it the event's type decides.")
@_bootstrap
def produce(file: Path, topic: str | None, bootstrap: str | None) -> None:
    """Send the JSON lines of FILE (- for standard input) to Kafka, one record each, every delivery confirmed.

    Ends with the counts of lines read, delivered and failed, and with exit code 1 where any failed.
    """
    address, line = _needed(bootstrap), CountsLine()
    try:
        with _reading(file) as lines:
            counts = produce_lines(address, lines, topic, line)
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror or error}") from error
    except ProduceError as error:
        raise click.ClickException(str(error)) from error
    _finish(counts, line)


@contextmanager
def _reading(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    with file.open("rb") as lines:
        yield lines


@click.command("import")
@click.argument("mapping")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Write events.jsonl, plan.yaml and rejected.csv there instead of sending the events to Kafka.")
@click.option("--plan-out", type=_FILE, help="Also write the plan there, when the events go to Kafka.")
@_bootstrap
def import_(mapping: str, inputs: tuple[Path, ...], out: Path | None, plan_out: Path | None,
            bootstrap: str | None) -> None:
    """Turn CSV or TSV files of another system (INPUTS: files, folders, zip archives) into events and a plan.

    MAPPING is a mapping file, the name of a shipped one, or "auto" to choose the shipped one that fits the folder.
    Before events of new people are sent, apply the plan that comes with them: kpistream plan apply.
    """
    address = None if out else _needed(bootstrap)
    try:
        source = read_mapping(find_mapping(_detected(inputs) if mapping == "auto" else mapping))
        with ReadingBars() as bars:
            result = run_import(source, list(inputs), bars)
        if out is not None:
            write_result(result, out)
        if plan_out is not None:
            plan_out.write_text(plan_yaml(result.plan), encoding="utf-8")
    except MappingError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror or error}") from error
    _report(result, out)
    if address:
        line = CountsLine()
        try:
            counts = produce_events(address, zip(result.types, result.events, strict=True), line)
        except ProduceError as error:
            raise click.ClickException(str(error)) from error
        _finish(counts, line)


def _detected(inputs: tuple[Path, ...]) -> str:
    name = detect_mapping(inputs[0]) if len(inputs) == 1 else None
    if name is None:
        raise MappingError(f"no shipped mapping fits; there are {', '.join(shipped_mappings())}")
    return name


def _report(result: Imported, out: Path | None) -> None:
    for table, counts in result.counts.items():
        others = [f"{number:,} {what}" for what, number in (
            ("left out by the mapping", counts.filtered), ("superseded by a later row", counts.superseded),
            ("rejected", counts.rejected)) if number]
        say(f"{table}: {counts.rows:,} rows" + "".join(f", {other}" for other in others))
    people = sum(len(team.employees) for unit in result.plan.organisation.departments for team in unit.teams)
    say(f"{len(result.events):,} events, {people:,} employees, {len(result.plan.targets):,} targets, "
        f"{len(result.rejected):,} rejections" + (f" in {out}" if out else ""))
    for row in result.rejected[:SHOWN]:
        say(f"  {row.file}:{row.line}: {row.reason}")
    if len(result.rejected) > SHOWN:
        rest = f"all are in {out / 'rejected.csv'}" if out else "--out DIR lists all"
        say(f"  and {len(result.rejected) - SHOWN:,} more; {rest}")


@click.command()
@click.option("--plan", "plan_file", type=_FILE, help="The company to simulate: a plan file.")
@click.option("--employees", type=click.IntRange(1, 1_000_000), help="Instead, a made-up company of that size.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same events.")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), help="First simulated day; by default the days end today.")
@click.option("--days", type=click.IntRange(1, 20_000), help="Simulated days; by default 90 where there is an end.")
@click.option("--events-per-day", type=click.FloatRange(0, min_open=True), help="Mean over a simulated week.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Events a second; by default as fast as it goes.")
@click.option("--speedup", type=click.FloatRange(0, min_open=True), help="Simulated seconds that pass in a second.")
@click.option("--count", type=click.IntRange(0), help="Stop after that many events.")
@click.option("--duration", type=click.FloatRange(0, min_open=True), help="Stop after that many seconds.")
@click.option("--bad", type=click.FloatRange(0, 1), default=0.0, help="Share of broken records to mix in.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
              help="Write JSON lines there (- for standard output) instead of sending to Kafka.")
@click.option("--plan-out", type=_FILE, help="Also write the made-up company's plan there.")
@_bootstrap
def simulate(plan_file: Path | None, employees: int | None, seed: int, start: datetime | None, days: int | None,
             events_per_day: float | None, rate: float | None, speedup: float | None, count: int | None,
             duration: float | None, bad: float, out: Path | None, plan_out: Path | None,
             bootstrap: str | None) -> None:
    """Events of a simulated company: realistic mix, refunds, late events and duplicates, reproducible by seed."""
    if (plan_file is None) == (employees is None):
        raise click.UsageError("give either --plan FILE or --employees N")
    plan = _company(plan_file, employees, seed)
    if plan_out is not None:
        plan_out.write_text(plan_yaml(plan), encoding="utf-8")
    stop, line = threading.Event(), CountsLine()
    limits = Limits(start.date() if start else None, days, events_per_day, count, duration, speedup, bad)
    with _stopped_by_signals(stop):
        if out is not None:
            _write(out, simulated_lines(plan, seed, rate, stop, limits.bounded()))
            return
        try:
            counts = produce_simulation(_needed(bootstrap), plan, seed, rate, stop, line, limits)
        except (ProduceError, ValueError) as error:
            raise click.ClickException(str(error)) from error
    _finish(counts, line)


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run in order: what was sent is still confirmed and counted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(out: Path, lines: Iterator[bytes]) -> None:
    try:
        if str(out) == "-":
            sys.stdout.buffer.writelines(value + b"\n" for value in lines)
            sys.stdout.buffer.flush()
        else:
            with out.open("wb") as file:
                file.writelines(value + b"\n" for value in lines)
    except BrokenPipeError:  # the reader has seen enough
        sys.stdout = None  # type: ignore[assignment]
    except OSError as error:
        raise click.ClickException(f"{out}: cannot be written: {error.strerror or error}") from error


def _company(plan_file: Path | None, employees: int | None, seed: int) -> Plan:
    if plan_file is None:
        return generate_plan(employees or 1, seed)
    try:
        return load_plan(plan_file)
    except InvalidPlan as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{plan_file}: cannot be read: {error.strerror or error}") from error
