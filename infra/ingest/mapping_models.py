"""The settings of a mapping file as models; each checks itself, ``import_mapping`` adds file and line."""
from __future__ import annotations

import codecs
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from infra.ingest.expressions import compile_expression

NAME = r"^[a-z][a-z0-9_]*$"


def _expression(value: object) -> object:
    """Plain YAML numbers and truth values are expressions too."""
    return str(value) if isinstance(value, (bool, int)) else getattr(value, "text", value)


def _compiles(text: str) -> str:
    compile_expression(text)
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone of the IANA list, such as Europe/Berlin") from error
    return name


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise ValueError(f"{name!r} is no known encoding, such as utf-8 or latin-1") from error
    return name


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Expression = Annotated[str, BeforeValidator(_expression), AfterValidator(_compiles)]
Zone = Annotated[str, AfterValidator(_zone)]
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]


class Model(BaseModel):
    """Base: unknown settings are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeColumn(Model):
    """A column that holds a time: its strptime format, and its zone where that is not the mapping's."""

    time: str
    timezone: Zone | None = None


class LastBy(Model):
    """Only the row with the highest ``order`` of each ``key`` counts; of equal ones the later in the file."""

    key: Names
    order: Expression


class Group(Model):
    """Rows of one key become one row with the key's columns and these sums (and the count of rows)."""

    by: Names
    sum: dict[Annotated[str, Field(pattern=NAME)], Expression] = {}
    count: Annotated[str, Field(pattern=NAME)] | None = None


class Join(Model):
    """The row of ``table`` whose ``key`` columns equal these expressions of this row."""

    table: str
    on: Annotated[tuple[Expression, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
    key: Names
    #: Without a partner: False rejects the row that asks, True gives missing values.
    optional: bool = False

    @model_validator(mode="after")
    def _as_many(self) -> Join:
        if len(self.on) != len(self.key):
            raise ValueError("on and key must name equally many columns")
        return self


class Table(Model):
    """One input file and how to read it."""

    file: str
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8-sig"
    #: Column names of a file without a header line.
    columns: tuple[str, ...] = ()
    types: dict[str, Literal["number", "boolean"] | TimeColumn] = {}
    decimal_mark: Literal[".", ","] = "."
    #: Texts that stand for "no value" in this table; without it the mapping's.
    missing: tuple[str, ...] | None = None
    where: Expression | None = None
    last_by: LastBy | None = None
    fields: dict[Annotated[str, Field(pattern=NAME)], Expression] = {}
    join: dict[Annotated[str, Field(pattern=NAME)], Join] = {}
    group: Group | None = None


class EventRule(Model):
    """One event for each row of ``from`` where ``when`` holds."""

    table: Annotated[str, Field(alias="from")]
    type: str
    id: Expression
    time: Expression
    subject: Expression | None = None
    when: Expression | None = None
    data: dict[Annotated[str, Field(pattern=NAME)], Expression]


class EmployeeRule(Model):
    """Employees found in the rows of ``from``; rows with the same id are the same person."""

    table: Annotated[str, Field(alias="from")]
    when: Expression | None = None
    id: Expression
    name: Expression | None = None
    role: Expression
    team: Expression
    team_name: Expression | None = None
    department: Expression
    department_name: Expression | None = None
    #: Which team, where rows disagree: none (the row is rejected) or the most frequent, ties by id.
    choose: Literal["unique", "most_frequent"] = "unique"
    #: Team of those for whom ``team`` is missing in every row.
    default_team: str | None = None


class OrganisationRule(Model):
    """The company's frame and where its people come from."""

    company: str
    name: str | dict[str, str] | None = None
    employees: Annotated[tuple[EmployeeRule, ...], Field(min_length=1)]


class CalendarRule(Model):
    """A calendar of the company's own: a period begins at each distinct ``start``, and is named by its date."""

    table: Annotated[str, Field(alias="from")]
    start: Expression
    #: The first day after the last period, as YYYY-MM-DD; without it the last period stays open.
    end: str | None = None


class TargetRule(Model):
    """One target for each row of ``from``."""

    table: Annotated[str, Field(alias="from")]
    when: Expression | None = None
    kpi: str
    period: str
    at: Expression | None = None
    value: Expression
    employee: Expression | None = None
    role: Expression | None = None
    team: Expression | None = None
    department: Expression | None = None


class Mapping(Model):
    """A whole mapping file."""

    mapping: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    #: Files whose presence in a folder shows that this mapping fits it.
    detect: tuple[str, ...] = ()
    source: Annotated[str, Field(min_length=1)]
    timezone: Zone
    missing: tuple[str, ...] = ("",)
    true: tuple[str, ...] = ("true", "True", "TRUE", "1")
    false: tuple[str, ...] = ("false", "False", "FALSE", "0")
    tables: Annotated[dict[Annotated[str, Field(pattern=NAME)], Table], Field(min_length=1)]
    events: tuple[EventRule, ...] = ()
    organisation: OrganisationRule
    calendars: dict[Annotated[str, Field(pattern=NAME)], CalendarRule] = {}
    targets: tuple[TargetRule, ...] = ()
    #: The rest of the plan, taken over as it stands; checked with the whole plan once that is built.
    plan: dict[str, object]
