"""What the ingest commands show: a bar or a moving line on a terminal, now and then a plain line elsewhere."""
from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from infra.ingest.produce import Counts

#: Reasons shown before the rest is only counted.
SHOWN = 20
_PLAIN_EVERY_S = 5.0
_MOVING_EVERY_S = 0.25


def say(text: str) -> None:
    """A line for people; standard output stays free for data."""
    print(text, file=sys.stderr, flush=True)


class CountsLine:
    """Shows running counts of a production; give it as ``on_progress``."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._begin = self._last = time.monotonic()

    def __call__(self, counts: Counts) -> None:
        """Show ``counts`` if the last ones are old enough."""
        now = time.monotonic()
        if now - self._last < (_MOVING_EVERY_S if self._moving else _PLAIN_EVERY_S):
            return
        self._last = now
        rate = counts.delivered / max(now - self._begin, 0.001)
        line = f"read {counts.read:,}  delivered {counts.delivered:,}  failed {len(counts.failed):,}  {rate:,.0f}/s"
        if self._moving:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        else:
            say(line)

    def summary(self, counts: Counts) -> None:
        """The final counts, and the lines of what failed."""
        if self._moving:
            print("\r\x1b[K", end="", file=sys.stderr)
        seconds = max(time.monotonic() - self._begin, 0.001)
        say(f"read {counts.read:,}, delivered {counts.delivered:,}, failed {len(counts.failed):,} "
            f"in {seconds:.1f} s ({counts.delivered / seconds:,.0f}/s)")
        for failure in counts.failed[:SHOWN]:
            say(f"  line {failure.line}: {failure.reason}")
        if len(counts.failed) > SHOWN:
            say(f"  and {len(counts.failed) - SHOWN:,} more, up to line {counts.failed[-1].line}")
        if counts.stopped:
            say("stopped: too many records failed; the rest of the input was not sent")


class ReadingBars:
    """One bar per input file while an import reads it; nothing where there is no terminal."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> ReadingBars:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._progress.stop()

    def __call__(self, table: str, read: int, total: int) -> None:
        """``read`` more bytes of ``total`` were read."""
        if table not in self._tasks:
            self._tasks[table] = self._progress.add_task(table, total=total)
        self._progress.advance(self._tasks[table], read)
