"""All that crediting knows of one facts partition, and its rows in a checkpoint."""

from __future__ import annotations

import msgspec

from schemas.control import PlanApplied, decode_control, encode_control
from streams.crediting.memory import EventMemory
from streams.crediting.refunds import ParkedRefunds, RefundedTotals
from streams.crediting.rules import Rules
from streams.crediting.sources import Ledger
from streams.organisation import Assignment, Assignments

FORMAT = 1
_CLOCK, _PLAN, _ASSIGNMENTS = "clock", "plan", "assignments/"


class State:
    """``newest``: latest event time seen (ms); ``floor``: what was seen before it (minutes) is forgotten.
    Both only grow, row by row, so that the order of the log alone decides what is still remembered.
    """

    def __init__(self, partition: int, credit_partitions: int) -> None:
        self.partition = partition
        self.ledger = Ledger(partition)
        self.memory = EventMemory()
        self.parked = ParkedRefunds()
        self.refunded = RefundedTotals()
        self.assignments = Assignments(credit_partitions)
        self.rules: Rules | None = None
        self.newest = 0
        self.floor = 0
        self._applied: list[str] = []  # ids of control records
        self._saved_assignments = 0
        self._saved_clock = b""
        self._dirty_plan: PlanApplied | None = None

    def apply(self, control: PlanApplied) -> None:
        """The plan is in force from here on; an id that was applied before changes nothing."""
        if control.id in self._applied:
            return
        self._applied.append(control.id)
        self.rules = Rules(control.plan, self.assignments)
        self._dirty_plan = control

    def restore(self, rows: dict[str, bytes]) -> None:
        """Becomes what a checkpoint's live rows describe; raises ValueError on another format."""
        if _CLOCK in rows:
            self._restore_clock(rows[_CLOCK])
        pieces = {
            int(key[len(_ASSIGNMENTS) :]): value
            for key, value in rows.items()
            if key.startswith(_ASSIGNMENTS)
        }
        for start in sorted(pieces):
            for fields in msgspec.msgpack.decode(pieces[start]):
                self.assignments.code(Assignment(*fields))
        self._saved_assignments = len(self.assignments)
        self.assignments.freeze()
        if _PLAN in rows:
            self.rules = Rules(decode_control(rows[_PLAN]).plan, self.assignments)
        for part in (self.ledger, self.memory, self.parked, self.refunded):
            part.restore(rows)

    def _restore_clock(self, value: bytes) -> None:
        version, self.newest, self.floor, self._applied = msgspec.msgpack.decode(value)
        if version != FORMAT:
            raise ValueError(f"state row {_CLOCK}: format {version}, expected {FORMAT}")
        self._saved_clock = value

    def dirty_rows(self) -> dict[str, bytes]:
        """Rows changed since the last call; b'' deletes one."""
        rows: dict[str, bytes] = {}
        clock = msgspec.msgpack.encode([FORMAT, self.newest, self.floor, self._applied])
        if clock != self._saved_clock:
            rows[_CLOCK] = self._saved_clock = clock
        if self._dirty_plan:
            rows[_PLAN] = encode_control(self._dirty_plan)
            self._dirty_plan = None
        if len(self.assignments) > self._saved_assignments:
            start, self._saved_assignments = self._saved_assignments, len(self.assignments)
            rows[f"{_ASSIGNMENTS}{start}"] = msgspec.msgpack.encode(self.assignments.all[start:])
        for part in (self.ledger, self.memory, self.parked, self.refunded):
            rows |= part.dirty_rows()
        return rows
