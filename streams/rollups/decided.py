"""What one KPI update, or one plan, decided: awards and earning lines, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.identity import line_id
from schemas.plan import Plan
from schemas.results import Award, Cause, Position
from streams.performance.columns import dictionary_column

#: Stands in earning lines for the credits partition: their place is one in kpi-updates.
NO_CREDITS = -1


@dataclass(slots=True)
class Line:
    """Money for a person, or for a unit (``employee`` empty)."""

    rule: str
    employee: str
    team: str
    department: str
    period_kind: str
    period: str
    amount: int
    basis: int
    value_after: int
    reason: str
    award_id: str = ""


@dataclass(slots=True)
class Decided:
    """Collects decisions that have one cause."""

    plan: Plan
    cause: Cause
    position: Position
    awards: list[Award] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def earnings(self) -> bytes | None:
        """The block of all lines; None if there are none."""
        if not self.lines:
            return None
        lines, plan, count = self.lines, self.plan, len(self.lines)
        place = (NO_CREDITS, self.position.offset)
        ids = [
            line_id(plan.plan, one.rule, f"{one.employee}|{one.team}|{one.department}", one.period_kind, one.period,
                    *place, at, 0, one.reason)
            for at, one in enumerate(lines)
        ]  # fmt: skip
        texts = ("rule", "employee", "team", "department", "period_kind", "period", "reason")
        columns = {name: dictionary_column([getattr(one, name) for one in lines]) for name in texts}
        numbers = {
            name: pa.array([getattr(one, name) for one in lines], pa.int64())
            for name in ("amount", "basis", "value_after")
        }
        own = {
            "line_id": pa.array(ids),
            "plan": dictionary_column([plan.plan] * count),
            # units know neither closes nor caps: a line is paid where it belongs, all of it
            "posted_in": dictionary_column([one.period for one in lines]),
            "withheld": pa.array(np.zeros(count, np.int64)),
            "plan_version": pa.array(np.full(count, plan.version, np.int32)),
            "currency": dictionary_column([plan.currency] * count),
            "source": dictionary_column([self.cause.source] * count),
            "id": pa.array([self.cause.id] * count),
            "event_time": pa.array([self.cause.time] * count, pa.int64()),
            "award_id": pa.array([one.award_id for one in lines]),
            "offset": pa.array([self.position.offset] * count, pa.int64()),
            "index": pa.array(np.arange(count, dtype=np.int32)),
            "payee": pa.array(np.zeros(count, np.int16)),
        }
        found = own | columns | numbers
        return encode_block(
            pa.RecordBatch.from_pydict({name: found[name] for name in _ORDER}),
            {"partition": NO_CREDITS, "offset": self.position.offset},
        )


_ORDER = (
    "line_id", "plan", "plan_version", "rule", "employee", "team", "department", "period_kind", "period", "posted_in",
    "amount", "withheld", "currency", "basis", "value_after", "reason", "source", "id", "event_time", "award_id",
    "offset", "index", "payee",
)  # fmt: skip
