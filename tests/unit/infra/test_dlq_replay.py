"""Which dead letters go where when they are sent again, and which are left out and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.dead_letter_table import StoredLetter
from infra.dlq_cli import as_text
from infra.dlq_replay import Record, Replay, records_of


def letter(
    stage: str = "intake",
    topic: str = "events.sales",
    reason: str = "invalid_json",
    raw: bytes = b"{",
    key: bytes | None = None,
    offset: int = 1,
) -> StoredLetter:
    when = datetime(2026, 3, 1, tzinfo=UTC)
    return StoredLetter(f"{topic}:0:{offset}:0", stage, topic, 0, offset, reason, "why", raw, key, when)


def test_records_go_back_as_they_came_in_order():
    done = Replay()
    letters = [letter(raw=b"\xff", key=b"k"), letter(topic="events.other", raw=b"2"), letter(raw=b"1")]
    assert list(records_of(letters, (), None, done)) == [
        Record("events.sales", b"k", b"\xff"),
        Record("events.other", None, b"2"),
        Record("events.sales", None, b"1"),
    ]
    assert done.sent == {"events.sales": 2, "events.other": 1} and not done.left_out


def test_equal_records_of_a_topic_go_once():
    done = Replay()
    letters = [
        letter(offset=1),
        letter(offset=2),
        letter(offset=3, key=b"k"),
        letter(offset=4, topic="events.x"),
    ]
    assert len(list(records_of(letters, (), None, done))) == 3
    assert done.left_out == {"the same record as another one": 1}


@pytest.mark.parametrize(
    ("given", "to", "words"),
    [
        (letter(reason="too_large"), None, "only the beginning was kept"),
        (letter(reason="tombstone", raw=b""), None, "nothing to send"),
        (letter(stage="crediting", topic="erp.orders"), None, "--to TOPIC"),
        (letter(stage="crediting"), "erp.orders", "erp.orders is mapped from another shape"),
        (letter(topic="erp.orders"), "events.sales", "in the shape of erp.orders"),
        (letter(), "erp.orders", "in the shape of events.sales"),
    ],
)
def test_what_cannot_be_sent_is_left_out_with_the_reason(given, to, words):
    done = Replay()
    assert list(records_of([given], {"erp.orders"}, to, done)) == []
    ((why, number),) = done.left_out.items()
    assert number == 1 and words in why and not done.sent


@pytest.mark.parametrize(
    ("given", "to", "topic"),
    [
        (letter(stage="crediting"), None, "events.sales"),
        (letter(stage="crediting", topic="erp.orders"), "events.sales", "events.sales"),
        (letter(topic="erp.orders"), None, "erp.orders"),
        (letter(), "events.other", "events.other"),
    ],
)
def test_what_fits_its_topic_is_sent(given, to, topic):
    assert [record.topic for record in records_of([given], {"erp.orders"}, to, Replay())] == [topic]


def test_bytes_are_shown_as_text_or_as_a_hex_dump():
    assert as_text("销售 {".encode()) == "销售 {"
    dump = as_text(bytes(range(240, 256)) + b"AB").splitlines()
    assert dump[0] == "00000000  f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff  ................"
    assert dump[1].split() == ["00000010", "41", "42", "AB"]
