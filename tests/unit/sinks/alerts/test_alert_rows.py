"""The log of deliveries as rows of kpistream.alerts."""

from __future__ import annotations

from sinks.alerts.delivery import Delivery, encode_delivery
from sinks.insert import build_insert
from sinks.rows import rows_of
from tests.unit.sinks.blocks import record


def test_a_delivery_becomes_the_row_of_its_alert():
    one = Delivery("a" * 32, "b" * 32, "revoked", "E1", "chat", "given_up", 3, "HTTP 503", since=5, at=6)
    [rows] = rows_of("alerts", 1, record(9, encode_delivery(one), ""))
    names = [column.name for column in rows.table.columns]
    assert [dict(zip(names, row, strict=True)) for row in rows.rows] == [{
        "alert_id": "a" * 32,
        "award_id": "b" * 32,
        "award_state": "revoked",
        "employee": "E1",
        "channel": "chat",
        "state": "given_up",
        "attempts": 3,
        "error": "HTTP 503",
        "version": 9,
        "processed_at": 6,
    }]  # fmt: skip
    assert build_insert([rows]).query.startswith("INSERT INTO kpistream.alerts (`alert_id`")
