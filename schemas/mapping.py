"""Topics whose JSON is not CloudEvents: where each attribute and field is found, and how it is written.

A mapping only reshapes; the same validation as for any event follows. A path is ``order.lines[0].sku``.
"""
from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from schemas.decode import Reshape
from schemas.event_types import EventTypes
from schemas.mapped_values import decimal_text, exact_division, from_epoch, from_format, text_of
from schemas.rejections import Rejected, shown

_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")
_PATH = re.compile(r"[^.\[\]]+(?:\[\d{1,6}\])*(?:\.[^.\[\]]+(?:\[\d{1,6}\])*)*")

Constant = bool | int | Decimal | str


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _shorthand(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def steps_of(path: str) -> tuple[str | int, ...]:
    """Member names and array places along ``path``; raises ValueError."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no path; expected something like order.lines[0].sku")
    return tuple(name or int(place) for name, place in _STEP.findall(path))


class Source(_Model):
    """Where one value comes from and how it is written there. A plain text in its place is a path."""

    path: str | None = None
    #: Several paths, their texts joined by ``joined_by``: an id made of order and line.
    paths: tuple[str, ...] = ()
    joined_by: str = "-"
    constant: Constant | None = None
    #: Stands in where the path leads nowhere or to null.
    default: Constant | None = None
    #: A path that leads nowhere leaves the field out, instead of refusing the record.
    optional: bool = False
    #: What the value found stands for; a value that is not listed is refused.
    values: dict[str, Constant] = {}

    # numbers
    divide_by: Annotated[int, Field(ge=1)] = 1
    decimal_separator: Literal[".", ","] = "."
    group_separator: Literal["", ",", ".", " ", "'"] = ""

    # times
    #: strptime formats, tried in order; without %z ``zone`` tells the time zone.
    formats: tuple[str, ...] = ()
    zone: str | None = None
    epoch: Literal["s", "ms"] | None = None

    @field_validator("path", "paths")
    @classmethod
    def _paths(cls, value: Any) -> Any:
        for path in (value,) if isinstance(value, str) else value or ():
            steps_of(path)
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        try:
            return value and ZoneInfo(value).key
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone; expected a name such as Asia/Shanghai") from None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.path is not None) + bool(self.paths) + (self.constant is not None) != 1:
            raise ValueError("expected exactly one of path, paths and constant")
        if self.group_separator == self.decimal_separator:
            raise ValueError("group_separator and decimal_separator are the same")
        if self.formats and self.epoch:
            raise ValueError("expected either formats or epoch")
        if self.formats and self.zone is None and any("%z" not in text for text in self.formats):
            raise ValueError("a format without %z needs zone")
        return self

    def find(self, record: Any) -> Any:
        """The raw value in ``record``, ``default`` or None where there is none."""
        if self.constant is not None:
            return self.constant
        if self.paths:
            parts = [_at(record, steps_of(path)) for path in self.paths]
            found = None if None in parts else self.joined_by.join(text_of(part) for part in parts)
        else:
            found = _at(record, steps_of(self.path))
        if found is None:
            return self.default
        return self._looked_up(found) if self.values else found

    def _looked_up(self, found: Any) -> Any:
        try:
            return self.values[text_of(found)]
        except KeyError:
            raise ValueError(f"expected one of {', '.join(self.values)}") from None

    def read(self, record: Any, kind: str) -> Any:
        """The value as an event carries it, None for none; raises ValueError with what was expected."""
        found = self.find(record)
        if found is None:
            return None
        if kind == "time":
            return self._time(found)
        if kind == "number":
            written = decimal_text(found, self.decimal_separator, self.group_separator)
            return exact_division(written, self.divide_by)
        return text_of(found) if kind == "string" else found

    def _time(self, found: Any) -> str:
        if self.epoch:
            return from_epoch(found, 1000 if self.epoch == "s" else 1)
        return from_format(found, self.formats, self.zone) if self.formats else text_of(found)

    @property
    def name(self) -> str:
        """The path for people."""
        return self.path or " + ".join(self.paths) or "a constant"


Field_ = Annotated[Source, BeforeValidator(_shorthand)]


class TopicMapping(_Model):
    """How the records of one topic become events."""

    source: Field_
    id: Field_
    type: Field_
    time: Field_
    subject: Field_ | None = None
    #: Payload fields of every type; those a type does not have are left out.
    data: dict[str, Field_] = {}

    def reshape(self, types: EventTypes) -> Reshape:
        """The function that turns a parsed record into an event to validate; raises Rejected('unmapped')."""
        kinds = {name: types.kinds(name) for name in types}

        def apply(record: Any) -> dict[str, Any]:
            event: dict[str, Any] = {"specversion": "1.0"}
            for name in ("source", "id", "type", "time", "subject"):
                origin = getattr(self, name)
                if origin is not None:
                    _put(event, name, origin, record, "time" if name == "time" else "string")
            fields = kinds.get(event.get("type"))
            if fields is None:
                name = shown(event.get("type"))
                raise Rejected("unknown_type", f"type from {self.type.name}: {name} is no event type.")
            event["data"] = {}
            for name, origin in self.data.items():
                if name in fields:
                    _put(event["data"], name, origin, record, fields[name], "data.")
            return event

        return apply


def _put(target: dict, name: str, origin: Source, record: Any, kind: str, prefix: str = "") -> None:
    try:
        value = origin.read(record, kind)
    except ValueError as error:
        found = shown(_found(origin, record))
        raise Rejected("unmapped", f"{prefix}{name} from {origin.name}: {error}, got {found}.") from None
    if value is not None:
        target[name] = value
    elif not origin.optional and name != "subject":
        raise Rejected("unmapped", f"{prefix}{name}: the record has nothing at {origin.name}.")


def _found(origin: Source, record: Any) -> Any:
    return _at(record, steps_of(origin.path)) if origin.path else None


def _at(record: Any, steps: tuple[str | int, ...]) -> Any:
    """What stands at the end of the path, None where it leads nowhere."""
    for step in steps:
        if isinstance(step, int):
            record = record[step] if isinstance(record, list) and step < len(record) else None
        else:
            record = record.get(step) if isinstance(record, dict) else None
    return record
