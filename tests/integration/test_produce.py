"""Producing to a real Kafka: every record arrives, once, and what does not is named."""

import contextlib
import json
import threading
import time
from datetime import date

import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

import infra.ingest.produce as produce_module
from infra.ingest.ingest_cli import import_, produce, simulate
from infra.ingest.produce import ProduceError, produce_lines
from infra.ingest.routing import BUSINESS_TOPICS
from infra.ingest.sim_company import generate_plan
from infra.ingest.sim_records import Limits, encode, produce_simulation
from infra.ingest.simulate import arrivals
from infra.local.stack import LocalStack

START = date(2026, 1, 5)


@pytest.fixture
def business(stack: LocalStack) -> dict[tuple[str, int], int]:
    """The business topics, created where missing, with their end offsets as they are now."""
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap)
    try:
        for name in BUSINESS_TOPICS:
            with contextlib.suppress(TopicAlreadyExistsError):
                admin.create_topics([NewTopic(name, 3, 1)])
    finally:
        admin.close()
    return ends(stack, *BUSINESS_TOPICS)


def consumer(stack: LocalStack) -> KafkaConsumer:
    return KafkaConsumer(bootstrap_servers=stack.kafka.bootstrap, enable_auto_commit=False, consumer_timeout_ms=15_000)


def ends(stack: LocalStack, *topics: str) -> dict[tuple[str, int], int]:
    reader = consumer(stack)
    try:
        partitions = [TopicPartition(name, n) for name in topics for n in sorted(reader.partitions_for_topic(name))]
        return {(tp.topic, tp.partition): end for tp, end in reader.end_offsets(partitions).items()}
    finally:
        reader.close()


def values(stack: LocalStack, before: dict[tuple[str, int], int]) -> list[tuple[str, bytes]]:
    """(topic, value) of everything written since ``before``."""
    after = ends(stack, *sorted({name for name, _ in before}))
    wanted = sum(after[key] - before.get(key, 0) for key in after)
    reader, found = consumer(stack), []
    try:
        reader.assign([TopicPartition(*key) for key in after])
        for key in after:
            reader.seek(TopicPartition(*key), before.get(key, 0))
        while len(found) < wanted:
            record = next(reader)
            found.append((record.topic, record.value))
        return found
    finally:
        reader.close()


def test_lines_of_a_file_arrive_whole_and_the_failed_are_named(stack, topic, tmp_path):
    file = tmp_path / "lines.jsonl"
    lines = [b'{"n":%d}' % number for number in range(2_000)]
    lines[1_000] = b'"' + b"x" * 1_200_000 + b'"'  # more than a record may hold
    file.write_bytes(b"\n".join([*lines[:10], b"", *lines[10:]]))
    result = CliRunner().invoke(produce, [str(file), "--topic", topic, "--bootstrap", stack.kafka.bootstrap])
    assert result.exit_code == 1
    assert "read 2,000, delivered 1,999, failed 1" in result.output
    assert "line 1002: " in result.output
    expected = sorted(line for line in lines if len(line) < 1_000)
    assert sorted(value for _, value in values(stack, {(topic, 0): 0})) == expected


def test_events_go_to_the_topic_of_their_type(stack, business, tmp_path):
    types = ["sale", "ticket_resolved", "delivery", "lead", "something_else"]
    lines = [json.dumps({"type": kind}) for kind in types] + ["not json", "[]", '{"type": 5}', '{"id": "x"}']
    result = CliRunner().invoke(produce, ["-", "--bootstrap", stack.kafka.bootstrap], input="\n".join(lines))
    assert result.exit_code == 1
    assert "read 9, delivered 5, failed 4" in result.output
    assert all(f"line {number}: no event" in result.output for number in (6, 7, 8, 9))
    found = {json.loads(value)["type"]: name for name, value in values(stack, business)}
    assert found == {"sale": "events.sales", "ticket_resolved": "events.service", "delivery": "events.delivery",
                     "lead": "events.activity", "something_else": "events.activity"}


