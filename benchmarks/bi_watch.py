"""Somebody who looks at a dashboard: how many sales the `bi` views show, and when."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

from sinks.connection import ClickHouseSettings, connect

#: What a dashboard of the company would ask.
_REVENUE = "SELECT sum(numerator) FROM bi.kpi_company_day WHERE kpi = 'revenue'"
_LOOK_SECONDS = 0.5


class BiWatch:
    """Asks twice a second. ``looks``: (ms since the epoch when the answer was there, sales that it holds)."""

    def __init__(self, settings: ClickHouseSettings, amount: Decimal) -> None:
        self.looks: list[tuple[float, int]] = []
        self._settings, self._amount = settings, amount
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        with connect(self._settings) as client:
            while not self._ended.wait(_LOOK_SECONDS):
                revenue = client.execute(_REVENUE)[0][0]
                self.looks.append((time.time() * 1000, int((revenue or 0) / self._amount)))

    def wait_for(self, sales: int, seconds: float = 60) -> None:
        """Return when all are to be seen; TimeoutError else."""
        deadline = time.monotonic() + seconds
        while not self.looks or self.looks[-1][1] < sales:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the views show {self.looks[-1:]} of {sales} sales")
            time.sleep(_LOOK_SECONDS)
        self._ended.set()


def shown_after(appended: list[int], looks: list[tuple[float, int]]) -> list[float]:
    """Milliseconds from each sale's place in Kafka to the first look that shows as many; a look more than it took, at
    the most.
    """
    appended, seen, found = sorted(appended), 0, []
    for at, shown in looks:
        found += [at - one for one in appended[seen:shown]]
        seen = max(seen, shown)
    return found
