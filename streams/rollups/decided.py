"""What a KPI update, a close or a plan decided: awards and earning lines, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from schemas.identity import line_id
from schemas.plan import Plan
from schemas.results import Award, Cause, Position
from streams.performance.earnings import lines_block

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
        place = NO_CREDITS, self.position.offset
        lines = [
            (
                line_id(plan.plan, one.rule, f"{one.employee}|{one.team}|{one.department}", one.period_kind, one.period,
                        *place, at, 0, one.reason),
                plan.plan, plan.version, one.rule, one.employee, one.team, one.department, one.period_kind, one.period,
                one.posted_in, one.amount, 0, plan.currency, one.basis, one.value_after, one.reason, one.cause.source,
                one.cause.id, one.cause.time, one.award_id, self.position.offset, at, 0,
            )
            for at, one in enumerate(self.lines)
        ]  # fmt: skip
        return lines_block(lines, {"partition": NO_CREDITS, "offset": self.position.offset})
