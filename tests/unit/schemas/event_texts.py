"""JSON texts of events, valid and nearly so, of built-in and declared types."""
from __future__ import annotations

import json
from functools import cache

import msgspec
from hypothesis import strategies as st

from schemas.decode import EventDecoder
from schemas.event_types import EventTypes, field_names
from schemas.plan import EventType
from tests.unit.schemas.odd_values import ANYTHING, FLAGS, NUMBERS, SPLITS, TEXTS, TIMES

_STOP = {"class": "string", "json": "number", "planned": "boolean"}
TYPES = EventTypes({
    "machine_stop": EventType(fields=_STOP, required=("json",)),
    "note": EventType(fields={"customer": "string"}),
})
DECODER = EventDecoder(TYPES)
_JSON = msgspec.json.Encoder(decimal_format="number")

_KNOWN = {field for name in TYPES for field in field_names(TYPES.payloads[name])}
FIELDS = [*sorted(_KNOWN), "unknown", "data"]
ATTRIBUTES = ["specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema",
              "data", "traceparent"]


def example(name: str, **changes: object) -> bytes:
    """The example of one type as JSON, with other attributes or (``data=``) other payload fields."""
    event = TYPES.example(name)
    data = event["data"] | changes.pop("data", {})
    return _JSON.encode(event | changes | {"data": {k: v for k, v in data.items() if v is not ...}})


def _member(key: str, value: str) -> str:
    return f"{json.dumps(key)}:{value}"


# made once: to make a strategy costs more than to draw from it
_names = st.sampled_from(sorted(TYPES))
_insides, _changes = st.booleans(), st.integers(0, 4)
_fields, _attributes = st.sampled_from(FIELDS), st.sampled_from(ATTRIBUTES)
_actions, _gaps = st.sampled_from(["set", "set", "set", "drop", "repeat"]), st.sampled_from(["", "", " ", "\n\t"])


@st.composite
def event_texts(draw: st.DrawFn) -> bytes:
    """An event of any type, none to four of its members replaced, removed, repeated or added."""
    event = TYPES.example(draw(_names))
    data = {key: _JSON.encode(value).decode() for key, value in event.pop("data").items()}
    envelope = {key: json.dumps(value) for key, value in event.items()}
    extra: tuple[list[str], list[str]] = ([], [])
    for _ in range(draw(_changes)):
        inside = draw(_insides)
        members, key = data if inside else envelope, draw(_fields if inside else _attributes)
        value = draw(_values(key))
        action = draw(_actions)
        if action == "drop":
            members.pop(key, None)
        elif action == "repeat":
            extra[not inside].append(_member(key, value))
        else:
            members[key] = value
    inner = [_member(*item) for item in data.items()] + extra[0]
    outer = [_member(*item) for item in envelope.items()] + extra[1]
    if "data" not in envelope:
        outer.append(_member("data", "{" + ",".join(draw(st.permutations(inner))) + "}"))
    gap = draw(_gaps)
    return ("{" + f",{gap}".join(draw(st.permutations(outer))) + "}").encode("utf-8", "surrogatepass")


@cache
def _values(key: str) -> st.SearchStrategy[str]:
    """What stands for a member."""
    if key == "splits":
        return st.sampled_from(SPLITS)
    kind = {"time": TIMES, "type": [json.dumps(name) for name in TYPES] + ['"unheard_of"', "null"]}.get(key)
    if kind:
        return st.sampled_from(kind)
    kinds = {field: kind for name in TYPES for field, kind in TYPES.kinds(name).items()}
    likely = {"number": NUMBERS, "boolean": FLAGS}.get(kinds.get(key, ""), TEXTS)
    return st.sampled_from(likely * 3 + ANYTHING)


FRAGMENTS = [b'"', b"\\", b"\\u0000", b"{", b"}", b"[", b"]", b",", b":", b"\xff", b"\xc3", b"\xed\xa0\x80",
             b"\x00", b"\x01", b"null", b"1e", b"-", b".", b" ", b"\n", b"\xef\xbb\xbf",
             b'"type":"sale",', b'"employee":1,', b"9" * 30]


_edits, _cuts = st.integers(1, 4), st.sampled_from([0, 0, 1, 1, 2, 5, 30])
_pieces, _places = st.sampled_from(FRAGMENTS) | st.binary(max_size=3), st.integers(0, 9_999)


@st.composite
def damaged_texts(draw: st.DrawFn) -> bytes:
    """The bytes of an example with a few of them cut out, put in or exchanged."""
    value = bytearray(example(draw(_names)))
    for _ in range(draw(_edits)):
        at = draw(_places) % (len(value) + 1)
        cut = draw(_cuts)
        value[at : at + cut] = draw(_pieces)
    return bytes(value)
