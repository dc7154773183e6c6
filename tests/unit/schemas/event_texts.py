"""JSON texts of events, valid and nearly so, and what a decoded row should hold by the pydantic model."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pyarrow as pa
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from schemas.decode import Decoded, EventDecoder, Rejected
from schemas.event_types import EventTypes, field_names
from schemas.plan import EventType

TYPES = EventTypes(
    {
        "machine_stop": EventType(
            fields={"class": "string", "json": "number", "planned": "boolean"}, required=("json",)
        ),
        "note": EventType(fields={"customer": "string"}),
    }
)
DECODER = EventDecoder(TYPES)
_JSON = msgspec.json.Encoder(decimal_format="number")

NUMBERS = [
    "0",
    "-0",
    "-0.0",
    "1",
    "-1",
    "7",
    "50000.01",
    "0.0001",
    "0.00001",
    "1.00000",
    "1e2",
    "1E-2",
    "1e-5",
    "1.5e3",
    "0e99",
    "1e400",
    "1e99999999999999999999",
    "01",
    "1.",
    ".5",
    "+1",
    "100",
    "100.0001",
    "100000000",
    "100000000.0001",
    "99999999.9999",
    "1e8",
    "123456789012345678901234567890",
    "0.1000000000000000000000000000000000000000001",
    "12.3400000000000000000000000000000",
    "true",
    "null",
    "NaN",
    "Infinity",
    '"12.5"',
    '"1e2"',
    '"',
    '1"',
    '"1_0"',
    '""',
    '"-"',
    '"NaN"',
    '"٣"',
    '"1."',
    '".5"',
    '"+1"',
    '"0001"',
    '"1e30"',
    '"0.00005"',
    "[1]",
    "{}",
    "1" * 400,
    '"1" ',
]
TIMES = [
    json.dumps(text, ensure_ascii=False)
    for text in [
        "2026-03-31T17:30:00Z",
        "2026-03-31T17:30:00+08:00",
        "2026-03-31t17:30:00z",
        "2026-03-31T17:30:00.5Z",
        "2026-03-31T17:30:00.123456789Z",
        "2026-03-31T17:30:00.1234567891Z",
        "2026-03-31T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2024-02-29T00:00:00Z",
        "2026-03-31T24:00:00Z",
        "2026-03-31T17:30Z",
        "2026-03-31",
        "2026-03-31T17:30:00",
        "2026-03-31T17:30:00+0800",
        "2026-03-31T17:30:00+08",
        "2026-03-31T17:30:00-00:00",
        "2026-03-31T17:30:00+24:00",
        "2026-03-31T17:30:00+08:60",
        "2026-03-31T17:30:00.Z",
        "2026-03-31T17:30:00,5Z",
        "1999-12-31T23:59:59.999Z",
        "2000-01-01T00:00:00Z",
        "2099-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00Z",
        "2000-01-01T00:30:00+01:00",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
        "2026-03-31T17:30:00.999999-23:59",
        "２026-03-31T17:30:00Z",
        "20260331T173000Z",
    ]
]
TIMES += [
    '"2026-03-31 17:30:00Z"',
    '"2026-03-31T17:30:00Z "',
    '"2026-03-31T17:30:00.12 Z"',
    "1775000000",
    "null",
]
TEXTS = [
    '"E1001"',
    '"张三"',
    '"\\u5f20\\u4e09"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '""',
    '" "',
    '"a\\u0000b"',
    '"a\\nb"',
    '"\u007f"',
    '"\u0085"',
    '"E 1"',
    '"E1\\n"',
    '"-E"',
    '"CNY"',
    '"cny"',
    '"CNY\\n"',
    '"\u3000"',
    "1",
    "1.5",
    "null",
    "true",
    "[]",
    "{}",
    json.dumps("x" * 64),
    json.dumps("x" * 65),
    json.dumps("张" * 200, ensure_ascii=False),
    json.dumps("x" * 201),
    '"\\ud83d\\ude00' + "x" * 198 + '"',
]
FLAGS = ["true", "false", "null", "0", "1", '"true"', "True"]
ANYTHING = (
    NUMBERS
    + TIMES
    + TEXTS
    + FLAGS
    + ["[" * 40 + "]" * 40, "[" * 300 + "]" * 300, '{"a":{"b":[1,2,{"c":null}]}}']
)
SPLITS = [
    '[{"employee":"A","percent":50},{"employee":"B","percent":50}]',
    "[]",
    '[{"employee":"A","percent":100}]',
    '[{"employee":"A","percent":33.3333},{"employee":"B","percent":"66.6667"}]',
    '[{"employee":"A"}]',
    '"A"',
    '[{"employee":"A","percent":50},{"employee":"A","percent":50}]',
    '[{"employee":"A","percent":99.9999}]',
    json.dumps([{"employee": f"E{n}", "percent": 5} for n in range(20)]),
    '[{"employee":"A","percent":0}]',
    json.dumps([{"employee": f"E{n}", "percent": 4} for n in range(25)]),
]
FIELDS = [
    *sorted({field for name in TYPES for field in field_names(TYPES.payloads[name])}),
    "unknown",
    "data",
]
ATTRIBUTES = [
    "specversion",
    "id",
    "source",
    "type",
    "time",
    "subject",
    "datacontenttype",
    "dataschema",
    "data",
    "traceparent",
]


def example(name: str, **changes: object) -> bytes:
    """The example of one type as JSON, with other attributes or (``data=``) other payload fields."""
    event = TYPES.example(name)
    data = event["data"] | changes.pop("data", {})
    return _JSON.encode(event | changes | {"data": {k: v for k, v in data.items() if v is not ...}})


def _member(key: str, value: str) -> str:
    return f"{json.dumps(key)}:{value}"


@st.composite
def event_texts(draw: st.DrawFn) -> bytes:
    """An event of any type, none to four of its members replaced, removed, repeated or added."""
    event = TYPES.example(draw(st.sampled_from(sorted(TYPES))))
    data = {key: _JSON.encode(value).decode() for key, value in event.pop("data").items()}
    envelope = {key: json.dumps(value) for key, value in event.items()}
    extra: tuple[list[str], list[str]] = ([], [])
    for _ in range(draw(st.integers(0, 4))):
        inside = draw(st.booleans())
        members, key = (
            (data, draw(st.sampled_from(FIELDS))) if inside else (envelope, draw(st.sampled_from(ATTRIBUTES)))
        )
        value = draw(st.sampled_from(SPLITS if key == "splits" else _values(key)))
        action = draw(st.sampled_from(["set", "set", "set", "drop", "repeat"]))
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
    gap = draw(st.sampled_from(["", "", " ", "\n\t"]))
    return ("{" + f",{gap}".join(draw(st.permutations(outer))) + "}").encode("utf-8", "surrogatepass")


def _values(key: str) -> list[str]:
    kind = {"time": TIMES, "type": [json.dumps(name) for name in TYPES] + ['"unheard_of"', "null"]}.get(key)
    if kind:
        return kind
    kinds = {field: kind for name in TYPES for field, kind in TYPES.kinds(name).items()}
    likely = {"number": NUMBERS, "boolean": FLAGS}.get(kinds.get(key, ""), TEXTS)
    return likely * 3 + ANYTHING


FRAGMENTS = [
    b'"',
    b"\\",
    b"\\u0000",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\x00",
    b"\x01",
    b"null",
    b"1e",
    b"-",
    b".",
    b" ",
    b"\n",
    b"\xef\xbb\xbf",
    b'"type":"sale",',
    b'"employee":1,',
    b"9" * 30,
]


@st.composite
def damaged_texts(draw: st.DrawFn) -> bytes:
    """The bytes of an example with a few of them cut out, put in or exchanged."""
    value = bytearray(example(draw(st.sampled_from(sorted(TYPES)))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(value)))
        cut = draw(st.sampled_from([0, 0, 1, 1, 2, 5, 30]))
        value[at : at + cut] = draw(st.sampled_from(FRAGMENTS) | st.binary(max_size=3))
    return bytes(value)


def expected(value: bytes | None, decoder: EventDecoder = DECODER) -> dict | tuple[str, str]:
    """The row that the pydantic model's reading of one record amounts to, or its rejection."""
    try:
        event = decoder.event(value)
    except Rejected as error:
        return error.reason, error.detail
    data = event.data
    fields = {field: getattr(data, attribute) for field, attribute in field_names(type(data)).items()}
    if event.type == "refund" and fields["sale_source"] is None:
        fields["sale_source"] = event.source
    splits, employee = fields.pop("splits", None), fields.pop("employee", None)
    row = {
        "event_hash": xxh3_128_digest(f"{event.source}\0{event.id}".encode()),
        "source": event.source,
        "id": event.id,
        "type": event.type,
        "time": round(event.time.timestamp() * 1000),
        "subject": event.subject or "",
        "employee": employee or "",
        "hash": xxh3_64_intdigest(fields.get("sale_id", event.id).encode()),
    }
    if splits:
        row["splits"] = [[split.employee, int(split.percent * 10000)] for split in splits]
    return row | {
        f"data.{field}": int(value * 10000) if isinstance(value, Decimal) else value
        for field, value in fields.items()
        if value is not None
    }


def actual(decoded: Decoded) -> dict[int, dict | tuple[str, str]]:
    """Rows and rejections of a decoded batch in the same form, by place."""
    found: dict = {place: (error.reason, error.detail) for place, error in decoded.rejected.items()}
    hashes = decoded.partition_hashes.tolist()
    for place, row, key in zip(decoded.places.tolist(), rows_of(decoded.rows), hashes, strict=True):
        found[place] = row | {"hash": key}
    return found


def rows_of(table: pa.RecordBatch) -> list[dict]:
    """Rows as dicts without absent values, splits parsed."""
    rows = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    return [row | {"splits": json.loads(row["splits"])} if "splits" in row else row for row in rows]
