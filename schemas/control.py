"""Control records: changes that travel in-band, at the same place of the log for every replay."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.plan import Plan

KIND = "control"


class PlanApplied(BaseModel):
    """A plan version takes effect here. ``id`` makes a second delivery harmless."""

    model_config = ConfigDict(frozen=True)

    control: Literal["plan"] = "plan"
    id: str
    time: int = 0  # ms since the epoch, read from the operator's clock when the record was made
    plan: Plan


def encode_control(record: PlanApplied) -> bytes:
    """The JSON of a control record."""
    return record.model_dump_json(exclude_none=True).encode()


def decode_control(value: bytes) -> PlanApplied:
    """A control record from its JSON; raises pydantic's ValidationError."""
    return PlanApplied.model_validate_json(value)
