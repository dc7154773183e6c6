"""Topics that were changed under a system in use: the worker refuses to go on, and says what to do."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions, NewTopic

from infra.control_topic import apply_plan, newest_plan
from infra.local.ports import PortReservation
from infra.local.stack import LocalStack
from infra.topic_admin import MAX_MESSAGE_BYTES
from infra.topic_ids import topic_ids
from schemas.blocks import kind_of
from schemas.control import KIND, decode_control, encode_control
from schemas.plan_employees import Employee
from schemas.plan_file import load_plan
from schemas.topics import CREDITS, FACTS, INTERNAL
from tests.integration.conftest import eventually
from tests.integration.pipeline import Pipeline

PLAN = Path(__file__).parent.parent.parent / "plans" / "example.yaml"


@pytest.fixture(scope="module")
def used(module_stack: LocalStack) -> Iterator[Pipeline]:
    """A pipeline that has done some work and was stopped in order."""
    pipeline = Pipeline(module_stack, partitions=2)
    pipeline.start()
    try:
        pipeline.apply(PLAN)
        sale = {"specversion": "1.0", "type": "sale", "source": "shop", "time": "2026-03-02T10:00:00Z"}
        data = {"employee": "E1001", "amount": "90000.00", "currency": "CNY"}
        pipeline.produce("events.sales", [sale | {"id": str(number), "data": data} for number in range(9)])
        pipeline.wait_until_drained()
        pipeline.stop_worker()
        yield pipeline
    finally:
        pipeline.stop()


@pytest.fixture
def admin(used: Pipeline) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(**used.settings.kafka_options())
    yield client
    client.close()


def _ended(pipeline: Pipeline, stages: str, **settings: str) -> str:
    """What a worker of ``stages``, or the sink, says that ends by itself, with the exit code of a refusal."""
    port = PortReservation()
    what = ["sink"] if stages == "sink" else ["worker", "--stages", stages]
    program = [str(Path(sys.executable).with_name("kpistream")), *what]
    environment = pipeline.environment | {"KPISTREAM_WEB_PORT": str(port.port)}
    environment |= {f"KPISTREAM_{name.upper()}": value for name, value in settings.items()}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=90)
    port.release()
    assert ended.returncode == 70, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_other_partitions_than_the_topics_have(used: Pipeline):
    assert "alerts has 2 partitions and should have 4 by KPISTREAM_PARTITIONS" in _ended(used, "intake", partitions="4")
    result = used.command("topics")
    assert result.exit_code == 0, result.output


def test_plans_applied_at_once_are_met_in_one_order(used: Pipeline):
    plan = load_plan(PLAN)
    with ThreadPoolExecutor(4) as operators:
        applied = list(operators.map(lambda _: apply_plan(used.settings, plan), range(4)))
    consumer = KafkaConsumer(**used.settings.kafka_options(), consumer_timeout_ms=2000, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic.name, number) for topic in (FACTS, CREDITS) for number in range(2)])
    met: dict[tuple[str, int], list[int]] = defaultdict(list)
    for record in consumer:
        if kind_of(tuple(record.headers)) == KIND:
            met[record.topic, record.partition].append(decode_control(record.value).plan.version)
    consumer.close()
    versions = [1, *sorted(one.plan.version for one in applied)]
    assert versions == [1, 2, 3, 4, 5]
    assert dict(met) == dict.fromkeys(met, versions) and len(met) == 4


def test_a_plan_larger_than_a_topic_takes_travels_compressed(used: Pipeline):
    plan = load_plan(PLAN)
    role = plan.organisation.departments[0].teams[0].employees[0].role
    people = tuple(Employee(id=f"N{number}", name="a long name " * 75, role=role) for number in range(20_000))
    department = plan.organisation.departments[0]
    team = department.teams[0].model_copy(update={"employees": department.teams[0].employees + people})
    departments = (department.model_copy(update={"teams": (team, *department.teams[1:])}),)
    departments += plan.organisation.departments[1:]
    organisation = plan.organisation.model_copy(update={"departments": departments})
    applied = apply_plan(used.settings, plan.model_copy(update={"organisation": organisation}))
    assert len(encode_control(applied)) > MAX_MESSAGE_BYTES
    assert newest_plan(used.settings) == applied


def _topic_ids(pipeline: Pipeline) -> list[tuple]:
    return pipeline.query(
        "SELECT partition, value FROM kpistream.checkpoints FINAL "
        "WHERE startsWith(stage, 'performance') AND key = 'topic_id' ORDER BY partition"
    )


def test_a_topic_made_anew_and_filled_beyond_the_marker(used: Pipeline, admin: KafkaAdminClient):
    before = topic_ids(used.settings, ["credits"])["credits"]
    assert _topic_ids(used) == [(0, before), (1, before)]
    # a state of a program that knew no ids takes the id over
    used.query("ALTER TABLE kpistream.checkpoints DELETE WHERE key = 'topic_id' SETTINGS mutations_sync = 2")
    assert _topic_ids(used) == []
    used.apply(PLAN)
    used.start_worker()
    used.wait_until_drained()
    used.stop_worker()
    assert _topic_ids(used) == [(0, before), (1, before)]
    used.sink.stop(60)
    used.sink = None

    consumer = KafkaConsumer(**used.settings.kafka_options())
    places = [TopicPartition("credits", number) for number in range(2)]
    ends = consumer.end_offsets(places)
    consumer.close()
    admin.delete_topics(["credits"])
    assert eventually(lambda: "credits" not in admin.list_topics())
    admin.create_topics([NewTopic("credits", 2, 1)])
    producer = KafkaProducer(**used.settings.kafka_options(), acks="all")
    for place in places:
        for _ in range(ends[place]):
            producer.send(place.topic, b"another", partition=place.partition)
    producer.flush()
    producer.close()
    used.apply(PLAN)  # beyond the marker: something that the stage would fold
    after = topic_ids(used.settings, ["credits"])["credits"]
    stored = "SELECT count(), max(version) FROM kpistream.checkpoints WHERE startsWith(stage, 'performance')"
    marks = used.query(stored)
    for taken_over in ("", f"credits:{before}"):
        said = _ended(used, "performance", topics_taken_over=taken_over)
        assert f"made from the topic credits with the id {before}, which has the id {after} now" in said
        assert f"KPISTREAM_TOPICS_TAKEN_OVER=credits:{after}" in said
        said = _ended(used, "sink", topics_taken_over=taken_over)
        assert f"sink: credits was read with the id {before} and has the id {after} now" in said
        assert "start over with empty topics, tables and groups" in said
    assert used.query(stored) == marks  # nothing was written

    used.environment["KPISTREAM_TOPICS_TAKEN_OVER"] = f"credits:{after}"
    used.start_worker()
    assert eventually(lambda: _topic_ids(used) == [(0, after), (1, after)], 60)
    used.stop_worker()
    del used.environment["KPISTREAM_TOPICS_TAKEN_OVER"]


def test_a_business_topic_that_was_made_anew_while_it_is_read(used: Pipeline, admin: KafkaAdminClient):
    before = topic_ids(used.settings, ["events.sales"])["events.sales"]
    worker = used.start_worker()
    admin.delete_topics(["events.sales"])
    assert eventually(lambda: "events.sales" not in admin.list_topics())
    admin.create_topics([NewTopic("events.sales", 2, 1)])
    assert worker.wait(90) == 70, used.logs()
    used.workers.remove(worker)
    after = topic_ids(used.settings, ["events.sales"])["events.sales"]
    another = f"intake: events.sales was read with the id {before} and has the id {after} now"
    assert another in worker.log_tail(30)
    said = _ended(used, "intake", topics_taken_over=f"events.sales:{before}")
    assert another in said
    assert "send them to a topic of another name (KPISTREAM_SOURCE_TOPICS)" in said
    assert "the topic was made anew, or lost its end" in _ended(
        used, "intake", topics_taken_over=f"events.sales:{after}"
    )


def test_topics_that_were_given_more_partitions(used: Pipeline, admin: KafkaAdminClient):
    admin.create_partitions({topic.name: NewPartitions(4) for topic in INTERNAL if topic.partitions is None})
    said = _ended(used, "crediting", partitions="4")
    assert "its state was made with 2 partitions, KPISTREAM_PARTITIONS says 4: set it to 2" in said


def test_records_that_are_gone_and_no_checkpoint(used: Pipeline, admin: KafkaAdminClient):
    used.query("TRUNCATE TABLE kpistream.checkpoints")
    admin.delete_records({TopicPartition("credits", 0): 1})
    said = _ended(used, "performance", partitions="4")
    assert "credits/0 begins at 1 and there is no checkpoint" in said
    assert "start over with empty topics, tables and groups" in said
