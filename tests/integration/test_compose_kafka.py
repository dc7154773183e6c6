"""The broker settings of docker-compose.yml in a real broker of the same version."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAuthorizationFailedError

from infra.kafka_rights import grant
from infra.local.kafka import KafkaServer
from infra.local.ports import PortReservation
from infra.settings import Settings
from infra.topic_admin import create_topics
from tests.compose_files import SECRETS, broker_settings, resolved
from tests.integration.conftest import eventually

KAFKA = resolved(SECRETS)["services"]["kafka"]
KAFKA_TOPICS = resolved(SECRETS)["services"]["topics"]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaServer, str]]:
    """A broker with all settings of the container, and its address for other programs of the machine.

    What differs is the place: every host is the loopback interface, every port a free one.
    """
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    place = server.settings()
    outside = PortReservation(None, "Kafka's second listener")
    host = f"127.0.0.1:{outside.port}"
    moved = {
        "kafka:9092": server.bootstrap, "127.0.0.1:9092": host, "PLAINTEXT://:9092": f"PLAINTEXT://{server.bootstrap}",
        "HOST://:19092": f"HOST://{host}", "kafka:9093": place["controller.quorum.voters"].removeprefix("1@"),
        "CONTROLLER://:9093": "CONTROLLER://" + place["controller.quorum.voters"].removeprefix("1@"),
        "/var/lib/kafka/data": place["log.dirs"],
    }  # fmt: skip
    for name, value in broker_settings(KAFKA).items():
        for container, here in moved.items():
            value = value.replace(container, here)
        server._settings[name] = value
    try:
        server.start()
        yield server, host
    finally:
        server.close()
        outside.release()


def _account(name: str) -> dict[str, str]:
    password = SECRETS["KPISTREAM_KAFKA_PASSWORD" if name == "operator" else "KAFKA_PRODUCER_PASSWORD"]
    return {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_plain_username": name,
            "sasl_plain_password": password}  # fmt: skip


def test_both_listeners_serve_and_give_their_own_address(broker: tuple[KafkaServer, str]) -> None:
    for address, account in ((broker[0].bootstrap, {}), (broker[1], _account("operator"))):
        admin = KafkaAdminClient(bootstrap_servers=address, **account)
        try:
            (found,) = admin.describe_cluster()["brokers"]
            assert f"{found['host']}:{found['port']}" == address
        finally:
            admin.close()


def _sends(address: str, topic: str) -> bool:
    producer = KafkaProducer(bootstrap_servers=address, **_account("producer"))
    try:
        producer.send(topic, b"{}").get(20)
        return True
    except KafkaError as error:  # without any right to write, the producer gets no id for itself
        if not isinstance(error, TopicAuthorizationFailedError) and "ClusterAuthorizationFailed" not in str(error):
            raise
        return False
    finally:
        producer.close()


def test_the_published_port_wants_an_account_and_producers_only_send_events(broker: tuple[KafkaServer, str]) -> None:
    settings = Settings(_env_file=None, kafka_bootstrap=broker[0].bootstrap, partitions=1)
    create_topics(settings)
    role = KAFKA_TOPICS["command"][-1]
    assert role == "producer=producer"
    grant(settings, [tuple(role.split("="))])
    assert eventually(lambda: _sends(broker[1], "events.sales"))  # rights reach the broker a moment later
    assert not _sends(broker[1], "control")
    with pytest.raises(KafkaError):
        KafkaAdminClient(bootstrap_servers=broker[1], bootstrap_timeout_ms=2000)


def test_the_broker_holds_every_setting(broker: tuple[KafkaServer, str]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker[1], **_account("operator"))
    try:
        answer = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")], config_filter="all")
    finally:
        admin.close()
    ((held,),) = [brokers.values() for brokers in answer.values()]
    wanted = broker[0].settings()
    secret = ("listener.name.host.plain.sasl.jaas.config", "super.users")
    assert [held[name]["value"] for name in secret] == [None, None]  # told to nobody
    wanted = {name: value for name, value in wanted.items() if name not in secret}
    assert {name: held[name]["value"] for name in wanted} == wanted
