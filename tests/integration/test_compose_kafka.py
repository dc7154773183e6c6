"""The broker settings of docker-compose.yml in a real broker of the same version."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from infra.local.kafka import KafkaServer
from infra.local.ports import PortReservation
from tests.compose_files import SECRETS, broker_settings, resolved

KAFKA = resolved(SECRETS)["services"]["kafka"]


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


def test_both_listeners_serve_and_give_their_own_address(broker: tuple[KafkaServer, str]) -> None:
    for address in (broker[0].bootstrap, broker[1]):
        admin = KafkaAdminClient(bootstrap_servers=address)
        try:
            (found,) = admin.describe_cluster()["brokers"]
            assert f"{found['host']}:{found['port']}" == address
        finally:
            admin.close()


def test_the_broker_holds_every_setting(broker: tuple[KafkaServer, str]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker[1])
    try:
        answer = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")], config_filter="all")
    finally:
        admin.close()
    ((held,),) = [brokers.values() for brokers in answer.values()]
    wanted = broker[0].settings()
    assert {name: held[name]["value"] for name in wanted} == wanted
