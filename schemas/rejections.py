"""Why a record is no event: the reasons, and the sentences that go with them; JSON text to Python values."""
from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from pydantic import ValidationError

MAX_DEPTH = 256
_SHOWN = 80

_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
#: What msgspec raises on a text that it does not take.
FAILURES = (msgspec.DecodeError, ValueError, TypeError, RecursionError)


class Rejected(ValueError):
    """A record that is no valid event: ``reason`` is a stable code, ``detail`` a sentence for people."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def parse_json(value: bytes) -> Any:
    """A JSON text as Python values, fractions as Decimals; raises Rejected."""
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise Rejected("invalid_json", f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    try:
        return _JSON(value)
    except FAILURES as error:
        raise Rejected("invalid_json", f"The record is not JSON: {error}.") from None


def _decimal(text: str) -> Decimal:
    """NaN for an exponent beyond Decimal's range: no number where one counts, harmless where ignored."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


_JSON = msgspec.json.Decoder(float_hook=_decimal).decode


def _depth(value: bytes) -> int:
    depth = deepest = 0
    for found in _STRING_OR_BRACKET.finditer(value):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        deepest = max(deepest, depth)
    return deepest


def rejection(error: ValidationError) -> Rejected:
    """A reason and a sentence that names every field at fault, at most five of them."""
    found = error.errors(include_url=False, include_context=False)
    envelope = any(item["loc"][:1] != ("data",) or (len(item["loc"]) == 1 and item["type"] in _NO_DATA)
                   for item in found)
    lines = [f"{'.'.join(map(str, item['loc']))}: {_message(item)}" for item in found[:5]]
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return Rejected("invalid_envelope" if envelope else "invalid_payload", "; ".join(lines) + more + ".")


_NO_DATA = ("missing", "model_type", "dict_type")


def _message(item: dict[str, Any]) -> str:
    if item["type"] == "missing":
        return "is required"
    text = item["msg"][:1].lower() + item["msg"][1:]
    return text if isinstance(item["input"], dict) else f"{text}, got {shown(item['input'])}"


def shown(value: object) -> str:
    """``value`` for a message, shortened."""
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
