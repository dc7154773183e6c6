"""Checkpoints: the state rows changed since the last one and the marker, written as one atomic whole."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``rows`` maps a state key to its value, b'' for a deleted one; ``next_offset`` is where folding goes on.

    ``format``: of the rows, see ``state_layout``. ``deleted``: keys of which only a tombstone was found.
    """

    stage: str
    partition: int
    next_offset: int
    rows: dict[str, bytes]
    format: int = 1
    deleted: tuple[str, ...] = ()


class CheckpointStore(Protocol):
    """Blocking; called from a thread. Errors of the database raise StoreUnavailable."""

    def save(self, checkpoints: list[Checkpoint]) -> None:
        """Write each checkpoint as one atomic block (rows and marker together)."""
        ...

    def load(self, stage: str, partition: int) -> Checkpoint | None:
        """The newest checkpoint of the highest format, with all its live rows, or None where there never was one."""
        ...

    def values(self, stage: str, key: str) -> list[bytes]:
        """What all partitions of a stage hold under a key, in any format."""
        ...


class StoreUnavailable(Exception):
    """The checkpoint store cannot be reached now; worth another try."""


async def until_answered(ask: Callable[[], T], waiting: Callable[[], None] = lambda: None) -> T:
    """What ``ask`` (blocking) returns, asked again with growing pauses while it raises StoreUnavailable."""
    pause = 0.5
    while True:
        try:
            return await asyncio.to_thread(ask)
        except StoreUnavailable as error:
            waiting()
            log.warning("waiting for the checkpoint store", extra={"error": str(error)})
            await asyncio.sleep(pause)
            pause = min(pause * 2, 10)
