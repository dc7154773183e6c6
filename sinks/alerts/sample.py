"""A made-up award, to try a channel with. Pure."""

from __future__ import annotations

import msgspec

from schemas.results import Award, AwardState, Cause, KpiEvidence, Position

_SAMPLE = Award(
    award_id="00000000000000000000000000000000",
    plan="sample",
    plan_version=1,
    rule="sample-tier",
    kind="tier",
    name={"en": "Sample tier", "zh": "示例档位"},
    employee="E-SAMPLE",
    employee_name="Sample Person",
    team="sample-team",
    department="sample-department",
    period_kind="month",
    period="2026-03",
    tier=1,
    threshold="100%",
    pays="1500",
    sequence=1,
    state="final",
    amount="1500",
    currency="CNY",
    evidence=(KpiEvidence("revenue", "312500", "300000", "1.0417", 42, {"en": "Revenue", "zh": "销售额"}, "money"),),
    cause=Cause("kpistream", "sample-event", "sale", 1_774_600_000_000),
    position=Position(0, 0),
    next_tier="120%",
    gap="47500",
)


def sample_award(state: AwardState = "final") -> Award:
    """The sample in a state."""
    return msgspec.structs.replace(_SAMPLE, state=state)
