"""Writes the message documents from the models: JSON Schemas, the AsyncAPI document, the page of event types.

``python -m infra.schema_docs`` writes them, with ``--check`` it tells which are out of date.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from infra.asyncapi import asyncapi
from schemas.event_types import EventTypes, payload_rules
from schemas.events import Payload
from schemas.plan import Plan

DOCS = Path(__file__).parent.parent / "docs"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: The page's text above this line is written by hand.
_MARKER = "<!-- From here on written by python -m infra.schema_docs -->"
_NUMBERS_AS_NUMBERS = msgspec.json.Encoder(decimal_format="number")


def documents(docs: Path = DOCS) -> dict[Path, str]:
    """Every generated document's text by its path under ``docs``."""
    types = EventTypes()
    written = {docs / "schemas" / f"{name}.json": _json(event_schema(types, name)) for name in types}
    plan = {"$schema": _DIALECT} | Plan.model_json_schema()
    written[docs / "schemas" / "plan.json"] = _json(plan)
    written[docs / "asyncapi.json"] = _json(asyncapi(types))
    page = docs / "events.md"
    by_hand = page.read_text("utf-8").partition(_MARKER)[0]
    written[page] = by_hand + _MARKER + "\n" + "".join(_section(types, name) for name in types)
    return written


def event_schema(types: EventTypes, name: str) -> dict[str, Any]:
    """JSON Schema of the whole CloudEvent of one type, with its example."""
    schema = types.event_model(name).model_json_schema()
    return {"$schema": _DIALECT} | schema | {"examples": [example(types, name)]}


def example(types: EventTypes, name: str) -> dict[str, Any]:
    """The example of one type as plain JSON values."""
    return json.loads(_NUMBERS_AS_NUMBERS.encode(types.example(name)))


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _section(types: EventTypes, name: str) -> str:
    payload = types.payloads[name]
    rows = "".join(_row(payload, attribute) for attribute in payload.model_fields)
    text = (payload.__doc__ or "").replace("``", "`")
    return (f"\n## {name}\n\n{text}\n\n| field of `data` | type | required |\n|---|---|---|\n{rows}"
            f"\n```json\n{json.dumps(example(types, name), indent=2, ensure_ascii=False)}\n```\n")


def _row(payload: type[Payload], attribute: str) -> str:
    info, rule = payload.model_fields[attribute], payload_rules(payload).get(attribute)
    kind = "list of {employee, percent}" if rule is None else rule.description
    default = "" if info.default is None else f", default {str(info.default).lower()}"
    need = "yes" if info.is_required() else f"no{default}"
    if "splits" in payload.model_fields and attribute in ("employee", "splits"):
        need = "one of employee and splits" if payload.names_payees else "no, and one of employee and splits at most"
    need = next((f"where {given} is given" for given, needed in payload.needs if needed == attribute), need)
    return f"| `{attribute}` | {kind} | {need} |\n"


def main(arguments: list[str], docs: Path = DOCS) -> int:
    """Write the documents, or with ``--check`` name those that are out of date and return 1."""
    current = documents(docs)
    stale = [path for path, text in current.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path} is out of date: run python -m infra.schema_docs", file=sys.stderr)
        return bool(stale)
    for path, text in current.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    print(f"{len(stale)} of {len(current)} documents written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
