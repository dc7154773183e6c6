"""Dead letters of crediting: the event as a CloudEvent again, so that `dlq replay` can send it once more."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.records import Out
from schemas.dead_letters import DeadLetter, encode_dead_letter
from schemas.money import from_fixed
from schemas.times import time_of
from schemas.topics import DEAD_LETTERS

#: Every reason, with the sentence that explains it; {} is filled from the event.
REASONS = {
    "no_plan": "no plan was in force yet; apply one, then replay",
    "no_employee": "the event names neither an employee nor splits",
    "unknown_employee": "employee {employee} or one of the splits {splits} is not in the plan's organisation",
    "currency_mismatch": "currency {currency} is not the plan's and has no rate on that day, or is not its sale's",
    "not_a_sale": "the event {sale_id} that the {type} refers to is not a sale",
    "sale_cancelled": "the sale {sale_id} was cancelled before",
    "correction_below_refunds": "of sale {sale_id} more was refunded than the corrected amount",
    "refund_exceeds_sale": "with this refund, more than the amount of sale {sale_id} would be taken back",
    "too_many_refunds": "more {type}s and the like waited for sale {sale_id} than one position can hold; replay",
    "sale_not_found": "the sale {sale_id} did not arrive within the plan's crediting.horizon_days",
}


def dead_letter(reason: str, topic: str, partition: int, row: dict[str, Any]) -> Out:
    """The record for a facts row (by column name) that came from ``topic`` and ``partition``."""
    detail = REASONS[reason].format(
        employee=row["employee"] or "(none)",
        splits=row.get("splits") or "(none)",
        currency=row.get("data.currency"),
        sale_id=row.get("data.sale_id"),
        type=row["type"],
    )
    letter = DeadLetter("crediting", topic, partition, row["offset"], reason, detail, cloud_event(row))
    return Out(DEAD_LETTERS.name, encode_dead_letter(letter), key=f"{topic}:{partition}".encode())


def cloud_event(row: dict[str, Any]) -> bytes:
    """Canonical CloudEvents 1.0 JSON of a facts row: fields in a fixed order, numbers exact, time in UTC."""
    event = {"specversion": "1.0", "source": row["source"], "id": row["id"], "type": row["type"]}
    event["time"] = _rfc3339(row["time"])
    if row["subject"]:
        event["subject"] = row["subject"]
    event["data"] = _payload(row)
    return msgspec.json.encode(event)


def _payload(row: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if row["employee"]:
        data["employee"] = row["employee"]
    if row.get("splits"):
        shares = msgspec.json.decode(row["splits"])
        # ppm are ten-thousandths of a percent
        data["splits"] = [{"employee": employee, "percent": _number(ppm)} for employee, ppm in shares]
    fields = {name[len("data.") :]: value for name, value in row.items() if name.startswith("data.")}
    data |= {name: _json_value(fields[name]) for name in sorted(fields) if fields[name] is not None}
    return data


def _json_value(value: int | str | bool) -> Any:
    return value if isinstance(value, (bool, str)) else _number(value)


def _number(fixed: int) -> msgspec.Raw:
    """JSON number of ``fixed`` ten-thousandths, every digit kept, no trailing zeros."""
    text = f"{from_fixed(fixed):f}"
    return msgspec.Raw((text.rstrip("0").rstrip(".")).encode())


def _rfc3339(ms: int) -> str:
    return time_of(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
