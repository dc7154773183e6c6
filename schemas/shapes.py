"""Structs for the fast path, generated from the payload classes: what msgspec decodes an event into.

A struct accepts a strict subset of what the pydantic model does, judged column by column afterwards where
msgspec cannot judge (numbers, patterns, times). Whatever it does not take, the pydantic model decides.
"""
from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from schemas.event_types import EventTypes, Rule, field_names, payload_rules
from schemas.events import MAX_PAYEES, Envelope, Payload
from schemas.money import SCALE
from schemas.rules import EMPLOYEE, MAX_TEXT, PERCENT, NumberRule, RuleError

_Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]

_encode = msgspec.json.Encoder().encode


class _Split(msgspec.Struct, gc=False):
    employee: _Text
    percent: Any


_ENVELOPE = [
    ("specversion", Literal["1.0"]), ("id", _Text), ("source", _Text), ("time", str),
    ("subject", _Text | None, None), ("datacontenttype", _Text | None, None),
    ("dataschema", _Text | None, None),
]


@dataclass(frozen=True)
class Field:
    """One payload field: ``read`` takes its values out of a list of data structs."""

    name: str
    rule: Rule
    required: bool
    default: Any
    read: Callable[[list[Any]], list[Any]]

    @property
    def nullable(self) -> bool:
        """Whether null stands for absent."""
        return not self.required and self.default is None


@dataclass(frozen=True)
class Shape:
    """One event type as the fast path sees it; numbers are texts or ints."""

    name: str
    payload: type[Payload]
    event: type[msgspec.Struct]
    data: type[msgspec.Struct]
    fields: tuple[Field, ...]
    attributes: dict[str, str]

    def struct(self, event: Envelope) -> msgspec.Struct:
        """The struct that holds the same values as a valid event."""
        found = {name: getattr(event.data, attribute) for name, attribute in self.attributes.items()}
        values = {f"f_{name}": _plain(value) for name, value in found.items()}
        time = f"{event.time.isoformat(timespec='milliseconds')[:-6]}Z"
        return self.event(specversion="1.0", id=event.id, source=event.source, time=time,
                          subject=event.subject, data=self.data(**values))

    def field(self, name: str) -> Field:
        """One field by its name in JSON."""
        return next(field for field in self.fields if field.name == name)


def splits_json(splits: list[Any]) -> str:
    """``[[employee, ppm]…]`` as facts carry it; 0.0001 percent is one ppm. Raises RuleError."""
    found = [[EMPLOYEE.check(split.employee), PERCENT.fixed(split.percent)] for split in splits]
    if not 1 <= len(found) <= MAX_PAYEES or len({employee for employee, _ in found}) < len(found):
        raise RuleError(f"expected 1 to {MAX_PAYEES} different employees")
    if sum(ppm for _, ppm in found) != 100 * SCALE:
        raise RuleError("expected percents that sum to 100")
    return _encode(found).decode()


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_Split(employee=split.employee, percent=str(split.percent)) for split in value]
    return value if value is None or isinstance(value, str | bool) else str(value)


def shapes_of(types: EventTypes) -> dict[type, Shape]:
    """The shape of every event type, by the struct class of the whole event."""
    shapes = [_shape(name, payload) for name, payload in types.payloads.items()]
    return {shape.event: shape for shape in shapes}


def _shape(name: str, payload: type[Payload]) -> Shape:
    attributes, rules = field_names(payload), payload_rules(payload)
    members, fields = [], []
    for field, attribute in attributes.items():
        info, rule = payload.model_fields[attribute], rules.get(field)
        default = () if info.is_required() else (_plain(info.default),)
        nullable = not info.is_required() and info.default is None
        if rule is None:
            members.append((f"f_{field}", list[_Split] | None, None))
            continue
        members.append((f"f_{field}", _struct_type(rule, nullable), *default))
        required = info.is_required()
        fields.append(Field(field, rule, required, None if required else info.default, _reader(f"f_{field}")))
    names = {f"f_{field}": field for field in attributes}
    data = msgspec.defstruct(f"{name}_data", members, kw_only=True, gc=False, rename=names)
    event = msgspec.defstruct(f"{name}_event", [*_ENVELOPE, ("data", data)], tag_field="type", tag=name,
                              kw_only=True, gc=False)
    return Shape(name, payload, event, data, tuple(fields), attributes)


def _struct_type(rule: Rule, nullable: bool) -> Any:
    """Numbers stay open: the decoder hands over a JSON fraction as its text, an integer as int."""
    if isinstance(rule, NumberRule):
        return Any
    kind = _Text if rule.kind == "string" else bool
    return kind | None if nullable else kind


def _reader(attribute: str) -> Callable[[list[Any]], list[Any]]:
    get = operator.attrgetter(attribute)
    return lambda rows: list(map(get, rows))


def decoder_of(shapes: dict[type, Shape]) -> Callable[[bytes], Any]:
    """A decoder into the struct of whichever type the text says; fractions arrive as the text they were."""
    union: Any = None
    for event in shapes:
        union = event if union is None else union | event
    return msgspec.json.Decoder(union, float_hook=str).decode

