"""What a decoded row should hold by the pydantic model alone, and what it does hold, in one form."""
from __future__ import annotations

import json
from decimal import Decimal

import pyarrow as pa
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from schemas.decode import Decoded, EventDecoder
from schemas.event_types import field_names
from schemas.rejections import Rejected
from tests.unit.schemas.event_texts import DECODER


def expected(value: bytes | None, decoder: EventDecoder = DECODER) -> dict | tuple[str, str]:
    """The row that the pydantic model's reading of one record amounts to, or its rejection."""
    try:
        event = decoder.event(value)
    except Rejected as error:
        return error.reason, error.detail
    data = event.data
    fields = {field: getattr(data, attribute) for field, attribute in field_names(type(data)).items()}
    if "sale_source" in fields and fields["sale_source"] is None:
        fields["sale_source"] = event.source
    splits, employee = fields.pop("splits", None), fields.pop("employee", None)
    row = {
        "event_hash": xxh3_128_digest(f"{event.source}\0{event.id}".encode()), "source": event.source,
        "id": event.id, "type": event.type, "time": round(event.time.timestamp() * 1000),
        "subject": event.subject or "",
        "employee": employee or "", "hash": xxh3_64_intdigest(fields.get("sale_id", event.id).encode()),
    }
    if splits:
        row["splits"] = [[split.employee, int(split.percent * 10000)] for split in splits]
    return row | {f"data.{field}": int(value * 10000) if isinstance(value, Decimal) else value
                  for field, value in fields.items() if value is not None}


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
