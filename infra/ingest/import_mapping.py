"""Mapping files: how another system's tables become events, organisation, calendars and targets.

YAML, read with the place of every value, checked by ``mapping_models``; all problems are reported at once with file
and line. ``docs/import.md`` describes the format.
"""
from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from infra.ingest.mapping_models import Mapping
from schemas.yaml_source import Source, YamlProblem, read_yaml

SHIPPED = Path(__file__).resolve().parent.parent / "mappings"


class MappingError(Exception):
    """The mapping, or an input file as a whole, cannot be used. The text holds one problem per line.

    No ValueError: those reject a single row.
    """


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
