"""The processes that ``kpistream run`` keeps up: one row each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A kpistream command that serves until it is told to stop, with /readyz on its web port."""

    name: str
    command: tuple[str, ...]
    instances: int = 1
    #: Whether it gives way to the others where processors are short.
    yields: bool = False

    def names(self) -> list[str]:
        """A name for each process: the service's own, numbered where there are several."""
        if self.instances == 1:
            return [self.name]
        return [f"{self.name}-{number}" for number in range(1, self.instances + 1)]


def services(workers: int) -> tuple[Service, ...]:
    """What runs beside Kafka and ClickHouse."""
    return (
        Service("worker", ("worker",), workers),
        Service("sink", ("sink",)),
        Service("lag-exporter", ("lag-exporter",), yields=True),
        Service("alerts", ("alerts", "run")),
    )
