"""Plans and closes are everywhere or completed by the next command, whatever dies in between, on a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import MemberToRemove
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

import infra.control_lock
import infra.control_log
import infra.control_topic
import infra.patience
from infra.cli import main
from infra.control_lock import operators_group
from infra.control_log import ControlLog
from infra.control_topic import apply_plan, close_period
from infra.local.stack import LocalStack
from infra.settings import Settings
from infra.topic_admin import create_topics
from schemas.control import PeriodClosed, decode_control
from schemas.plan_file import load_plan
from schemas.topics import CONTROL, CONTROL_TARGETS, KPI_UPDATES
from tests.integration.conftest import eventually, settings_of

PLAN = Path(__file__).parent.parent.parent / "plans" / "example.yaml"
#: ``control``, two partitions of facts and of credits, one of kpi-updates.
PLACES = 6
#: Applies the plan and dies by kill -9 once so many records are written.
DYING = """
import os, signal, sys
import infra.control_topic as control_topic
from infra.settings import Settings
from schemas.plan_file import load_plan
left, send = int(sys.argv[1]), control_topic._send
def dying(*of):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    send(*of)
control_topic._send = dying
control_topic.apply_plan(Settings(_env_file=None), load_plan(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def environment(module_stack: LocalStack) -> dict[str, str]:
    return module_stack.connection.environment() | {"KPISTREAM_PARTITIONS": "2"}


@pytest.fixture(scope="module")
def settings(environment: dict[str, str]) -> Settings:
    settings = settings_of(environment)
    create_topics(settings)
    return settings


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands look for brokers as often, but pause and wait for less long in between."""
    monkeypatch.setattr(infra.patience, "_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(infra.control_lock, "BOOTSTRAP_MS", 1_000)


def bury(settings: Settings) -> None:
    """What Kafka does once it has not heard of a member for its session of six seconds."""
    admin, group = KafkaAdminClient(**settings.kafka_options()), operators_group(settings)
    try:
        dead = [MemberToRemove(one["member_id"]) for one in admin.describe_groups([group])[group]["members"]]
        admin.remove_group_members(group, dead)
    finally:
        admin.close()


def ids(settings: Settings) -> dict[tuple[str, int], list[str]]:
    """What each partition meets: the ids of its control records in order."""
    consumer = KafkaConsumer(**settings.kafka_options(), enable_auto_commit=False)
    met = {}
    for topic in (CONTROL, *CONTROL_TARGETS):
        assert eventually(lambda name=topic.name: bool(consumer.partitions_for_topic(name)))
        for number in sorted(consumer.partitions_for_topic(topic.name)):
            place = TopicPartition(topic.name, number)
            consumer.assign([place])
            consumer.seek(place, 0)
            end, found = consumer.end_offsets([place])[place], []
            while consumer.position(place) < end:
                for records in consumer.poll(500).values():
                    found += [decode_control(record.value).id for record in records]
            met[place.topic, place.partition] = found
    consumer.close()
    return met


@pytest.mark.parametrize("written", [0, 1, 3, PLACES])
def test_what_a_killed_command_left_undone_is_completed_first(settings: Settings, environment: dict, written: int):
    before = ids(settings)[CONTROL.name, 0]
    program = [sys.executable, "-c", DYING, str(written), str(PLAN)]
    assert subprocess.run(program, env=os.environ | environment, timeout=90).returncode == -signal.SIGKILL
    with ControlLog(settings) as log:
        assert len(log.missing()) == (PLACES - written if written else 0)
    said = CliRunner().invoke(main, ["doctor"], env=environment).output
    assert ("has not reached" in said) == (0 < written < PLACES)
    if written != 3:  # there the session runs out
        bury(settings)
    applied = apply_plan(settings, load_plan(PLAN))
    met = ids(settings)
    assert len(met) == PLACES
    assert len(met[CONTROL.name, 0]) == len(before) + 1 + (written > 0)
    assert met == dict.fromkeys(met, met[CONTROL.name, 0]) and met[CONTROL.name, 0][-1] == applied.id
    with ControlLog(settings) as log:
        assert log.missing() == []


@pytest.mark.parametrize("at", [0, 3, PLACES - 1])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_write_without_an_answer_is_looked_for_and_not_doubled(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, at: int, arrived: bool
):
    send, calls = infra.control_topic._send, []

    def unanswered(*of: object) -> None:
        calls.append(of)
        lost = len(calls) == at + 1
        if not lost or arrived:
            send(*of)
        if lost:
            raise KafkaTimeoutError("lost")

    before = ids(settings)[CONTROL.name, 0]
    monkeypatch.setattr(infra.control_topic, "_send", unanswered)
    applied = apply_plan(settings, load_plan(PLAN))
    met = ids(settings)
    assert met == {place: [*before, applied.id] for place in met}
    assert len(calls) == PLACES + (not arrived)


def test_a_close_that_nobody_answered_is_not_doubled(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    record = PeriodClosed.of(load_plan(PLAN), "month", "2026-01", 1)
    send, calls = infra.control_topic._send, []

    def unanswered(*of: object) -> None:
        send(*of)
        calls.append(of)
        if len(calls) == 3:
            raise KafkaTimeoutError("lost")

    before = ids(settings)[CONTROL.name, 0]
    monkeypatch.setattr(infra.control_topic, "_send", unanswered)
    close_period(settings, record)
    met = ids(settings)
    assert met == {place: [*before, record.id] for place in met}


def test_a_command_waits_for_a_broker_that_is_away(
    module_stack: LocalStack, settings: Settings, capfd: pytest.CaptureFixture[str]
):
    before = ids(settings)[CONTROL.name, 0]
    module_stack.kafka.kill()
    with ThreadPoolExecutor(1) as operator:
        applying = operator.submit(apply_plan, settings, load_plan(PLAN))
        said = ""
        while "trying for" not in said and not applying.done():
            said += capfd.readouterr().err
        module_stack.kafka.start()
        applied = applying.result(timeout=110)
    assert f"Kafka at {settings.kafka_bootstrap} does not answer" in said
    met = ids(settings)
    assert met == {place: [*before, applied.id] for place in met}


def test_patience_has_an_end(environment: dict):
    nowhere = environment | {"KPISTREAM_KAFKA_BOOTSTRAP": "127.0.0.1:1", "KPISTREAM_COMMAND_PATIENCE_SECONDS": "0"}
    result = CliRunner().invoke(main, ["plan", "apply", str(PLAN)], env=nowhere)
    assert result.exit_code == 1
    assert "Kafka at 127.0.0.1:1 does not answer" in result.output


def test_an_id_of_another_kind_of_award_is_refused_and_nothing_written(settings: Settings):
    plan = load_plan(PLAN)
    tiers = next(rule for rule in plan.awards if rule.kind == "tiers")
    bonus = next(rule for rule in plan.awards if rule.kind == "threshold")
    changed = plan.model_copy(update={"awards": (bonus.model_copy(update={"id": tiers.id}),)})
    apply_plan(settings, plan)
    before = ids(settings)
    with pytest.raises(click.ClickException, match=f"award {tiers.id} is of kind tiers in version .* an id of its own"):
        apply_plan(settings, changed)
    assert ids(settings) == before
    applied = apply_plan(settings, changed.model_copy(update={"awards": (bonus,)}))
    assert ids(settings) == {place: [*kept, applied.id] for place, kept in before.items()}


def test_nothing_is_written_where_one_of_its_topics_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(infra.control_log, "_ANSWER_MS", 2_000)
    before = ids(settings)[CONTROL.name, 0]
    admin = KafkaAdminClient(**settings.kafka_options())
    try:
        admin.delete_topics([KPI_UPDATES.name])
        assert eventually(lambda: KPI_UPDATES.name not in admin.list_topics())
        with pytest.raises(UnknownTopicOrPartitionError, match=f"no topic {KPI_UPDATES.name}"):
            apply_plan(settings, load_plan(PLAN))
    finally:
        admin.close()
        create_topics(settings)
    assert ids(settings)[CONTROL.name, 0] == before
