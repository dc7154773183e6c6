"""What a KPI update, a close or a plan decided: awards and earning lines, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
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
    award_id: str
    posted_in: str
    cause: Cause


@dataclass(slots=True)
class Decided:
    """Collects what one record of kpi-updates leads to, cause by cause."""

    position: Position
    cause: Cause | None = None
    awards: list[Award] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def turn(self, cause: Cause) -> None:
        """From here on ``cause`` decides; a further one of the same record has the next index."""
        if self.cause is not None:
            self.position = msgspec.structs.replace(self.position, index=self.position.index + 1)
        self.cause = cause

    def earnings(self, plan: Plan) -> bytes | None:
        """The block of all lines; None if there are none."""
        if not self.lines:
            return None
        lines, count = self.lines, len(self.lines)
        place = (NO_CREDITS, self.position.offset)
        ids = [
            line_id(plan.plan, one.rule, f"{one.employee}|{one.team}|{one.department}", one.period_kind, one.period,
                    *place, at, 0, one.reason)
            for at, one in enumerate(lines)
        ]  # fmt: skip
        texts = ("rule", "employee", "team", "department", "period_kind", "period", "posted_in", "reason")
        columns = {name: dictionary_column([getattr(one, name) for one in lines]) for name in texts}
        numbers = {
            name: pa.array([getattr(one, name) for one in lines], pa.int64())
            for name in ("amount", "basis", "value_after")
        }
        own = {
            "line_id": pa.array(ids),
            "plan": dictionary_column([plan.plan] * count),
            "withheld": pa.array(np.zeros(count, np.int64)),
            "plan_version": pa.array(np.full(count, plan.version, np.int32)),
            "currency": dictionary_column([plan.currency] * count),
            "source": dictionary_column([one.cause.source for one in lines]),
            "id": pa.array([one.cause.id for one in lines]),
            "event_time": pa.array([one.cause.time for one in lines], pa.int64()),
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
