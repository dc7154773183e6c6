"""``make bench``: every section in a process of its own, one after another, and one report of what there is so far."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.machine import machine


@dataclass(frozen=True)
class Section:
    """A module of this package. ``arguments`` may hold {events}; ``small`` ones show whether it works at all."""

    module: str
    small: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    minutes: float = 10


SECTIONS = (
    Section("same_job", ("--events", "50000"), ("--events", "{events}"), minutes=25),
    Section("full_plan", ("--events", "20000", "--employees", "300")),
    Section("cost", ("--events", "20000")),
    Section("scale", ("--events", "20000", "--employees", "1000", "--employees", "5000"), minutes=15),
    Section("memory", ("--employees", "2000")),
    Section("latency", ("--seconds", "4", "--rate", "1", "--rate", "300"), minutes=8),
    Section("latency", ("--bi", "--seconds", "4", "--rate", "1", "--rate", "300"), ("--bi",), minutes=8),
    Section("backtest", ("--events", "20000"), minutes=5),
    Section("two_workers", ("--events", "50000")),
    Section("bi_queries", ("--rows", "600000")),
)


@click.command()
@click.option("--events", default=5_000_000, show_default=True, help="Events of the comparison with other systems.")
@click.option("--small", is_flag=True, help="Few events everywhere: whether all of it works; the figures mean nothing.")
@click.option("--only", multiple=True, type=click.Choice(sorted({section.module for section in SECTIONS})))
@click.option("--report", "file", type=click.Path(path_type=Path), default=Path("bench.md"), show_default=True)
def main(events: int, small: bool, only: tuple[str, ...], file: Path) -> None:
    """Run the sections; a failed one is named in the report, and fails the whole in the end."""
    head = "\n".join(["# Benchmarks", "", *(f"- {line}" for line in machine()), ""])
    parts, failed = [head], []
    for section in SECTIONS:
        if only and section.module not in only:
            continue
        began = time.monotonic()
        click.echo(f"# {section.module}", err=True)
        arguments = section.small if small else [one.format(events=events) for one in section.arguments]
        text, problem = run(section, arguments)
        if problem:
            failed.append(section.module)
            text += f"\n**{section.module} {problem}**\n"
        parts.append(f"{text}\n({section.module}: {time.monotonic() - began:.0f} s)\n")
        file.write_text("\n".join(parts))
    click.echo(file.read_text())
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def run(section: Section, arguments: Sequence[str]) -> tuple[str, str]:
    """(its Markdown, as far as it came, and what went wrong)."""
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part.md"
        command = [sys.executable, "-m", f"benchmarks.{section.module}", *arguments, "--report", str(part)]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=section.minutes * 60)
            problem = f"failed with {done.returncode}" if done.returncode else ""
        except subprocess.TimeoutExpired:
            # its servers and workers die with it
            problem = f"took more than {section.minutes:.0f} minutes"
        return part.read_text() if part.exists() else "", problem


if __name__ == "__main__":
    main()
