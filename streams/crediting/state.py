"""All that crediting knows of one facts partition, and its rows in a checkpoint.

Every row is a function of the log before the next offset, never of how the log was cut or saved; and whatever
may have differed at any offset since the last checkpoint is in the next, deletions included. On both rests
what sinks/checkpoints.py promises of owners that write beside each other.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from schemas.control import PlanApplied, decode_control, stored_control
from schemas.plan import Plan
from schemas.plan_once import once_per_plan
from streams.crediting import assignment_rows
from streams.crediting.assignment_rows import ASSIGNMENTS
from streams.crediting.memory import EventMemory
from streams.crediting.profiles import Named, Profiles
from streams.crediting.refunds import ParkedRefunds, Standings
from streams.crediting.rules import Rules
from streams.crediting.sources import Ledger
from streams.crediting.terms import Terms, TermsBook
from streams.organisation import Assignments

FORMAT = 2
_CLOCK, _PLAN, _TERMS, _PROFILES = "clock", "plan", "terms/", "profiles/"


class State:
    """``newest``: latest arrival seen (ms); ``floor``: what was seen before it (minutes) is forgotten.
    Both only grow, row by row, so that the order of the log alone decides what is still remembered.
    """

    def __init__(self, partition: int, credit_partitions: int) -> None:
        self.partition = partition
        self.ledger = Ledger(partition)
        self.memory = EventMemory()
        self.parked = ParkedRefunds()
        self.standings = Standings()
        self.assignments = Assignments.none(credit_partitions)
        self.terms = TermsBook()
        self.profiles = Profiles()
        self.rules: Rules | None = None
        self.newest = 0
        self.floor = 0
        self._applied: list[str] = []  # ids of control records
        self._dirty_plans: dict[str, bytes] = {}

    def apply(self, control: PlanApplied) -> None:
        """The plan is in force from here on; an id that was applied before changes nothing."""
        if control.id in self._applied:
            return
        self._applied.append(control.id)
        known, agreed, told = len(self.assignments), len(self.terms.all), len(self.profiles.all)
        self._put_in_force(control.plan)
        self._dirty_plans[_PLAN] = stored_control(control)
        if len(self.assignments) > known:
            self._dirty_plans[f"{ASSIGNMENTS}{known}"] = _added(control.plan, self.assignments, known)
        if len(self.terms.all) > agreed:
            self._dirty_plans[f"{_TERMS}{agreed}"] = msgspec.msgpack.encode(self.terms.all[agreed:])

        if len(self.profiles.all) > told:
            self._dirty_plans[f"{_PROFILES}{told}"] = msgspec.msgpack.encode(self.profiles.all[told:])

    def restore(self, rows: dict[str, bytes]) -> None:
        """Becomes what a checkpoint's live rows describe; raises ValueError on another format."""
        if _CLOCK in rows:
            next_offset = self._restore_clock(rows[_CLOCK])
            self.memory.restore(rows, next_offset, self.floor)
        pieces = _pieces(rows, ASSIGNMENTS)
        self.assignments = _restored(self.assignments, tuple(pieces))
        for piece in _pieces(rows, _TERMS):
            for terms in msgspec.msgpack.decode(piece, type=list[Terms]):
                self.terms.code(terms)
        for piece in _pieces(rows, _PROFILES):
            self.profiles.all += msgspec.msgpack.decode(piece, type=list[Named])
        if _PLAN in rows:
            self._put_in_force(decode_control(rows[_PLAN]).plan)
        for part in (self.ledger, self.parked, self.standings):
            part.restore(rows)

    def _put_in_force(self, plan: Plan) -> None:
        self.rules = Rules(plan, self.assignments, self.terms, self.profiles)
        self.assignments = self.rules.assignments

    def _restore_clock(self, value: bytes) -> int:
        """Returns the offset that the state was saved at."""
        version, *values = msgspec.msgpack.decode(value)
        if version != FORMAT:
            raise ValueError(f"state row {_CLOCK}: format {version}, expected {FORMAT}")
        next_offset, self.newest, self.floor, self._applied = values
        return next_offset

    def dirty_rows(self) -> dict[str, bytes]:
        """Rows changed since the last call; b'' deletes one."""
        clock = [FORMAT, self.memory.next_offset, self.newest, self.floor, self._applied]
        rows = {_CLOCK: msgspec.msgpack.encode(clock), **self._dirty_plans}
        self._dirty_plans = {}
        for part in (self.ledger, self.memory, self.parked, self.standings):
            rows |= part.dirty_rows()
        return rows


def _pieces(rows: dict[str, bytes], prefix: str) -> list[bytes]:
    """What was numbered, in order: a row's key ends with the number of its first entry."""
    pieces = {int(key[len(prefix) :]): value for key, value in rows.items() if key.startswith(prefix)}
    return [pieces[start] for start in sorted(pieces)]


@once_per_plan
def _added(plan: Plan, assignments: Assignments, known: int) -> bytes:
    """The row of what ``plan`` added to the first ``known`` of ``assignments``."""
    return assignment_rows.encoded(assignments, known)


@lru_cache(maxsize=1)
def _restored(none: Assignments, pieces: tuple[bytes, ...]) -> Assignments:
    """The same pieces give the same object: all partitions of a process have it in common."""
    found = none
    for piece in pieces:
        found, _ = found.with_columns(assignment_rows.decoded(piece))
    return found
