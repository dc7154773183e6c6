"""The AsyncAPI 3.0 document of every topic.

Source of the form: https://www.asyncapi.com/docs/reference/specification/v3.0.0.
"""
from __future__ import annotations

from typing import Any

import msgspec

from schemas.control import ValuesAdjusted
from schemas.dead_letters import DeadLetter
from schemas.event_types import EventTypes
from schemas.payouts import Payment, Payout
from schemas.results import Award
from schemas.topics import INTERNAL, Topic
from sinks.alerts.delivery import Delivery

_CLOUD_EVENT = "application/cloudevents+json"
_ARROW = "application/vnd.apache.arrow.stream"
_COUNTS = ("applied", "duplicate", "dead_lettered", "parked", "gaps", "last_offset", "version")

#: Blocks by topic: Kafka header ``kind`` and what one holds.
_BLOCKS = {
    "facts": {"facts": "Valid events, one row each, by source partition and ascending source offset."},
    "credits": {"credits": "Who is credited with what, one row per event and payee."},
    "kpi-updates": {
        "kpi-days": "Absolute values of a KPI by employee and day.",
        "kpi-periods": "Absolute values, targets and attainment of a KPI by employee and period.",
        "adjustments": "What became of each day cell of an adjustment.",
        "left-out": "Places of credits that a limit on events of the same customer leaves out.",
        "shared-counts": "What of shared events counts once in units, under limits on events of the same customer.",
        "shared-moved": "Where a plan takes what was said of shared events, ahead of the cells that go there.",
    },
    "unit-updates": {
        "unit-periods": "Absolute values, targets and attainment of a KPI by unit and period.",
        "kpi-days": "Absolute values of a KPI by employee and day.",
    },
    "earnings": {"earnings": "Earning lines: money with what caused it."},
}
_JSON = {"awards": "Award", "dead-letters": "DeadLetter", "outcomes": "Outcome", "alerts": "Delivery",
         "payouts": "Payout", "payments": "Payment"}
#: Topics whose stages read control records in-band, beside their blocks.
_CONTROLLED = ("facts", "kpi-updates", "credits", "control")


def asyncapi(types: EventTypes) -> dict[str, Any]:
    """The document as JSON-able values; event and plan schemas are files beside it."""
    messages = {name: _event_message(types, name) for name in types}
    messages |= {kind: _block(kind, text) for blocks in _BLOCKS.values() for kind, text in blocks.items()}
    messages |= {name: _record(name) for name in _JSON.values()}
    messages |= {name: _record(name) | {"headers": _kind("control")} for name in ("PlanApplied", "PeriodClosed")}
    messages["ValuesAdjusted"] = _record("ValuesAdjusted") | {"headers": _kind("control")}
    messages["PartitionClosed"] = _record("PartitionClosed") | {"headers": _kind("partition-closed")}
    channels = {"business-events": _business(types)} | {topic.name: _channel(topic) for topic in INTERNAL}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "kpistream", "version": "1.0.0",
            "description": "Business events in; facts, credits, KPIs, awards and earnings out, over Kafka.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": _operations(),
        "components": {"messages": messages, "schemas": _schemas()},
    }


def _event_message(types: EventTypes, name: str) -> dict[str, Any]:
    return {
        "name": name, "title": name.replace("_", " ").capitalize(), "summary": types.payloads[name].__doc__,
        "contentType": _CLOUD_EVENT, "payload": {"$ref": f"./schemas/{name}.json"},
    }


def _block(kind: str, text: str) -> dict[str, Any]:
    return {
        "name": kind, "summary": text, "contentType": _ARROW, "headers": _kind(kind),
        "description": "Arrow IPC stream of one record batch, lz4 buffers; where its rows come from"
                       " stands as JSON under the key kpistream of the schema's metadata."
                       " Columns: docs/architecture.md.",
        "payload": {"type": "string", "format": "binary"},
    }


def _kind(kind: str) -> dict[str, Any]:
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "const": kind}}}


def _record(name: str) -> dict[str, Any]:
    payload = {"$ref": f"#/components/schemas/{name}"}
    return {"name": name, "contentType": "application/json", "payload": payload}


def _business(types: EventTypes) -> dict[str, Any]:
    return {
        "address": "events.{domain}",
        "title": "Business events",
        "description": "CloudEvents 1.0 in structured mode, any type on any topic, any key and partitioner."
                       " Topics of another JSON shape are mapped by a setting.",
        "parameters": {"domain": {"description": "The business domain, such as sales or tickets."}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    names = [*_BLOCKS.get(topic.name, {}), *filter(None, [_JSON.get(topic.name)])]
    names += ["PlanApplied", "PeriodClosed"] if topic.name in _CONTROLLED else []
    names += ["ValuesAdjusted"] if topic.name == "credits" else []
    names += ["PartitionClosed"] if topic.name == "kpi-updates" else []
    partitions = {} if topic.partitions is None else {"partitions": topic.partitions}
    binding = {"topic": topic.name, **partitions, "topicConfiguration": {"retention.ms": topic.retention_ms}}
    return {
        "address": topic.name,
        "description": f"{topic.holds[:1].upper()}{topic.holds[1:]}; keyed by {topic.keyed_by}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {**binding, "bindingVersion": "0.5.0"}},
    }


def _operations() -> dict[str, Any]:
    """What kpistream does with each channel, seen from its own side."""
    received = {"action": "receive", "channel": {"$ref": "#/channels/business-events"},
                "summary": "Take in business events."}
    sent = {f"send-{topic.name}": {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"},
                                   "summary": f"Write {topic.holds}."} for topic in INTERNAL}
    return {"receive-business-events": received} | sent


def _schemas() -> dict[str, Any]:
    records = [Award, DeadLetter, Delivery, Payout, Payment]
    _, found = msgspec.json.schema_components(records, ref_template="#/components/schemas/{name}")
    integers = {name: {"type": "integer"} for name in _COUNTS}
    outcome = {
        "type": "object", "title": "Outcome",
        "description": "Absolute counts of what became of the records of one source partition that"
                       " came to one facts partition.",
        "properties": {"facts_partition": {"type": "integer"}, "topic": {"type": "string"},
                       "partition": {"type": "integer"}, **integers},
        "required": ["facts_partition", "topic", "partition", *_COUNTS],
    }
    applied = {
        "type": "object", "title": "PlanApplied", "description": "A plan version takes effect here.",
        "properties": {"control": {"const": "plan"}, "id": {"type": "string"},
                       "plan": {"$ref": "./schemas/plan.json"}},
        "required": ["control", "id", "plan"],
    }
    closed = {
        "type": "object", "title": "PeriodClosed", "description": "A period is frozen here.",
        "properties": {"control": {"const": "close"}, "id": {"type": "string"}, "time": {"type": "integer"},
                       "kind": {"type": "string"}, "period": {"type": "string"}, "by": {"type": "string"}},
        "required": ["control", "id", "kind", "period"],
    }
    passed = {
        "type": "object", "title": "PartitionClosed",
        "description": "A credits partition has published all that it counted before a close.",
        "properties": {name: {"type": "integer"} for name in ("partition", "partitions", "offset")}
                      | {"close": {"$ref": "#/components/schemas/PeriodClosed"}},
        "required": ["partition", "partitions", "offset", "close"],
    }
    adjusted = ValuesAdjusted.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = adjusted.pop("$defs")
    return dict(found) | parts | {
        "Outcome": outcome, "PlanApplied": applied, "PeriodClosed": closed, "PartitionClosed": passed,
        "ValuesAdjusted": adjusted,
    }
