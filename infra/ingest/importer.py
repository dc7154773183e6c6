"""Import: input files and a mapping in, events and a plan out. The core writes nothing; ``write_result`` does.

Every row of an input file is used, filtered by the mapping, superseded by a later row of its key, or listed as
rejected with the reason. The same files give the same bytes, event ids included, so a second import of the same
orders adds nothing downstream.
"""
from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml
from pydantic import ValidationError

from infra.ingest.event_check import EventCheck
from infra.ingest.expressions import compile_expression
from infra.ingest.functions import text_of
from infra.ingest.import_mapping import MappingError, MappingFile, problem_lines
from infra.ingest.input_files import list_files
from infra.ingest.mapping_models import EventRule
from infra.ingest.organisation import build_calendars, build_organisation, build_targets
from infra.ingest.table_loader import OnProgress, Tables
from infra.ingest.tables import Counts, Rejected, Row, RowError
from schemas.plan import Plan
from schemas.plan_checks import check as check_plan
from schemas.yaml_source import NUMBER

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Imported:
    """What an import gives. ``events`` are JSON documents in the order of their times."""

    events: list[bytes]
    types: list[str]  # the type of each event
    plan: Plan
    rejected: list[Rejected]
    counts: dict[str, Counts]


class _PlanWriter(yaml.SafeDumper):
    """Entries of lists are indented, and a text that a plan file would take for a number is quoted."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_PlanWriter.add_implicit_resolver("tag:yaml.org,2002:float", NUMBER, list("+-.0123456789"))


def plan_yaml(plan: Plan) -> str:
    """``plan`` as a plan file; settings that were never given stay out."""
    content = plan.model_dump(mode="json", exclude_unset=True)
    return yaml.dump(content, Dumper=_PlanWriter, width=120, allow_unicode=True, sort_keys=False)


def run_import(mapping: MappingFile, paths: list[Path], on_progress: OnProgress | None = None) -> Imported:
    """Events, plan and rejected rows of the input files; raises MappingError where files and mapping do not fit."""
    tables = Tables(mapping, list_files(paths), on_progress or (lambda table, read, total: None))
    plan = _plan(mapping, tables)
    check = EventCheck(plan)
    found: list[tuple[int, str, bytes]] = []
    ids: dict[str, int] = {}
    for index, rule in enumerate(mapping.mapping.events):
        found += _events(mapping, tables, index, rule, ids, check)
    _list_orphans(tables)
    found.sort(key=lambda event: event[0])  # stable: events of one moment stay in the order of rules and rows
    counts = {table.name: table.counts for table in tables.tables()}
    return Imported([raw for _, _, raw in found], [kind for _, kind, _ in found], plan, tables.rejected, counts)


def _events(mapping: MappingFile, tables: Tables, index: int, rule: EventRule, ids: dict[str, int],
            check: EventCheck) -> list[tuple[int, str, bytes]]:
    make = _event_maker(mapping, tables, index, rule)
    loaded, found = tables.load(rule.table), []
    for row in loaded.rows:
        try:
            event = make(row)
            if event is None:
                continue
            first = ids.setdefault(event["id"], row.line)
            if first != row.line:
                raise RowError(f"event id {event['id']} was given to line {first} already")
            when = event["time"]
            event["time"] = when.isoformat().replace("+00:00", "Z")
            check(event)
            raw = _ENCODER.encode(event)
        except ValueError as error:
            tables.reject(loaded, row.line, str(error))
            continue
        found.append(((when - _EPOCH) // _MILLISECOND, rule.type, raw))
    return found


def _event_maker(mapping: MappingFile, tables: Tables, index: int,
                 rule: EventRule) -> Callable[[Row], dict[str, Any] | None]:
    """The function from a row to its event (time still a datetime), None where ``when`` does not hold."""
    place, table = ("events", index), tables.load(rule.table)
    for name in ("id", "time", "subject", "when"):
        tables.check_names(table, getattr(rule, name), (*place, name))
    for name, text in rule.data.items():
        tables.check_names(table, text, (*place, "data", name))
    when = compile_expression(rule.when) if rule.when else None
    get_id, get_time = compile_expression(rule.id), compile_expression(rule.time)
    get_subject = compile_expression(rule.subject) if rule.subject else None
    fields = [(name, compile_expression(text)) for name, text in rule.data.items()]
    source = mapping.mapping.source

    def make(row: Row) -> dict[str, Any] | None:
        if when is not None and not when(row):
            return None
        key, time = get_id(row), get_time(row)
        if key is None:
            raise RowError(f"the event's id is missing: {rule.id}")
        if not isinstance(time, datetime):
            wrong = f"is missing: {rule.time}" if time is None else f"is no time: {text_of(time)!r}"
            raise RowError(f"the event's time {wrong}")
        event = {"specversion": "1.0", "source": source, "id": text_of(key), "type": rule.type,
                 "time": time.astimezone(UTC)}
        subject = get_subject(row) if get_subject else None
        if subject is not None:
            event["subject"] = text_of(subject)
        values = [(name, field(row)) for name, field in fields]
        event["data"] = {name: _json(value) for name, value in values if value is not None}
        return event

    return make


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return text_of(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _list_orphans(tables: Tables) -> None:
    """Groups that no row asked for: amounts that would be lost without a word."""
    for table in tables.tables():
        if table.spec.group is None or not table.used:
            continue
        for row in table.rows:
            key = tuple(text_of(row.value(column)) for column in table.spec.group.by)
            if key not in table.used:
                shown = ", ".join(f"{column}={part}" for column, part in zip(table.spec.group.by, key, strict=True))
                tables.reject(table, row.line, f"nothing refers to the group {shown} that begins here")


def _plan(mapping: MappingFile, tables: Tables) -> Plan:
    rest = dict(mapping.mapping.plan)
    document = {"timezone": mapping.mapping.timezone} | rest
    document["organisation"] = build_organisation(mapping, tables)
    if mapping.mapping.calendars:
        document["calendars"] = {**rest.get("calendars", {}), **build_calendars(mapping, tables)}
    if mapping.mapping.targets:
        document["targets"] = [*rest.get("targets", ()), *build_targets(mapping, tables)]
    try:
        plan = Plan.model_validate(document)
    except ValidationError as error:
        raise MappingError("\n".join(problem_lines(mapping.path, mapping.source, error, ("plan",)))) from error
    wrong = [finding for finding in check_plan(plan) if not finding.warning]
    if wrong:
        lines = [f"{mapping.where(('plan', *found.path))}: {_dotted(found.path)}: {found.message}" for found in wrong]
        raise MappingError("\n".join(dict.fromkeys(lines)))
    return plan


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def write_result(result: Imported, folder: Path) -> None:
    """Write events.jsonl, plan.yaml and rejected.csv into ``folder``, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    rejected = io.StringIO(newline="")
    writer = csv.writer(rejected, lineterminator="\n")
    writer.writerow(("file", "line", "reason"))
    writer.writerows((row.file, row.line, row.reason) for row in result.rejected)
    _replace(folder / "events.jsonl", b"".join(event + b"\n" for event in result.events))
    _replace(folder / "plan.yaml", plan_yaml(result.plan).encode())
    _replace(folder / "rejected.csv", rejected.getvalue().encode("utf-8", "backslashreplace"))


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content)
    beside.replace(path)
