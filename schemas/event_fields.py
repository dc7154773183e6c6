"""Which payload fields an event of each type has, and whether they are strings, numbers or booleans."""

from __future__ import annotations

from typing import Any, Literal, get_args

from schemas.events import BUILT_IN as PAYLOADS
from schemas.events import Payload
from schemas.plan import Plan

FieldKind = Literal["string", "number", "boolean"]

#: Who is credited; a part of the credit, not a field that KPIs read.
PAYEES = frozenset({"employee", "splits"})

#: Event types that change an earlier event, and are credited as it was.
FOLLOWING = frozenset(name for name, payload in PAYLOADS.items() if payload.refers_to)
#: Those that several people may share: by ``splits``, or as what they are about is.
SHARED = FOLLOWING | {name for name, payload in PAYLOADS.items() if "splits" in payload.model_fields}


def _kind(annotation: Any, metadata: tuple[Any, ...] = ()) -> FieldKind:
    """The kind that a field's rule names, wherever it stands in the annotation; texts need no rule."""
    for rule in (*metadata, *getattr(annotation, "__metadata__", ())):
        if hasattr(rule, "kind"):
            return rule.kind
    kinds = [_kind(part) for part in get_args(annotation)]
    return next((kind for kind in kinds if kind != "string"), "string")


def _fields(payload: type[Payload]) -> dict[str, FieldKind]:
    return {
        name: _kind(field.annotation, tuple(field.metadata))
        for name, field in payload.model_fields.items()
        if name not in PAYEES
    }


BUILT_IN: dict[str, dict[str, FieldKind]] = {name: _fields(payload) for name, payload in PAYLOADS.items()}
#: What a cancellation takes back is only known once it is credited.
BUILT_IN["cancellation"] |= {"amount": "number", "currency": "string"}


def payload_fields(plan: Plan) -> dict[str, dict[str, FieldKind]]:
    """Field kinds by event type, for every type that events of this plan may have."""
    return BUILT_IN | {name: dict(declared.fields) for name, declared in plan.events.items()}
