"""Results that leave the engine as JSON: awards."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.json_decoding import decoder

AwardState = Literal["provisional", "final", "revoked"]


class Position(msgspec.Struct, frozen=True):
    """Place in the log of the row that caused a result."""

    partition: int
    offset: int
    index: int = 0
    payee: int = 0


class Cause(msgspec.Struct, frozen=True):
    """The event, or the plan change, that caused a result."""

    source: str
    id: str
    type: str
    time: int  # ms since the epoch


class KpiEvidence(msgspec.Struct, frozen=True):
    """A KPI as it stood when the award was decided; numbers as decimal texts, None where undefined."""

    kpi: str
    value: str | None
    target: str | None
    attainment: str | None  # 1.05 = 105 %
    sample: int
    name: dict[str, str] = {}  # as the plan has it, by language; records of earlier versions have none
    unit: str = ""
    period: str = ""  # where it is about another period than the award's, or about several
    expected: str | None = None  # what is expected by the day ``as_of``, where the award was decided by pace
    as_of: str = ""  # that day, as 2026-03-13
    forecast: str | None = None  # where the period ends at this pace, where that decided
    forecast_attainment: str | None = None  # and the attainment then, 0.93 = 93 %


class Award(msgspec.Struct, frozen=True, omit_defaults=False):
    """Something an employee or a unit has reached, or lost again (state ``revoked``, same ``award_id``)."""

    award_id: str
    plan: str
    plan_version: int
    rule: str
    #: tier, bonus, promotion, bonus+promotion, nudge, streak+bonus, training, personal_best+bonus, honour, first
    kind: str
    name: dict[str, str]
    employee: str
    employee_name: str
    team: str
    department: str
    period_kind: str
    period: str
    tier: int  # index in the tier table; 0 for threshold awards
    threshold: str  # the bound as written in the plan, with the smallest sample where it asks for one
    pays: str  # the rate or amount as written in the plan, '' for none
    sequence: int
    state: AwardState
    amount: str | None  # money this award stands for, decimal text
    currency: str
    evidence: tuple[KpiEvidence, ...]
    cause: Cause
    position: Position
    next_tier: str | None = None  # the next bound as written
    gap: str | None = None  # what is missing to it, in the KPI's unit
    #: team, department, company where a whole unit reached it, with no employee; manager: ``employee`` has him as well.
    unit_kind: str = ""
    unit: str = ""
    days_left: int | None = None  # days of the period after the one that a nudge was told, or pace was judged, on
    workdays: bool = False  # whether days_left counts working days only
    late: bool = False  # decided after its period was closed
    team_name: dict[str, str] = {}  # as the plan has it, by language; empty where it has none
    unit_name: dict[str, str] = {}


def encode_award(award: Award) -> bytes:
    """JSON of one award."""
    return msgspec.json.encode(award)


_DECODER = decoder(Award)


def decode_award(value: bytes | None) -> Award:
    """An award from its JSON; raises msgspec.DecodeError."""
    return _DECODER(value)
