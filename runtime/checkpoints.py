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
    ``rests_on``: the marker that must be stored already, since only what changed after it is written; None: none need.
    """

    stage: str
    partition: int
    next_offset: int
    rows: dict[str, bytes]
    format: int = 1
    deleted: tuple[str, ...] = ()
    rests_on: int | None = None


class CheckpointStore(Protocol):
    """Blocking; called from a thread. Errors of the database raise StoreUnavailable."""

    def save(self, checkpoints: list[Checkpoint]) -> None:
        """Write each checkpoint as one atomic block (rows and marker together). Raises CheckpointsSetBack."""
        ...

    def load(self, stage: str, partition: int) -> Checkpoint | None:
        """The newest checkpoint of the highest format, with all its live rows, or None where there never was one."""
        ...

    def values(self, stage: str, key: str) -> list[bytes]:
        """What all partitions of a stage hold under a key, in any format."""
        ...


class StoreUnavailable(Exception):
    """The checkpoint store cannot be reached now; worth another try."""


class CheckpointsSetBack(Exception):
    """What a checkpoint rests on is no longer stored: written all the same, it would pass for a whole state."""

    def __init__(self, checkpoint: Checkpoint, found: int | None) -> None:
        super().__init__(
            f"{checkpoint.stage}, partition {checkpoint.partition}: its checkpoint at {checkpoint.rests_on} is gone, "
            + ("there is none" if found is None else f"the newest is at {found}")
            + ". Somebody restored or removed checkpoints under a running worker (docs/operations.md, Back-up and "
            "restore); started again, it folds from what is there"
        )


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
