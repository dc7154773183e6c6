"""Awards to route, announce and deliver."""

from __future__ import annotations

import msgspec

from schemas.results import Award, Cause, KpiEvidence, Position

REVENUE = KpiEvidence("revenue", "310000", "300000", "1.0333", 41, {"en": "Revenue", "zh": "销售额"}, "money")
SATISFACTION = KpiEvidence(
    "satisfaction", "88.5", None, None, 6, {"en": "Satisfied customers", "zh": "客户满意度"}, "points"
)
SILVER = Award(
    award_id="a" * 32,
    plan="p",
    plan_version=1,
    rule="commission",
    kind="tier",
    name={"en": "Silver", "zh": "银牌"},
    employee="E1",
    employee_name="Li Wei",
    team="sales-east",
    department="sales",
    period_kind="month",
    period="2026-03",
    tier=2,
    threshold="100%",
    pays="3%",
    sequence=1,
    state="final",
    amount=None,
    currency="CNY",
    evidence=(REVENUE,),
    cause=Cause("shop", "s-17", "sale", 1),
    position=Position(0, 7),
    next_tier="120%",
    gap="50000",
)
BONUS = msgspec.structs.replace(
    SILVER,
    award_id="b" * 32,
    rule="both",
    kind="bonus+promotion",
    name={"en": "Revenue with satisfied customers"},
    threshold="revenue 100% and satisfaction 88",
    pays="5000",
    amount="5000",
    evidence=(
        REVENUE,
        SATISFACTION,
        KpiEvidence("returns", None, None, None, 0),
    ),
    next_tier=None,
    gap=None,
)


def award(base: Award = SILVER, **changes: object) -> Award:
    """``base`` with changes."""
    return msgspec.structs.replace(base, **changes)