def test_more_records_than_may_be_in_flight(stack, topic, monkeypatch):
    monkeypatch.setattr(produce_module, "MAX_IN_FLIGHT", 100)
    seen = []
    counts = produce_lines(stack.kafka.bootstrap, (b"%d" % n for n in range(5_000)), topic,
                           lambda counts: seen.append((counts.read, counts.delivered)))
    assert (counts.read, counts.delivered, counts.failed) == (5_000, 5_000, [])
    assert len(seen) > 40
    assert all(0 <= read - delivered <= 100 for read, delivered in seen)
    assert sorted(int(value) for _, value in values(stack, {(topic, 0): 0})) == list(range(5_000))


def test_a_missing_topic_and_an_unreachable_kafka_are_one_sentence(stack, monkeypatch):
    with pytest.raises(ProduceError, match="topic no_such_topic does not exist"):
        produce_lines(stack.kafka.bootstrap, [b"{}"], "no_such_topic")
    monkeypatch.setattr(produce_module, "BOOTSTRAP_TIMEOUT_S", 1)
    result = CliRunner().invoke(produce, ["-", "--bootstrap", "127.0.0.1:1"], input="{}")
    assert result.exit_code == 1
    assert "Kafka at 127.0.0.1:1 cannot be reached" in result.output


def test_simulated_events_arrive_as_they_were_made(stack, business):
    plan = generate_plan(20, 3)
    counts = produce_simulation(stack.kafka.bootstrap, plan, 3, how=Limits(START, 30, 200, count=3_000))
    assert (counts.read, counts.delivered, counts.failed) == (3_000, 3_000, [])
    expected = [encode(event) for _, event in arrivals(plan, 3, START, 30, 200)][:3_000]
    assert sorted(value for _, value in values(stack, business)) == sorted(expected)


def test_a_simulation_at_a_rate_stops_when_told_with_everything_confirmed(stack, business):
    stop, progress, done = threading.Event(), [], []
    thread = threading.Thread(target=lambda: done.append(produce_simulation(
        stack.kafka.bootstrap, generate_plan(20, 4), 4, 200, stop, lambda counts: progress.append(counts.delivered),
        Limits(START))))
    thread.start()
    while not any(progress):
        time.sleep(0.05)
    stop.set()
    thread.join(30)
    counts = done[0]
    assert counts.delivered == counts.read > 0
    assert len(values(stack, business)) == counts.delivered


def test_simulate_command(stack, business):
    options = ["--employees", "5", "--count", "50", "--start", "2026-01-05", "--bootstrap", stack.kafka.bootstrap]
    result = CliRunner().invoke(simulate, options)
    assert result.exit_code == 0, result.output
    assert "read 50, delivered 50, failed 0" in result.output
    assert len(values(stack, business)) == 50


def test_import_to_kafka(stack, business, tmp_path):
    (tmp_path / "visits.csv").write_text("No,Day,Who\n1,2026-01-02,A\n2,2026-01-01,B\n")
    (tmp_path / "m.yaml").write_text("""\
mapping: shop
source: /shop
timezone: UTC
tables:
  visits: {file: visits.csv, types: {Day: {time: "%Y-%m-%d"}}}
events:
  - {from: visits, type: visit, id: No, time: Day, data: {employee: Who}}
organisation:
  company: shop
  employees:
    - {from: visits, id: Who, role: "'seller'", team: "'one'", department: "'sales'"}
plan:
  plan: shop
  currency: EUR
  kpis: [{id: visits, name: Visits, description: Visits, aggregate: count, events: [visit]}]
""")
    arguments = [str(tmp_path / "m.yaml"), str(tmp_path), "--bootstrap", stack.kafka.bootstrap]
    result = CliRunner().invoke(import_, [*arguments, "--plan-out", str(tmp_path / "plan.yaml")])
    assert result.exit_code == 0, result.output
    found = values(stack, business)
    assert {name for name, _ in found} == {"events.activity"}
    assert sorted(json.loads(value)["id"] for _, value in found) == ["1", "2"]
    assert (tmp_path / "plan.yaml").read_text().startswith("plan: shop\n")
