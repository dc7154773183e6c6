"""Mapping files: how another system's tables become events, organisation, calendars and targets.

YAML, read with the place of every value, checked by the models below; all problems are reported at once with file
and line. ``docs/import.md`` describes the format.
"""
from __future__ import annotations

import codecs
import fnmatch
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from infra.ingest.expressions import compile_expression
from schemas.yaml_source import Source, YamlProblem, read_yaml

SHIPPED = Path(__file__).resolve().parent.parent / "mappings"
NAME = r"^[a-z][a-z0-9_]*$"


class MappingError(Exception):
    """The mapping, or an input file as a whole, cannot be used. The text holds one problem per line.

    No ValueError: those reject a single row.
    """


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


@dataclass(frozen=True)
class MappingFile:
    """A mapping with the file it came from and the place of each of its values."""

    path: Path
    mapping: Mapping
    source: Source = field(repr=False)

    def where(self, path: tuple[str | int, ...]) -> str:
        """``file:line`` of a value."""
        return f"{self.path}:{self.source.place(path).line}"


def read_mapping(path: Path) -> MappingFile:
    """The mapping in the file at ``path``; raises MappingError with every problem, each with file and line."""
    try:
        source = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except YamlProblem as problem:
        raise MappingError(f"{path}:{problem.place.line}: {problem.message}") from problem
    problems = [f"{path}:{problem.place.line}: {problem.message}" for problem in source.problems]
    try:
        mapping = Mapping.model_validate(source.value)
    except ValidationError as error:
        raise MappingError("\n".join(problems + problem_lines(path, source, error))) from error
    found = MappingFile(path, mapping, source)
    problems += [f"{found.where(place)}: {text}" for place, text in _unknown_tables(mapping)]
    if problems:
        raise MappingError("\n".join(problems))
    return found


def problem_lines(path: Path, source: Source, error: ValidationError, below: tuple[str | int, ...] = ()) -> list[str]:
    """One line per problem that pydantic found: file, line, setting, what is wrong."""
    lines = []
    for problem in error.errors(include_url=False):
        place = (*below, *problem["loc"])
        setting = ".".join(str(part) for part in place) or "file"
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{path}:{source.place(place).line}: {setting}: {message}")
    return list(dict.fromkeys(lines))


def _unknown_tables(mapping: Mapping) -> list[tuple[tuple[str | int, ...], str]]:
    used: list[tuple[tuple[str | int, ...], str]] = []
    for name, table in mapping.tables.items():
        used += [(("tables", name, "join", join, "table"), spec.table) for join, spec in table.join.items()]
    used += [(("events", index, "from"), rule.table) for index, rule in enumerate(mapping.events)]
    used += [(("targets", index, "from"), rule.table) for index, rule in enumerate(mapping.targets)]
    used += [(("calendars", name, "from"), rule.table) for name, rule in mapping.calendars.items()]
    employees = enumerate(mapping.organisation.employees)
    used += [(("organisation", "employees", index, "from"), rule.table) for index, rule in employees]
    return [
        (place, f"no table {table!r}; there are {', '.join(mapping.tables)}")
        for place, table in used
        if table not in mapping.tables
    ]


def shipped_mappings() -> dict[str, Path]:
    """The mappings that come with kpistream, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}


def find_mapping(name_or_path: str) -> Path:
    """The file of a mapping given by its path, or by the name of a shipped one; raises MappingError."""
    shipped = shipped_mappings()
    if name_or_path in shipped:
        return shipped[name_or_path]
    path = Path(name_or_path)
    if not path.is_file():
        raise MappingError(f"no mapping file {name_or_path!r}; shipped mappings: {', '.join(shipped)}")
    return path


def detect_mapping(folder: Path) -> str | None:
    """Name of the shipped mapping whose files are all in ``folder``; of several, the one that asks for most."""
    if not folder.is_dir():
        return None
    present = {path.name.lower() for path in folder.iterdir() if path.is_file()}
    fitting = []
    for name, path in shipped_mappings().items():
        wanted = read_mapping(path).mapping.detect
        if wanted and all(fnmatch.filter(present, file.lower()) for file in wanted):
            fitting.append((-len(wanted), name))
    return min(fitting)[1] if fitting else None
