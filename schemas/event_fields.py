"""Which payload fields an event of each type has, and whether they are strings, numbers or booleans."""
from __future__ import annotations

from typing import Literal

from schemas.plan import Plan

FieldKind = Literal["string", "number", "boolean"]

_STRINGS = frozenset("""sale_id sale_source currency customer product channel reason priority severity survey component
    course""".split())
_BOOLEANS = frozenset("within_sla upheld on_time converted".split())
_BUILT_IN = {
    "sale": "amount currency customer product channel quantity",
    "refund": "sale_id sale_source amount currency reason",
    "ticket_resolved": "minutes priority within_sla reopened customer",
    "complaint": "severity customer upheld",
    "survey_answer": "score survey customer",
    "delivery": "on_time days_late quantity rejected amount currency customer",
    "defect": "severity count component",
    "lead": "channel converted customer",
    "visit": "customer minutes",
    "training_completed": "course score hours",
}


def _kind(field: str) -> FieldKind:
    if field in _BOOLEANS:
        return "boolean"
    return "string" if field in _STRINGS else "number"


BUILT_IN: dict[str, dict[str, FieldKind]] = {
    event_type: {field: _kind(field) for field in fields.split()} for event_type, fields in _BUILT_IN.items()
}


def payload_fields(plan: Plan) -> dict[str, dict[str, FieldKind]]:
    """Field kinds by event type, for every type that events of this plan may have."""
    return BUILT_IN | {name: dict(declared.fields) for name, declared in plan.events.items()}
