"""What a fold decided: awards one by one, earning lines in columns, in the order of the credits that caused them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from schemas.results import Award


@dataclass(slots=True)
class Lines:
    """Earning lines of one rule: arrays of equal length, one entry a line."""

    rule_index: int
    rows: np.ndarray  # row of the batch that caused each line; −1 for a plan change
    keys: np.ndarray  # period keys
    amount: np.ndarray
    basis: np.ndarray
    value_after: np.ndarray
    reason: str
    award_id: str = ""
    withheld: np.ndarray | int = 0  # what a cap kept back with each line, negative where it is given back


@dataclass(slots=True)
class Decisions:
    """Collects what the rules decide."""

    awards: list[tuple[int, int, int, Award]] = field(default_factory=list)
    lines: list[Lines] = field(default_factory=list)
    #: The day that each row of the batch counts on.
    days: np.ndarray | None = None
    #: The latest day that the log has shown after each row, and before the batch (None: none yet).
    latest: np.ndarray | None = None
    latest_before: int | None = None

    def day(self, row: int) -> int | None:
        """The day that ``row`` counts on; None for a plan change, which has none."""
        return None if self.days is None or row < 0 else int(self.days[row])

    def new_days(self) -> Iterator[tuple[int, int]]:
        """(row, latest day before it) of each row that brings a day later than any that the log has shown."""
        known = self.latest[:1] if self.latest_before is None else [self.latest_before]
        before = np.concatenate([known, self.latest])
        for row in np.flatnonzero(before[1:] != before[:-1]).tolist():
            yield row, int(before[row])

    def award(self, row: int, rule_index: int, award: Award) -> None:
        """Announce ``award`` as caused by ``row``."""
        self.awards.append((row, rule_index, len(self.awards), award))

    def awards_in_order(self) -> list[Award]:
        """Awards by the row that caused them, then in plan order."""
        return [award for *_, award in sorted(self.awards, key=lambda entry: entry[:3])]
