"""kpistream's own processes as a benchmark sees them: through /metrics and /proc."""

from __future__ import annotations

import socket
import sys
import time
import urllib.request
from pathlib import Path

import click

from benchmarks.processes import Process, cpu_seconds

STAGES = ("intake", "crediting", "performance", "rollups")


class Pages:
    """The web server of a process of ours."""

    def __init__(self) -> None:
        self.port = free_port()

    def get(self, page: str) -> str:
        """A page of its web server, '' while there is none."""
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}{page}", timeout=10).read().decode()
        except OSError:
            return ""

    def total(self, metric: str, **labels: str) -> float:
        """Sum of a metric over all series with these labels."""
        return _total(self.get("/metrics"), metric, **labels)


class Worker(Process, Pages):
    """A worker process, or that of another ``command``, and its metrics."""

    def __init__(self, environment: dict[str, str], log: Path, command: tuple[str, ...] = ("worker",)) -> None:
        Pages.__init__(self)
        arguments = [sys.executable, "-m", "infra.cli", *command, "--web-port", str(self.port)]
        Process.__init__(self, command[0], arguments, log, {**environment, "KPISTREAM_LOG_FORMAT": "text"})

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        return cpu_seconds(self.pid)

    def wait_ready(self, seconds: float = 120) -> None:
        """Return when every partition is there."""
        deadline = time.monotonic() + seconds
        while '"ready"' not in self.get("/readyz"):
            if self.exit_code() is not None or time.monotonic() > deadline:
                raise click.ClickException(f"the process does not become ready:\n{self.last_words()}")
            time.sleep(0.1)


class Workers(Process):
    """Several workers, started, measured and ended as one process."""

    def __init__(self, environment: dict[str, str], log: Path, count: int) -> None:
        self.pages = [Pages() for _ in range(count)]
        each = [
            f"KPISTREAM_WORKER_ID=bench-{number} {sys.executable} -m infra.cli worker --web-port {page.port} &"
            for number, page in enumerate(self.pages)
        ]
        command = ["bash", "-c", f"{' '.join(each)} wait -n"]  # with one of them it ends
        super().__init__("workers", command, log, {**environment, "KPISTREAM_LOG_FORMAT": "text"})

    def drained(self) -> bool:
        """As ``drained``, of all."""
        return all(map(drained, self.pages))


def drained(worker: Pages) -> bool:
    """Every stage has checkpointed up to the end of its topic."""
    page = worker.get("/metrics")
    if _total(page, "kpistream_lag_records"):
        return False
    return all(
        _total(page, "kpistream_next_offset", stage=stage) == _total(page, "kpistream_checkpoint_offset", stage=stage)
        for stage in STAGES
    )


def _total(page: str, metric: str, **labels: str) -> float:
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    lines = [line for line in page.splitlines() if line.startswith((f"{metric}{{", f"{metric} "))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(label in line for label in wanted))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
