"""Records that no client library writes, in real topics of a running system: all goes on, and everything is told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from infra.lag.computation import Place
from infra.lag.kafka_reader import KafkaReader
from infra.local.stack import LocalStack
from tests.integration.pipeline import ROOT, Pipeline
from tests.integration.test_dlq import sale
from tests.odd_records import batch, produce, record

TOPIC = "events.sales"
PLAN = ROOT / "plans" / "examples" / "plan-p.yaml"
LAST = 2**63 - 1


def _events() -> Iterator[bytes]:
    for number in range(100):
        yield json.dumps(sale(f"s{number}", amount=10)).encode()


_next = _events().__next__
#: Each is one batch; all but the last three hold good events.
BATCHES = {
    "names of headers that are no UTF-8": batch([record(0, b"k", _next(), [(b"\xff\xc3", b"x")])]),
    "a kind that is nothing": batch([record(0, b"\xff", _next(), [(b"kind", None)])]),
    "a kind that is ours": batch([record(0, None, _next(), [(b"kind", b"control")])]),
    "attributes": batch([record(0, b"k", _next(), attributes=0xFF)]),
    "all at one place": batch([record(0, None, _next()), record(0, None, _next())]),
    "far and back": batch([record(1000, None, _next()), record(0, None, _next())]),
    "no time": batch([record(0, None, _next())], time=-1),
    "ahead of all times": batch([record(0, None, _next())], time=LAST),
    "bad, without a time": batch([record(0, None, b"")], time=-1),
    "bad, beyond all times": batch([record(0, b"\xff\xfe", b"x", [(b"\xff", b"\xff")])], time=LAST),
    "no value": batch([record(0, b"\xff", None)], time=253_402_300_800_000),
}
GOOD = 10


@pytest.fixture(scope="module")
def pipeline(module_stack: LocalStack) -> Iterator[Pipeline]:
    with Pipeline(module_stack, partitions=1) as running:
        running.apply(PLAN)
        admin = KafkaAdminClient(**running.settings.kafka_options())
        whenever = dict.fromkeys(("message.timestamp.after.max.ms", "message.timestamp.before.max.ms"), str(LAST))
        kept = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"} | whenever
        admin.alter_configs([ConfigResource("TOPIC", TOPIC, configs=kept)])
        admin.close()
        for made in BATCHES.values():
            produce(running.settings.kafka_bootstrap, TOPIC, 0, made)
        running.wait_until_drained()
        yield running


def test_every_good_event_counts_and_every_bad_one_is_told(pipeline: Pipeline):
    assert pipeline.query("SELECT sum(amount) FROM bi.credits") == [(10 * GOOD,)]
    told = pipeline.command("dlq", "list", "--format", "json")
    letters = json.loads(told.output)["letters"]
    assert [(one["offset"], one["reason"], one["record_time"]) for one in letters] == [
        (GOOD + 2, "tombstone", None), (GOOD + 1, "invalid_json", None), (GOOD, "invalid_json", None),
    ]  # fmt: skip
    shown = pipeline.command("dlq", "show", f"{TOPIC}:0:{GOOD + 1}:0").output
    assert "record_time: none" in shown
    assert "key:         fffe (hex)" in shown
    assert pipeline.command("reconcile").exit_code == 0


def test_the_topic_can_be_shown(pipeline: Pipeline):
    shown = pipeline.command("show", TOPIC)
    assert [json.loads(line)["record"]["offset"] for line in shown.output.splitlines()] == list(range(GOOD + 3))


def test_who_waits_there_can_be_told_for_how_long(pipeline: Pipeline):
    reader = KafkaReader(pipeline.settings)
    try:
        places = [(Place(TOPIC, 0), offset) for offset in range(GOOD + 3)]
        times = reader.record_times(places)
    finally:
        reader.close()
    assert [times.get(place, 0) is None for place in places][-5:] == [True, False, True, False, False]
    assert pipeline.command("top", "--once").exit_code == 0
