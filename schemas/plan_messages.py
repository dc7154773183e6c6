"""pydantic's errors on a plan in the words of those who write one: where, and what was expected."""

from __future__ import annotations

import re
import types
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from schemas.plan import Plan
from schemas.plan_awards import AWARD_KINDS
from schemas.plan_lookup import nearest, suggestion
from schemas.yaml_source import Path, full_width

#: pydantic's error types in a planner's words; anything else keeps pydantic's own sentence.
_WORDS = {
    "missing": "required, but not given",
    "string_type": "expected a text",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing": "expected a whole number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": "expected a list",
    "dict_type": "expected settings, one 'key: value' a line",
    "model_type": "expected settings, one 'key: value' a line",
    "model_attributes_type": "expected settings, one 'key: value' a line",
    "too_short": "expected at least one entry",
    "union_tag_not_found": f"required, but not given: kind, one of {', '.join(AWARD_KINDS)}",
}
_DATES = ("date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact")
_WORDS |= dict.fromkeys(_DATES, "no such day; expected one such as 2026-03-31")
#: What is left of a number behind its thousands separator.
_AFTER_COMMA = re.compile(r"\d+(\b.*)?$")
_FILTER = "expected a value, a list of values, or bounds (gt, gte, lt, lte) with numbers"


def path_text(path: Path, value: object) -> str:
    """A path as people say it: entries of a list by their id where they have one, else by number from 0."""
    text = ""
    for part in path:
        value = _child(value, part)
        if isinstance(part, int):
            named = value.get("id") if isinstance(value, dict) else None
            text += f"[{getattr(named, 'text', named) if named is not None else part}]"
        else:
            text += f".{part}" if text else part
    return text


def _child(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def explain(error: ValidationError, document: object) -> list[tuple[Path, str]]:
    """pydantic's errors as paths with a sentence each; one for all of a filter's alternatives."""
    found: dict[tuple[Path, str], None] = {}
    for detail in error.errors(include_url=False, include_context=True):
        loc = detail["loc"]
        if detail["type"] == "too_short" and detail["input"]:
            continue  # it has entries: faulty ones, told by themselves
        if "where" in loc[:-1]:
            path, message = real_path(loc[: loc.index("where") + 2], document), _FILTER
        else:
            loc = (*loc, "kind") if detail["type"] == "union_tag_invalid" else loc
            path, message = real_path(loc, document), _sentence(detail) + _odd_marks(detail)
        found[path, message] = None
    return list(found)


def real_path(loc: tuple, value: object) -> Path:
    """``loc`` without the names that pydantic adds for alternatives; a missing key stays as the last part."""
    if loc[:1] == ("awards",) and len(loc) > 2 and loc[2] in AWARD_KINDS:
        loc = (*loc[:2], *loc[3:])  # the third names the alternative, not a setting
    path: Path = ()
    for position, part in enumerate(loc):
        present = (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        )
        if present:
            path, value = (*path, part), _child(value, part)
        elif position == len(loc) - 1 and part != "[key]":
            path = (*path, part)
    return path


def _odd_marks(detail: dict) -> str:
    """A hint where a Chinese keyboard's marks in a setting's name, or in its value, may be what is wrong."""
    text = detail["loc"][-1] if detail["type"] == "extra_forbidden" else detail["input"]
    return full_width(text) if isinstance(text, str) else ""


def _sentence(detail: dict) -> str:
    kind, loc = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        if _AFTER_COMMA.match(str(loc[-1])):
            return "no such setting; numbers are written without separators or currency, 1000 and not 1,000 CNY"
        close = suggestion(str(loc[-1]), _settings_at(loc[:-1]))
        return f"no such setting{close}"
    if kind == "union_tag_invalid":
        return f"expected {' or '.join(AWARD_KINDS)}{nearest(str(detail['ctx']['tag']), AWARD_KINDS)}"
    if kind == "literal_error":
        wanted = detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f"expected one of {wanted}{nearest(str(detail['input']), wanted.split(', '))}"
    if kind == "string_pattern_mismatch":
        return f"{detail['input']!r} {_pattern_words(loc)}"
    if kind == "greater_than_equal":
        return f"expected at least {detail['ctx']['ge']}"
    if kind == "less_than_equal":
        return f"expected at most {detail['ctx']['le']}"
    if kind == "tuple_type" and isinstance(detail["input"], str):
        return f"expected a list, such as [{detail['input']}]"
    if kind == "string_type" and (written := getattr(detail["input"], "text", "")):
        return f'expected a text; write "{written}" with quotes'
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    return _WORDS.get(kind, detail["msg"])


def _pattern_words(loc: tuple) -> str:
    name = next((part for part in reversed(loc) if isinstance(part, str) and part != "[key]"), "")
    if name in ("period", "periods"):
        return (
            "is no period: expected day, week, month, quarter, year, rolling_<N>d or a calendar of the plan"
        )
    if name == "currency":
        return "is no currency: expected three capital letters, such as CNY"
    if loc[-1] == "[key]":
        return "is no name: expected small letters, digits and _, a letter first"
    return "is no id: expected up to 64 of the letters A to Z and a to z, digits and _ . : @ -, a letter or digit first"


def _settings_at(loc: tuple) -> list[str]:
    """Names of the settings that the model at ``loc`` has."""
    annotation: object = Plan
    if loc[:1] == ("awards",) and len(loc) > 2:
        annotation, loc = AWARD_KINDS[loc[2]], loc[3:]
    for part in loc:
        annotation = _inside(annotation, part)
    models = [model for model in _alternatives(annotation) if _is_model(model)]
    return [name for model in models for name in model.model_fields]


def _alternatives(annotation: object) -> list[object]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [found for option in get_args(annotation) for found in _alternatives(option)]
    return [annotation]


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _inside(annotation: object, part: str | int) -> object:
    """The annotation of ``part`` within ``annotation``."""
    for option in _alternatives(annotation):
        if _is_model(option) and part in option.model_fields:
            return option.model_fields[part].annotation
        if get_origin(option) is tuple and isinstance(part, int):
            return get_args(option)[0]
        if get_origin(option) is dict:
            return get_args(option)[1]
    return None
