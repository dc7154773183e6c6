"""Reading a plan file: every error at once, each with its line and with words that say what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath

from pydantic import ValidationError

from schemas.plan import Plan
from schemas.plan_checks import check
from schemas.plan_messages import explain, path_text
from schemas.plan_partial import check_rest
from schemas.yaml_source import MAX_BYTES, Path, Source, YamlProblem, read_yaml


@dataclass(frozen=True, slots=True)
class PlanError:
    """One thing wrong (or, as a warning, doubtful) in a plan file; line and column from 1."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        return where + (f"{self.path}: {self.message}" if self.path else self.message)


class InvalidPlan(ValueError):
    """A plan file with errors; the text has one line for each."""

    def __init__(self, errors: list[PlanError]):
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors


def read_plan_text(path: str | FilePath) -> str:
    """The text of a plan file; raises OSError, or InvalidPlan where it is not UTF-8 or far too large."""
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidPlan([PlanError(str(path), 1, 1, "", f"larger than {MAX_BYTES // 1024 // 1024} MiB")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = "not UTF-8 text: save the file with the encoding UTF-8"
        raise InvalidPlan([PlanError(str(path), line, 1, "", message)]) from error


def load_plan(path_or_text: str | FilePath, filename: str = "") -> Plan:
    """The plan in a file, or in a text with line breaks; raises InvalidPlan, or OSError for the file."""
    if isinstance(path_or_text, FilePath) or "\n" not in path_or_text:
        filename = filename or str(path_or_text)
        text = read_plan_text(path_or_text)
    else:
        text = path_or_text
    plan, errors = check_plan(text, filename or "plan")
    if plan is None:
        raise InvalidPlan(errors)
    return plan


def check_plan(text: str, filename: str = "plan") -> tuple[Plan | None, list[PlanError]]:
    """The plan of ``text``, or None with all its errors, in the order of their lines."""
    plan, errors, _ = examine_plan(text, filename)
    return plan, errors


def examine_plan(text: str, filename: str = "plan") -> tuple[Plan | None, list[PlanError], list[PlanError]]:
    """As check_plan, with the warnings as a third part: what is allowed and yet rarely meant."""
    try:
        source = read_yaml(text)
    except YamlProblem as problem:
        return None, [PlanError(filename, problem.place.line, problem.place.column, "", problem.message)], []
    errors = [_at(filename, source, problem.path, problem.message, problem) for problem in source.problems]
    warnings: list[PlanError] = []
    plan = None
    try:
        plan = Plan.model_validate(source.value)
        found = check(plan)
    except ValidationError as error:
        errors += [_at(filename, source, path, message) for path, message in explain(error, source.value)]
        found = check_rest(source.value, error)
    for finding in found:
        place = _at(filename, source, finding.path, finding.message)
        (warnings if finding.warning else errors).append(place)
    return None if errors else plan, _in_order(errors), _in_order(warnings)


def _in_order(errors: list[PlanError]) -> list[PlanError]:
    return sorted(dict.fromkeys(errors), key=lambda e: (e.line, e.column, e.path, e.message))


def _at(
    filename: str, source: Source, path: Path, message: str, problem: YamlProblem | None = None
) -> PlanError:
    place = problem.place if problem else source.place(path)
    return PlanError(filename, place.line, place.column, path_text(path, source.value), message)
