"""What people see of a run: plain lines, or a live screen where there is a terminal (live_view.py)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from infra.run.awards_tail import AwardsTail
from infra.run.figures import Board, Figures
from infra.run.supervisor import Supervisor
from schemas.results import Award
from schemas.samples import sampled

#: Seconds between two plain lines, and award lines in each of these seconds; more are only counted.
PLAIN_SECONDS = 5.0
AWARDS_A_SECOND = 2
#: Seconds between two lines that show a pushed alert; all are in the file.
ALERT_SECONDS = 2.0


class PlainView:
    """Lines. A reader that goes away (a closed pipe or terminal) ends the output, not the run."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._open = False  # whether a step's line waits for its seconds
        self._next = 0.0
        self._next_alert = 0.0
        self._budget, self._budget_at, self._left_out = 0.0, time.monotonic(), 0

    def say(self, line: str) -> None:
        """A line of its own."""
        self._write(("\n" if self._open else "") + line + "\n")
        self._open = False

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """``what …`` at once, and its seconds when it is done."""
        started = time.monotonic()
        self._write(f"{what} … ")
        self._open = True
        try:
            yield
        except BaseException:
            if self._open:
                self._write("\n")
            self._open = False
            raise
        seconds = f"{time.monotonic() - started:.1f} s\n"
        self._write(seconds if self._open else f"{what}: {seconds}")
        self._open = False

    def begin(self) -> None:
        """Events flow from now on."""
        self._next = time.monotonic() + PLAIN_SECONDS

    def show(self, seconds: float, figures: Figures, tail: AwardsTail, supervisor: Supervisor) -> None:
        """Called several times a second."""
        self._awards(tail.take())
        if time.monotonic() < self._next:
            return
        self._next += PLAIN_SECONDS
        if self._left_out:
            self.say(f"         … and {self._left_out:,} more awards")
            self._left_out = 0
        self.say(status_line(seconds, figures, tail))
        if figures.board:
            self.say(f"         {board_line(figures.board)}")

    def pushed(self, titles: list[str]) -> None:
        """Alerts that people got since the last call."""
        if titles and time.monotonic() >= self._next_alert:
            self._next_alert = time.monotonic() + ALERT_SECONDS
            self.say(f"         alert pushed: {titles[-1]}")

    def end(self) -> None:
        """No more figures; lines may still come."""

    def _awards(self, awards: list[Award]) -> None:
        now = time.monotonic()
        self._budget = min(AWARDS_A_SECOND * 1.0, self._budget + (now - self._budget_at) * AWARDS_A_SECOND)
        self._budget_at = now
        for award in awards:
            if self._budget < 1:
                self._left_out += 1
                continue
            self._budget -= 1
            self.say(f"         award: {award_line(award)}")

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):
            self._gone()

    def _gone(self) -> None:
        """Nobody reads any more; what is still buffered must not fail at the end of the process either."""
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
        self._out = _Nowhere()


class _Nowhere:
    def write(self, text: str) -> None:
        """Nobody reads."""

    def flush(self) -> None:
        """Nothing to do."""


def status_line(seconds: float, figures: Figures, tail: AwardsTail) -> str:
    """One line of all counts."""
    outcomes = figures.outcomes
    parts = [
        f"{seconds:5.0f} s  in {figures.came_in:,} ({figures.rate:,.0f}/s)",
        "lag " + (" ".join(f"{stage} {lag:,}" for stage, lag in figures.lags.items()) or "unknown"),
        f"applied {outcomes.applied:,}, duplicate {outcomes.duplicate:,}, "
        f"dead-lettered {outcomes.dead_lettered:,}, parked {outcomes.parked:,}",
        f"awards {tail.states.total() - tail.states['revoked']:,}",
    ]
    return " · ".join(parts + ([figures.trouble] if figures.trouble else []))


def board_line(board: Board) -> str:
    """The leaderboard in one line."""
    ranks = ", ".join(
        f"{number}. {rank.employee} {amount(rank.value)}{percent(rank.attainment_percent)}"
        for number, rank in enumerate(board.ranks[:3], start=1)
    )
    return f"{board.kpi} {board.period}: {ranks}"


def award_line(award: Award) -> str:
    """Who reached (or lost) what, and what it pays."""
    forecast = any(one.forecast is not None for one in award.evidence)
    how = {"nudge": "at this pace just short of " if forecast else "close to ", "training": "recommended "}
    who, name = award.employee_name or award.employee, award.name.get("en") or award.rule
    what = f"{who}: {how.get(award.kind, '')}{name}"
    if award.kind in ("tier", "nudge"):
        bound, _ = sampled(award.threshold)
        what += f" {bound if bound.endswith('%') else amount(bound)}"
    pays = f", {amount(award.amount)} {award.currency}" if award.amount not in (None, "0") else ""
    lost = "revoked: " if award.state == "revoked" else ""
    return f"{lost}{what}, {award.period}{pays}"


def amount(value: object) -> str:
    """A decimal with thousands marks, without needless zeros; – for none."""
    if value is None:
        return "–"
    whole, _, rest = f"{value:,f}".partition(".") if not isinstance(value, str) else _grouped(value)
    rest = rest.rstrip("0")
    return f"{whole}.{rest:<02}" if rest else whole


def _grouped(text: str) -> tuple[str, str, str]:
    whole, point, rest = text.partition(".")
    return (f"{int(whole):,}" if whole.lstrip("-").isdigit() else whole), point, rest


def percent(value: object) -> str:
    """`` (103 %)``, or nothing for none."""
    return "" if value is None else f" ({value:,.0f} %)"


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines with aligned columns, the first column to the left, the others to the right."""
    rows = list(rows)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))] if rows else []
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
