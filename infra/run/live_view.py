"""The live screen of a run on a terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.run.awards_tail import AwardsTail
from infra.run.figures import Board, Figures
from infra.run.supervisor import Supervisor
from infra.run.view import PlainView, amount, award_line
from schemas.results import Award

#: Newest awards on the screen.
SHOWN_AWARDS = 8
#: Newest pushed alerts on the screen.
SHOWN_ALERTS = 3
_REVOKED, _REACHED = "yellow", "green"


class LiveView(PlainView):
    """Plain lines until events flow; then a screen that is drawn anew, with lines above it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        super().__init__(self._console.file)
        self._newest: deque[Award] = deque(maxlen=SHOWN_AWARDS)
        self._alerts: deque[str] = deque(maxlen=SHOWN_ALERTS)
        self._live: Live | None = None

    def say(self, line: str) -> None:
        """A line of its own, above the screen."""
        if self._live is None:
            super().say(line)
        else:
            self._draw(lambda: self._console.print(Text(line)))

    def begin(self) -> None:
        """Draw the screen from now on."""
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._live.start()

    def show(self, seconds: float, figures: Figures, tail: AwardsTail, supervisor: Supervisor) -> None:
        """Called several times a second."""
        self._newest.extend(tail.take())
        if self._live is not None:
            drawn = screen(seconds, figures, tail, supervisor, list(self._newest), list(self._alerts))
            self._draw(partial(self._live.update, drawn, refresh=True))

    def pushed(self, titles: list[str]) -> None:
        """Shown with the next drawing."""
        self._alerts.extend(titles)

    def end(self) -> None:
        """Leave the last screen where it is."""
        if self._live is not None:
            live, self._live = self._live, None
            self._draw(live.stop)

    def _draw(self, draw: Callable[[], None]) -> None:
        """Draw, unless the terminal has gone away."""
        try:
            draw()
        except OSError:
            self._live = None
            self._gone()


def screen(
    seconds: float,
    figures: Figures,
    tail: AwardsTail,
    supervisor: Supervisor,
    newest: list[Award],
    alerts: Sequence[str] = (),
) -> RenderableType:
    """Everything at a glance."""
    upper = Table.grid(expand=True, padding=(0, 1))
    upper.add_column(ratio=1)
    upper.add_column(ratio=1)
    upper.add_row(_counts(figures, tail), _stages(figures, supervisor))
    lower = Table.grid(expand=True, padding=(0, 1))
    lower.add_column(ratio=2)
    lower.add_column(ratio=3)
    lower.add_row(_board(figures.board), _awards(newest))
    title = f"[bold]kpistream[/] {seconds:,.0f} s · [bold]{figures.rate:,.0f}[/] events/s"
    return Panel(
        Group(upper, lower, _pushed(alerts)), title=title, subtitle=figures.trouble or "Ctrl-C ends the run in order"
    )


def _counts(figures: Figures, tail: AwardsTail) -> RenderableType:
    outcomes = figures.outcomes
    rows = [
        ("events in", figures.came_in),
        ("applied", outcomes.applied),
        ("duplicate", outcomes.duplicate),
        ("dead-lettered", outcomes.dead_lettered),
        ("parked", outcomes.parked),
        ("awards", tail.states.total() - tail.states["revoked"]),
        ("revoked", tail.states["revoked"]),
    ]
    grid = _grid()
    for name, count in rows:
        grid.add_row(name, f"{count:,}")
    for currency, total in figures.earned.items():
        grid.add_row(f"earned {currency}", amount(total))
    return Panel(grid, title="counts", border_style="cyan")


def _stages(figures: Figures, supervisor: Supervisor) -> RenderableType:
    grid = _grid()
    for stage, lag in figures.lags.items():
        grid.add_row(f"{stage} behind", f"{lag:,}")
    for name, pid, restarts in supervisor.processes():
        again = f", restarted {restarts}×" if restarts else ""
        grid.add_row(name, f"process {pid}{again}" if pid else Text("down", style="red"))
    return Panel(grid, title="stages", border_style="cyan")


def _grid() -> Table:
    grid = Table.grid(expand=True)
    grid.add_column(style="dim")
    grid.add_column(justify="right")
    return grid


def _board(board: Board | None) -> RenderableType:
    if board is None:
        return Panel(Text("nobody yet", style="dim"), title="leaderboard", border_style="magenta")
    rows = Table.grid(expand=True)
    rows.add_column(no_wrap=True)
    rows.add_column(justify="right")
    rows.add_column(justify="right")
    for number, rank in enumerate(board.ranks, start=1):
        reached = "" if rank.attainment_percent is None else f"{rank.attainment_percent:,.0f} %"
        rows.add_row(f"{number}. {rank.employee}", amount(rank.value), reached)
    return Panel(rows, title=f"{board.kpi}, {board.period}", border_style="magenta")


def _pushed(alerts: Sequence[str]) -> RenderableType:
    if not alerts:
        return Panel(Text("none yet", style="dim"), title="pushed alerts", border_style="blue")
    lines = [Text(title, no_wrap=True, overflow="ellipsis") for title in reversed(alerts)]
    return Panel(Group(*lines), title="pushed alerts", border_style="blue")


def _awards(newest: list[Award]) -> RenderableType:
    if not newest:
        return Panel(Text("none yet", style="dim"), title="newest awards", border_style="green")
    lines = [
        Text(
            award_line(award),
            style=_REVOKED if award.state == "revoked" else _REACHED,
            no_wrap=True,
            overflow="ellipsis",
        )
        for award in reversed(newest)
    ]
    return Panel(Group(*lines), title="newest awards", border_style="green")
