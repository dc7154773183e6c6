"""Control records: changes that travel in-band, at the same place of the log for every replay."""

from __future__ import annotations

import hashlib
from collections import deque
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from schemas.packing import pack, unpack
from schemas.plan import Plan
from schemas.plan_employees import BY_COLUMNS
from schemas.plan_once import once_per_plan

KIND = "control"
#: Kind of the record that says that a credits partition has come to a close.
CLOSED_KIND = "partition-closed"


class PlanApplied(BaseModel):
    """A plan version takes effect here. ``id`` makes a second delivery harmless."""

    model_config = ConfigDict(frozen=True)

    control: Literal["plan"] = "plan"
    id: str
    time: int = 0  # ms since the epoch, read from the operator's clock when the record was made
    plan: Plan


class PeriodClosed(BaseModel):
    """A period is frozen here: what changes it from now on is an adjustment. ``id`` follows from plan and period.

    ``by``: who closed it, as they or their login say; decides nothing.
    """

    model_config = ConfigDict(frozen=True)

    control: Literal["close"] = "close"
    id: str
    time: int = 0  # ms since the epoch, read from the operator's clock when the record was made
    kind: str
    period: str
    by: str = ""

    @classmethod
    def of(cls, plan: Plan, kind: str, period: str, time: int = 0, by: str = "") -> PeriodClosed:
        """The record that closes a period of a plan; closing it twice gives the same id."""
        return cls(id=f"close:{plan.plan}:{kind}:{period}", time=time, kind=kind, period=period, by=by)

    @property
    def plan_id(self) -> str:
        """The id of the plan that it was closed under."""
        return self.id.removeprefix("close:").removesuffix(f":{self.kind}:{self.period}")


class PartitionClosed(BaseModel):
    """In kpi-updates: one of ``partitions`` credits partitions has published all that it counted before the close."""

    model_config = ConfigDict(frozen=True)

    partition: int
    partitions: int
    offset: int  # of the close in that credits partition
    close: PeriodClosed


#: Numerator and denominator, in ten-thousandths.
Pair = tuple[int, int]


class CellValue(BaseModel):
    """What a day cell of a KPI holds, as the columns of kpi-days: all zero where there is none.

    ``units``: what it adds to its team, department, company. ``members``: hashes of a distinct KPI, ascending.
    """

    model_config = ConfigDict(frozen=True)

    numerator: int = 0
    denominator: int = 0
    units: tuple[Pair, Pair, Pair] = ((0, 0), (0, 0), (0, 0))
    members: tuple[int, ...] = ()


class CellAdjusted(BaseModel):
    """A day cell as a reconciliation found it, and as it should be. ``day``: days since the epoch."""

    model_config = ConfigDict(frozen=True)

    kpi: str
    employee: str
    team: str
    department: str
    day: int
    found: CellValue
    should: CellValue


class PaidSoFar(BaseModel):
    """What the lines of a tier table add up to in somebody's period, beside the value that was published with them.

    Lines pay differences, so a value that went wrong by itself was never paid: the adjustment pays from here.
    """

    model_config = ConfigDict(frozen=True)

    rule: str
    employee: str
    period: str
    numerator: int
    denominator: int
    amount: int
    withheld: int = 0


#: How the ids of adjustments begin that a rebuild made: from there on a KPI counts as the plan in force says, from the
#: first credit on.
REBUILD = "rebuild:"


class ValuesAdjusted(BaseModel):
    """In one credits partition: day cells of its employees are set right from here on, where they stand as found."""

    model_config = ConfigDict(frozen=True)

    control: Literal["adjust"] = "adjust"
    id: str
    time: int = 0  # ms since the epoch, read from the operator's clock when the record was made
    operator: str = ""
    reason: str = ""
    cells: tuple[CellAdjusted, ...] = ()
    paid: tuple[PaidSoFar, ...] = ()


Control = PlanApplied | PeriodClosed | ValuesAdjusted
_READER: TypeAdapter[Control] = TypeAdapter(Annotated[Control, Field(discriminator="control")])
#: The last records that were decoded, by what their JSON comes to: megabytes of a large company, not kept themselves.
_DECODED: deque[tuple[bytes, Control]] = deque(maxlen=4)


def encode_control(record: Control) -> bytes:
    """The JSON of a control record, long rosters by columns (``schemas.plan_employees``)."""
    return record.model_dump_json(exclude_none=True, context=BY_COLUMNS).encode()


@once_per_plan
def stored_control(record: PlanApplied) -> bytes:
    """As a state keeps it; ``decode_control`` reads that as well. Every stage and partition keeps the plan in force."""
    return pack(encode_control(record))


@lru_cache(maxsize=4)
def decode_control(value: bytes) -> Control:
    """A control record from its JSON, or from that packed; raises pydantic's ValidationError.

    The same JSON gives the same object: every stage and partition reads the same plan, from the log and from its state,
    and with 100,000 employees that takes half a second and 100 MB each time.
    """
    try:
        document = unpack(value)
    except ValueError:
        document = value  # no JSON either, and refused as such
    digest = hashlib.sha256(document).digest()
    for known, control in tuple(_DECODED):
        if known == digest:
            return control
    control = _READER.validate_json(document, context=BY_COLUMNS)
    _DECODED.append((digest, control))
    return control
