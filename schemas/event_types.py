"""The registry of event types: the built-in ones and those that a plan declares."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from pydantic import Field, create_model

from schemas.events import BUILT_IN, Envelope, Payload
from schemas.plan import EventType
from schemas.rules import EmployeeId, Flag, FlagRule, Name, Number, NumberRule, TextRule

Rule = NumberRule | TextRule | FlagRule

_DECLARED_FIELD = {"string": (Name, "text"), "number": (Number, Decimal("1.5")), "boolean": (Flag, True)}


class EventTypes:
    """Payload classes by type name. Raises ValueError where a declared type contradicts another one."""

    def __init__(self, declared: Mapping[str, EventType] = {}):
        self.payloads: dict[str, type[Payload]] = dict(BUILT_IN)
        self._kinds: dict[str, str] = {}
        for name, declaration in declared.items():
            if name in BUILT_IN:
                raise ValueError(f"event type {name} is built in; declare another name")
            self.payloads[name] = _declared(name, declaration)
        for name, payload in self.payloads.items():
            for field, rule in payload_rules(payload).items():
                if self._kinds.setdefault(field, rule.kind) != rule.kind:
                    raise ValueError(f"field {field} of event type {name} is a {rule.kind},"
                                     f" but a {self._kinds[field]} in another event type")

    def __contains__(self, name: object) -> bool:
        return name in self.payloads

    def __iter__(self) -> Iterator[str]:
        return iter(self.payloads)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EventTypes) and self.payloads == other.payloads

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.payloads)))

    def kinds(self, name: str) -> dict[str, str]:
        """``string``, ``number`` or ``boolean`` by payload field of one type, without ``splits``."""
        return {field: rule.kind for field, rule in payload_rules(self.payloads[name]).items()}

    def event_model(self, name: str) -> type[Envelope]:
        """The pydantic model of the whole event of one type."""
        return _event_model(name, self.payloads[name])

    def example(self, name: str) -> dict[str, Any]:
        """A valid event of one type as JSON-able values."""
        return {
            "specversion": "1.0", "id": f"{name}-2041", "source": "erp/shanghai", "type": name,
            "time": "2026-03-31T17:30:00+08:00", "subject": "2041", "data": self.payloads[name].example,
        }


@lru_cache(maxsize=256)  # dear to make
def _event_model(name: str, payload: type[Payload]) -> type[Envelope]:
    title = "".join(word.title() for word in name.split("_"))
    return create_model(f"{title}Event", __base__=Envelope, __doc__=payload.__doc__,
                        type=(Literal[name], ...), data=(payload, ...))


def field_names(payload: type[Payload]) -> dict[str, str]:
    """The attribute of each payload field by its name in JSON."""
    return {info.alias or attribute: attribute for attribute, info in payload.model_fields.items()}


@cache
def payload_rules(payload: type[Payload]) -> dict[str, Rule]:
    """The rule of each payload field by its name in JSON; ``splits``, a list, has none."""
    found: dict[str, Rule] = {}
    for attribute, info in payload.model_fields.items():
        rule = _rule(info.metadata) or _rule(_metadata(info.annotation))
        if rule:
            found[info.alias or attribute] = rule
        elif attribute != "splits":
            raise TypeError(f"{payload.__name__}.{attribute} has no rule of schemas/rules.py")
    return found


def _metadata(annotation: Any) -> list[Any]:
    """What the ``Annotated`` members of a union carry."""
    return [item for member in get_args(annotation) for item in getattr(member, "__metadata__", ())]


def _rule(metadata: list[Any]) -> Rule | None:
    return next((item for item in metadata if isinstance(item, Rule)), None)


def _declared(name: str, declaration: EventType) -> type[Payload]:
    """A payload class for a plan's own type. Aliases, because a field may be named ``json`` or ``class``."""
    if "splits" in declaration.fields:
        raise ValueError(f"event type {name}: field splits belongs to sales; choose another name")
    unknown = [field for field in declaration.required if field not in {"employee", *declaration.fields}]
    if unknown:
        raise ValueError(f"event type {name}: required field {unknown[0]} is not among its fields")
    if declaration.fields.get("employee", "string") != "string":
        raise ValueError(f"event type {name}: field employee is always a string")
    kinds = {field: _DECLARED_FIELD[kind] for field, kind in declaration.fields.items()}
    kinds["employee"] = (EmployeeId, "E1001")
    columns = {
        f"field_{field}": (kind, Field(alias=field)) if field in declaration.required
        else (kind | None, Field(None, alias=field))
        for field, (kind, _) in kinds.items()
    }
    model = create_model(f"Declared_{name}", __base__=Payload, __doc__="Declared in the plan.", **columns)
    model.example = {field: example for field, (_, example) in kinds.items()}
    return model
