"""docker-compose.yml beside the embedded stack: one value for broker settings, accounts, grants, topics, versions."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from infra.compose import generate
from infra.local import artifacts
from infra.local.clickhouse_config import bi, server_xml, users_xml, writer
from infra.local.kafka import KafkaServer
from infra.topic_admin import wanted_topics
from tests.compose_files import ROOT, SECRETS, broker_settings, resolved, settings_in

SERVICES: dict[str, dict[str, Any]] = resolved(SECRETS)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("kpistream:")}

#: What a broker must be told about the place it runs in; everything else is one value for both stacks.
PLACE = {
    "listeners", "advertised.listeners", "listener.security.protocol.map", "controller.quorum.voters", "log.dirs",
    "inter.broker.listener.name", "authorizer.class.name", "super.users", "sasl.enabled.mechanisms",
    "listener.name.host.plain.sasl.jaas.config",
}  # fmt: skip


def test_generated_files_are_current() -> None:
    old = [str(path) for path, content in generate.files().items() if path.read_text(encoding="utf-8") != content]
    assert old == [], "run: python -m infra.compose.generate"


def test_broker_settings_are_those_of_the_embedded_stack(tmp_path: Path) -> None:
    compose = broker_settings(SERVICES["kafka"])
    server = KafkaServer(tmp_path)
    try:
        embedded = server.settings()
    finally:
        server.close()
    assert {key: compose[key] for key in compose.keys() - PLACE} == {
        key: embedded[key] for key in embedded.keys() - PLACE
    }


def test_variables_of_broker_settings_follow_the_rules_of_the_image() -> None:
    assert generate.kafka_variable("abc.def") == "KAFKA_ABC_DEF"
    assert generate.kafka_variable("abc-def") == "KAFKA_ABC___DEF"
    assert generate.kafka_variable("abc_def") == "KAFKA_ABC__DEF"


def test_images_are_of_the_embedded_versions() -> None:
    pom = (artifacts.PINS / "pom.xml").read_text(encoding="utf-8")
    kafka = re.search(r"<kafka.version>(.+?)</kafka.version>", pom)
    assert kafka is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    library = json.loads((artifacts.PINS / "libchdb.json").read_text(encoding="utf-8"))["version"]
    image, _, tag = SERVICES["clickhouse"]["image"].partition(":")
    assert image == "clickhouse/clickhouse-server"
    assert tag.split(".")[:2] == library.split(".")[:2], "the same release of ClickHouse; its patches may differ"


def test_every_image_is_pinned_to_a_patch_version() -> None:
    images = [service["image"] for service in SERVICES.values()]
    assert [image for image in images if not re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+(\.\d+)?", image)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {service["image"] for service in OURS.values()} == {f"kpistream:{project['version']}"}


def plain(element: ElementTree.Element) -> Any:
    """An element as nested (tag, content) lists, texts stripped, comments gone."""
    return [(child.tag, plain(child) or (child.text or "").strip()) for child in element]


def part(text: str, *path: str) -> Any:
    found = ElementTree.fromstring(text).find("/".join(path))
    assert found is not None, path
    return plain(found)


def test_clickhouse_accounts_grants_and_profiles_are_those_of_the_embedded_stack() -> None:
    embedded = users_xml([writer("a"), bi("b")])
    compose = (generate.FOLDER / "clickhouse" / "users.xml").read_text(encoding="utf-8")
    assert part(compose, "profiles") == part(embedded, "profiles")
    assert part(compose, "quotas") == part(embedded, "quotas")
    # `default` is there for the embedded library alone
    assert [name for name, _ in part(compose, "users")] == ["writer", "bi"]
    for name in ("writer", "bi"):
        own = {"password", "password_sha256_hex", "networks"}
        kept = [item for item in part(compose, "users", name) if item[0] not in own]
        assert kept == [item for item in part(embedded, "users", name) if item[0] not in own]
        assert {tag for tag, _ in kept} == {"profile", "quota", "grants"}


def test_clickhouse_server_settings_are_those_of_the_embedded_stack() -> None:
    compose = part((generate.FOLDER / "clickhouse" / "server.xml").read_text(encoding="utf-8"), ".")
    embedded = part(server_xml(Path("users.xml"), Path("log")), ".")
    places = {"logger", "users_config", "user_directories"}
    assert compose[0] == ("logger", [("level", "information")])
    assert compose[1:] == [item for item in embedded if item[0] not in places]


def test_passwords_reach_clickhouse_only_by_the_environment() -> None:
    users = ElementTree.parse(generate.FOLDER / "clickhouse" / "users.xml").getroot()
    environment = SERVICES["clickhouse"]["environment"]
    for name, variable in generate.PASSWORD_VARIABLES.items():
        password = users.find(f"users/{name}/password")
        assert password is not None
        assert password.get("from_env") == variable
        assert not password.text
        assert environment[variable] == SECRETS[variable]


def test_topics_are_those_of_the_embedded_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    compose = settings_in(OURS["topics"]["environment"], monkeypatch)
    assert wanted_topics(compose) == wanted_topics(settings_in({}, monkeypatch))
