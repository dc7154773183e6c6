"""Outcomes as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.runs import Outcome

_HEAD = (
    "system", "events", "warm events/s", "kpistream is", "warm CPU µs/event", "whole run s", "CPU s", "broker CPU s",
    "database CPU s", "MB", "check", "remarks",
)  # fmt: skip


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; numbers to the right, texts to the left."""
    lines = [list(head), *map(list, rows)]
    numeric = [len(lines) > 1 and all(_is_number(row[place]) for row in lines[1:]) for place in range(len(head))]
    lines.insert(1, ["--:" if right else "---" for right in numeric])
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


def comparison(outcomes: Iterable[Outcome], own: Outcome | None) -> str:
    """The table of systems. A wrong run has no speed, and nothing is compared with one."""
    reference = own.warm.events_per_second if own and own.right else None

    def row(one: Outcome) -> list[str]:
        rate = one.warm.events_per_second if one.right else None
        ratio = f"{reference / rate:.2f} ×" if reference and rate and one is not own else ""
        speed = number(rate)
        if one.right and rate is None:  # too short, or it wrote its sums too seldom
            speed = f"{one.events / one.seconds:,.0f} (whole run)" if one.events and one.seconds else "too short"
        return [
            one.title, number(one.events), speed, ratio, number(one.warm.cpu_us_per_event if one.right else None, 2),
            number(one.seconds if one.right else None, 1), number(one.cpu, 1), number(one.broker_cpu, 1),
            number(one.database_cpu, 1), number(one.megabytes), one.check, one.remarks,
        ]  # fmt: skip

    return markdown(_HEAD, map(row, outcomes))


def number(value: float | None, digits: int = 0) -> str:
    """With thousands' separators, '' for None."""
    return "" if value is None else f"{value:,.{digits}f}"


def _is_number(cell: str) -> bool:
    return all(letter in "0123456789.,×−- msµ%" for letter in cell)
