"""Roles of Kafka accounts on a real broker: what each may do, and what it is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from infra.cli import main
from infra.local.stack import LocalStack
from infra.settings import Settings
from tests.integration.conftest import eventually
from tests.integration.secure_servers import AUTHORIZER, PASSWORD, USER, SecureKafka, make_certificates

ACCOUNTS = dict.fromkeys(("producer", "worker", "operator"), PASSWORD)


class _Broker:
    """A broker with rights; ``settings`` of an account, ``command`` as one."""

    def __init__(self, kafka: SecureKafka, ca) -> None:
        self._settings = {
            "kafka_bootstrap": kafka.secure, "kafka_security": "SASL_SSL", "kafka_password": PASSWORD,
            "kafka_ca": str(ca), "partitions": "2",
        }  # fmt: skip

    def settings(self, account: str) -> Settings:
        return Settings(_env_file=None, kafka_user=account, **self._settings)

    def command(self, account: str, *arguments: str) -> Result:
        given = {f"KPISTREAM_{name.upper()}": value for name, value in self._settings.items()}
        environment = given | {"KPISTREAM_KAFKA_USER": account, "KPISTREAM_ENV_FILE": "/dev/null"}
        return CliRunner().invoke(main, list(arguments), env=environment)

    def may_write(self, account: str, topic: str) -> bool:
        producer = KafkaProducer(**self.settings(account).kafka_options(), max_block_ms=5000)
        try:
            producer.send(topic, b"{}", partition=0).get(10)
            return True
        except TopicAuthorizationFailedError:
            return False
        except KafkaError as error:  # who may write nowhere yet is given no producer id
            if "ClusterAuthorizationFailed" not in str(error):
                raise
            return False
        finally:
            producer.close()

    def may_read(self, account: str, topic: str) -> bool:
        consumer = KafkaConsumer(**self.settings(account).kafka_options(), group_id="kpistream-sink")
        try:
            consumer.assign([TopicPartition(topic, 0)])
            consumer.committed(TopicPartition(topic, 0))
            consumer.seek(TopicPartition(topic, 0), 0)
            consumer.poll(200)
            return True
        except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
            return False
        finally:
            consumer.close()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Broker]:
    folder = tmp_path_factory.mktemp("rights")
    certificates = make_certificates(folder)
    kafka = SecureKafka(folder / "kafka", certificates, ACCOUNTS, **AUTHORIZER | {"super.users": f"User:{USER}"})
    # the broker talks to itself by the first listener, where nobody has a name
    kafka._settings["super.users"] += ";User:ANONYMOUS"
    try:
        kafka.start()
        running = _Broker(kafka, certificates.ca)
        done = running.command(USER, "topics", *(part for role in ACCOUNTS for part in ("--grant", f"{role}={role}")))
        assert done.exit_code == 0, done.output
        assert "granted: producer as producer, worker as worker, operator as operator" in done.output
        assert eventually(lambda: running.may_write("producer", "events.sales"))
        yield running
    finally:
        kafka.close()


@pytest.mark.parametrize(("account", "writes", "reads"), [
    ("producer", {"events.sales"}, set()),
    ("worker", {"facts", "credits", "alerts", "dead-letters"}, {"events.sales", "facts", "control"}),
    ("operator", {"events.sales", "facts", "control"}, {"events.sales", "facts", "control"}),
])  # fmt: skip
def test_what_each_role_may_do(broker: _Broker, account: str, writes: set[str], reads: set[str]):
    topics = {"events.sales", "facts", "credits", "alerts", "dead-letters", "control"}
    assert {topic for topic in topics if broker.may_write(account, topic)} >= writes
    commands = {"control", "payouts", "payments"}
    forbidden = {"producer": {"facts", "control"}, "worker": {"events.sales", *commands}, "operator": set()}[account]
    assert not [topic for topic in forbidden if broker.may_write(account, topic)]
    assert {topic for topic in ("events.sales", "facts", "control") if broker.may_read(account, topic)} == reads


def test_who_may_not_is_told_so(broker: _Broker):
    result = broker.command("producer", "plan", "apply", "plans/example.yaml")
    assert result.exit_code == 1
    assert "Kafka allows producer no such thing: grant it the role that may" in result.output


def test_brokers_without_rights_say_so(own_stack: LocalStack):
    environment = own_stack.connection.environment() | {"KPISTREAM_PARTITIONS": "2"}
    result = CliRunner().invoke(main, ["topics", "--grant", "worker=w"], env=environment)
    assert (result.exit_code, "these brokers know no rights" in result.output) == (1, True)


def test_an_unknown_role_is_refused():
    result = CliRunner().invoke(main, ["topics", "--grant", "king=w"])
    assert "expected ROLE=ACCOUNT with one of the roles producer, worker, operator" in result.output


