"""``produce FILE`` at a pace: FILE EVENTS_A_SECOND. One process, so that it ends as a whole."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from infra.ingest.produce import ProduceError, produce_lines
from infra.ingest.terminal import CountsLine
from infra.settings import load_settings

_STRIDE_SECONDS = 0.05


def paced(file: Path, rate: float, stop: threading.Event) -> Iterator[bytes]:
    """The lines of ``file``, at most ``rate`` a second, until ``stop`` is set."""
    begin = time.monotonic()
    with file.open("rb") as lines:
        for number, line in enumerate(lines):
            while number >= (time.monotonic() - begin) * rate and not stop.wait(_STRIDE_SECONDS):
                pass
            if stop.is_set():
                return
            yield line


def main(file: Path, rate: float) -> int:
    """Send, and end in order when told to; exit code 1 where a record failed."""
    stop, line = threading.Event(), CountsLine()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        counts = produce_lines(load_settings().kafka_bootstrap, paced(file, rate, stop), None, line)
    except ProduceError as error:
        print(error, file=sys.stderr)
        return 1
    line.summary(counts)
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
