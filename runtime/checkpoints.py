"""Checkpoints: the state rows changed since the last one and the marker, written as one atomic whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``rows`` maps a state key to its value, b'' for a deleted one; ``next_offset`` is where folding goes on."""

    stage: str
    partition: int
    next_offset: int
    rows: dict[str, bytes]


class CheckpointStore(Protocol):
    """Blocking; called from a thread. Errors of the database raise StoreUnavailable."""

    def save(self, checkpoints: list[Checkpoint]) -> None:
        """Write each checkpoint as one atomic block (rows and marker together)."""
        ...

    def load(self, stage: str, partition: int) -> Checkpoint | None:
        """The newest checkpoint with all its live rows, or None where there never was one."""
        ...


class StoreUnavailable(Exception):
    """The checkpoint store cannot be reached now; worth another try."""
