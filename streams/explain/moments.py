"""In which order rollups counted updates, so that a unit is seen as it stood when something was decided. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.control import PartitionClosed
from streams.explain.credits import Credit
from streams.rollups.alignment import Alignment, Update


@dataclass(frozen=True, slots=True)
class Published:
    """A record of kpi-updates by which awards of units are decided.

    An update of a credits partition, its word that it has come to a close, or the id of a plan that takes effect.
    """

    offset: int
    item: Update | PartitionClosed | str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something is decided: behind what a credits partition had published up to ``record``, a close or a plan.

    ``cause``: its id, as awards and lines have it; with ``offset``, the place in kpi-updates, it names the moment.
    """

    offset: int
    cause: str
    partition: int = -1
    record: int = -1
    closed: tuple[str, str] | None = None

    @property
    def is_plan(self) -> bool:
        """Whether a plan takes effect."""
        return self.partition < 0 and self.closed is None


class Timeline:
    """The moments in order. A log may leave out updates that brought no credit that matters.

    ``known_from``: the place in kpi-updates from which on every credits partition is in the log.
    """

    def __init__(self, log: Iterable[Published] = (), known_from: int = 0) -> None:
        self.known_from = known_from
        self.moments = _moments(log)
        self._numbers = {(one.offset, one.cause): number for number, one in enumerate(self.moments)}
        self._records: dict[int, list[int]] = defaultdict(list)
        self._places: dict[int, list[int]] = defaultdict(list)
        for number, one in enumerate(self.moments):
            if one.partition >= 0:
                self._records[one.partition].append(one.record)
                self._places[one.partition].append(number)

    def number(self, offset: int, cause: str) -> int | None:
        """Of the moment in which something was decided; None where the log does not tell what stood then."""
        return self._numbers.get((offset, cause)) if offset >= self.known_from else None

    def place(self, offset: int, cause: str) -> int:
        """The number of the moment in which a line was paid; -1 where it lies ahead of the log."""
        return self._numbers.get((offset, cause), -1 if offset < self.known_from else len(self.moments))

    def reaching(self, partition: int, record: int) -> int:
        """The number of the moment from which on a record of a credits partition counts; one more than there are where
        it does not yet.
        """
        at = bisect_left(self._records[partition], record)
        places = self._places[partition]
        return places[at] if at < len(places) else len(self.moments)

    def of(self, credit: Credit) -> int:
        """The number of the moment from which on a credit counts."""
        return self.reaching(credit.partition, credit.record)

    def up_to(self, number: int, credits: list[Credit]) -> list[Credit]:
        """Those of ``credits`` that counted in a moment."""
        return [credit for credit in credits if self.of(credit) <= number]

    def knows(self, credits: list[Credit], number: int | None = None) -> bool:
        """Whether every moment is known from the first of the credits on, up to the moment ``number``, or all.

        It is not where that one may have counted ahead of the log, or of where it is known from.
        """
        first = min(map(self.of, credits), default=0)
        moments = self.moments[first : len(self.moments) if number is None else number + 1]
        return not self.known_from or (bool(moments) and moments[0].offset > self.known_from)

    def records(self, number: int) -> dict[int, int]:
        """By credits partition, up to which record its updates count in a moment."""
        return {one.partition: one.record for one in self.moments[: number + 1] if one.partition >= 0}

    def closed(self, kind: str, period: str) -> int | None:
        """The number of the moment in which a period was closed."""
        found = (number for number, one in enumerate(self.moments) if one.closed == (kind, period))
        return next(found, None)


def _moments(log: Iterable[Published]) -> list[Moment]:
    """In the order of the log, but for what waits until all partitions have come to a close."""
    found: list[Moment] = []
    alignment, closed, plan = Alignment(), set(), ""
    marks: dict[int, int] = {}
    for one in sorted(log, key=lambda each: each.offset):
        if isinstance(one.item, str):
            if one.item != plan:
                plan = one.item
                found.append(Moment(one.offset, plan))
            continue
        if isinstance(one.item, Update):
            partition, record = one.item.partition, one.item.offset
            if record < marks.get(partition, -1):
                continue  # a worker that started again publishes again
            marks[partition] = record
        waiting = [one.item]
        while waiting:
            item = waiting.pop(0)
            if isinstance(item, Update):
                if alignment.holds(item.partition):
                    alignment.hold(Update(item.partition, item.offset))
                else:
                    found.append(Moment(one.offset, f"{item.partition}:{item.offset}", item.partition, item.offset))
            elif item.close.id not in closed and alignment.passes(item):
                closed.add(item.close.id)
                found.append(Moment(one.offset, item.close.id, closed=(item.close.kind, item.close.period)))
                waiting = alignment.release() + waiting
    return found
