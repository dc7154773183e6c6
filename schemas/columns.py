"""Structs of decoded events to columns, with the checks that are cheap by column and dear by value.

A row that a check refuses is only marked: the pydantic model decides what becomes of it.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.event_identity import event_hashes, partition_key_hashes
from schemas.event_types import Rule
from schemas.rules import ATTRIBUTE, NumberRule, RuleError, TextRule
from schemas.shapes import Shape, splits_json
from schemas.vectors import Part, filled, fixed_point, join_fixed, join_texts, join_values, texts, times

_ANY_TEXT = TextRule()


@dataclass
class Columns:
    """Columns under construction over ``size`` rows; ``ok`` falls to False where a row needs another look."""

    size: int
    ok: np.ndarray = field(init=False)
    texts: dict[str, list] = field(default_factory=dict)
    numbers: dict[str, list] = field(default_factory=dict)
    flags: dict[str, list[Part]] = field(default_factory=dict)
    splits: list[Part] = field(default_factory=list)
    referred: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ok = np.ones(self.size, bool)

    def refuse(self, rows: np.ndarray | None, bad: Any) -> None:
        """Mark the rows at places ``bad`` (indices or mask, None for none) of a part."""
        if bad is not None:
            self.ok[bad if rows is None else rows[bad]] = False


def event_columns(
    events: list[Any], shapes: dict[type, Shape]
) -> tuple[pa.RecordBatch, np.ndarray, np.ndarray]:
    """Rows of the structs in their order, the hash that decides each row's partition, and which rows hold.

    Columns as in a facts block without ``offset`` (docs/architecture.md). Values of a row that does not hold
    mean nothing.
    """
    columns, arrays = Columns(len(events)), {}
    sources, ids = [event.source for event in events], [event.id for event in events]
    groups = _groups(events)
    arrays["event_hash"] = event_hashes(sources, ids)
    arrays["source"], refused = texts(sources, ATTRIBUTE)
    columns.refuse(None, refused)
    columns.refuse(None, ATTRIBUTE.refused(ids) or None)
    arrays["id"] = pa.array(ids, pa.string())
    arrays["type"] = _types([shapes[kind].name for kind in groups], list(groups.values()), len(events))
    ms, refused = times([event.time for event in events])
    columns.refuse(None, refused)
    arrays["time"] = pa.array(ms)
    arrays["subject"] = pa.array([event.subject or "" for event in events], pa.string())
    for kind, rows in groups.items():
        _add_payloads(columns, shapes[kind], rows, events if rows is None else [events[row] for row in rows])
    arrays |= _payload_arrays(columns)
    table = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
    return table, partition_key_hashes(_lineage(ids, columns.referred)), columns.ok


def _groups(events: list[Any]) -> dict[type, np.ndarray | None]:
    """Row numbers by struct class, None where one class has them all."""
    kinds = list(map(type, events))
    if len(set(kinds)) == 1:
        return {kinds[0]: None}
    rows: dict[type, list[int]] = {}
    for row, kind in enumerate(kinds):
        rows.setdefault(kind, []).append(row)
    return {kind: np.array(found) for kind, found in rows.items()}


def _types(names: list[str], groups: list[np.ndarray | None], size: int) -> pa.Array:
    codes = np.zeros(size, np.int32)
    for code, rows in enumerate(groups):
        codes[slice(None) if rows is None else rows] = code
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string()), safe=False)


def _add_payloads(columns: Columns, shape: Shape, rows: np.ndarray | None, events: list[Any]) -> None:
    """Add the payload values of the events of one type."""
    data = [event.data for event in events]
    values = {item.name: item.read(data) for item in shape.fields}
    if shape.payload.refers_to:
        id_field, source_field = shape.payload.refers_to
        columns.referred.append(Part(rows, values[id_field]))
        values[source_field] = [event.source if value is None else value
                                for value, event in zip(values[source_field], events, strict=True)]
    for given, needed in shape.payload.needs:
        pairs = zip(values[given], values[needed], strict=True)
        columns.refuse(rows, [row for row, (a, b) in enumerate(pairs) if a is not None and b is None] or None)
    if "splits" in shape.attributes:
        columns.splits.append(Part(rows, _splits(columns, rows, data, shape.payload.names_payees)))
    for item in shape.fields:
        if item.name == "employee" or not item.nullable or values[item.name].count(None) < len(data):
            _add(columns, item.name, item.rule, item.nullable, rows, values[item.name])
    if "employee" not in values:
        _add(columns, "employee", _ANY_TEXT, True, rows, [""] * len(data))


def _splits(columns: Columns, rows: np.ndarray | None, data: list[Any], needed: bool) -> list[str | None]:
    """Splits as JSON texts; a row may have either them or an employee, and must where that is ``needed``."""
    found: list[str | None] = [None] * len(data)
    lacking = []
    splits, employees = ([getattr(item, name) for item in data] for name in ("f_splits", "f_employee"))
    if splits.count(None) == len(data) and (not needed or None not in employees):
        return found
    for row, item in enumerate(data):
        given = (item.f_splits is not None) + (item.f_employee is not None)
        if given > 1 or given < needed:
            lacking.append(row)
        elif item.f_splits is not None:
            try:
                found[row] = splits_json(item.f_splits)
            except RuleError:
                lacking.append(row)
    columns.refuse(rows, lacking or None)
    return found


def _add(
    columns: Columns, name: str, rule: Rule, nullable: bool, rows: np.ndarray | None, values: list[Any]
) -> None:
    if isinstance(rule, TextRule):
        array, refused = texts(values, rule)
        columns.refuse(rows, refused)
        columns.texts.setdefault(name, []).append((rows, filled(array) if name == "employee" else array))
    elif isinstance(rule, NumberRule):
        fixed = fixed_point(values, rule, nullable)
        columns.refuse(rows, fixed.bad)
        columns.numbers.setdefault(name, []).append((rows, fixed))
    else:
        columns.flags.setdefault(name, []).append(Part(rows, values))


def _payload_arrays(columns: Columns) -> dict[str, pa.Array]:
    """The payload's columns: employee, splits where present, then the fields by name."""
    size = columns.size
    arrays = {"employee": join_texts(size, columns.texts.pop("employee"))}
    if any(value is not None for part in columns.splits for value in part.values):
        arrays["splits"] = join_values(size, columns.splits, pa.string())
    data = {name: join_texts(size, parts) for name, parts in columns.texts.items()}
    data |= {name: join_fixed(size, parts) for name, parts in columns.numbers.items()}
    data |= {name: join_values(size, parts, pa.bool_()) for name, parts in columns.flags.items()}
    return arrays | {f"data.{name}": data[name] for name in sorted(data)}


def _lineage(ids: list[str], referred: list[Part]) -> list[str]:
    """The id that each row is partitioned by: of the event it refers to, otherwise its own."""
    if not referred:
        return ids
    lineage = list(ids)
    for part in referred:
        for row, id in zip(range(len(ids)) if part.rows is None else part.rows, part.values, strict=True):
            lineage[row] = id
    return lineage
