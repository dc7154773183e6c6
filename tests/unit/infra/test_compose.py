"""docker-compose.yml against the code: settings, commands, ports, paths, health checks, secrets."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest

from infra.cli import main
from infra.lag.command import DEFAULT_PORT as LAG_PORT
from infra.reconcile_cli import DEFAULT_PORT as RECONCILE_PORT
from infra.settings import Settings
from tests.compose_files import FIELDS, ROOT, SECRETS, host_path, raw, references, resolved, settings_in

COMPOSE = resolved(SECRETS)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("kpistream:")}
ONCE = {"topics", "migrate", "plan"}
#: Variables of .env that only commands on this machine read: containers have no account at Kafka.
OF_COMMANDS = {"KPISTREAM_KAFKA_SECURITY", "KPISTREAM_KAFKA_SASL_MECHANISM", "KPISTREAM_KAFKA_USER"}

def test_the_services_are_there() -> None:
    assert set(SERVICES) == {
        "kafka", "clickhouse", "topics", "migrate", "plan", "worker", "sink", "alerts", "lag-exporter", "reconcile",
        "prometheus", "grafana",
    }  # fmt: skip
    assert set(OURS) == {"topics", "migrate", "plan", "worker", "sink", "alerts", "lag-exporter", "reconcile"}


# --- environment, commands, ports, paths


@pytest.mark.parametrize("name", OURS)
def test_settings_are_known_and_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = OURS[name]["environment"]
    assert set(environment) - FIELDS == set()
    settings = settings_in(environment, monkeypatch)
    assert settings.kafka_bootstrap == "kafka:9092"
    assert (settings.clickhouse_host, settings.clickhouse_port) == ("clickhouse", 9000)
    assert settings.clickhouse_http_port == 8123
    assert settings.clickhouse_password.get_secret_value() == SECRETS["KPISTREAM_CLICKHOUSE_PASSWORD"]
    assert (settings.web_host, settings.web_port) == ("0.0.0.0", Settings.model_fields["web_port"].default)


def test_kafka_advertises_the_names_that_clients_use() -> None:
    environment = SERVICES["kafka"]["environment"]
    listeners = dict(one.split("://", 1) for one in environment["KAFKA_LISTENERS"].split(","))
    advertised = dict(one.split("://", 1) for one in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    protocols = dict(one.split(":", 1) for one in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    assert set(listeners) == set(protocols) == set(advertised) | {"CONTROLLER"}
    assert advertised["PLAINTEXT"] == "kafka" + listeners["PLAINTEXT"] == OURS["worker"]["environment"][
        "KPISTREAM_KAFKA_BOOTSTRAP"
    ]
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == "1@kafka" + listeners["CONTROLLER"]
    (published,) = SERVICES["kafka"]["ports"]
    assert published == advertised["HOST"] + listeners["HOST"]


def test_a_chosen_port_is_advertised_too() -> None:
    kafka = resolved(SECRETS | {"PUBLISH_KAFKA_PORT": "9999"})["services"]["kafka"]
    assert "HOST://127.0.0.1:9999" in kafka["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert kafka["ports"] == ["127.0.0.1:9999:19092"]


@pytest.mark.parametrize("name", OURS)
def test_commands_parse(name: str) -> None:
    """Click's own parser, down to the last subcommand, without running it. Paths are those inside the container."""
    arguments, command, context = list(OURS[name]["command"]), main, None
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context)
        found = command.get_command(context, arguments[0])
        assert found is not None, f"{name}: no command {arguments[0]}"
        command, arguments = found, arguments[1:]
    for path in [argument for argument in arguments if argument.startswith("/")]:
        arguments[arguments.index(path)] = str(host_path(OURS[name], path))
    command.make_context(name, arguments)


def test_mounts_are_files_of_the_repository_read_only_or_declared_volumes() -> None:
    mounts = [volume.split(":") for service in SERVICES.values() for volume in service.get("volumes", [])]
    named = {source for source, *_ in mounts if not source.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    for source, _, *mode in mounts:
        if source.startswith("."):
            assert mode == ["ro"]
            assert (ROOT / source).exists(), f"{source} is mounted and does not exist"


def test_ports_are_published_on_the_loopback_interface_only() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"kafka", "clickhouse", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)


def test_commands_on_this_machine_reach_it_with_the_default_settings() -> None:
    published = {port.split(":")[1] for service in SERVICES.values() for port in service.get("ports", [])}
    defaults = Settings.model_fields
    wanted = [defaults["clickhouse_port"].default, defaults["clickhouse_http_port"].default]
    assert {*map(str, wanted), defaults["kafka_bootstrap"].default.split(":")[1]} <= published


# --- secrets


def test_every_secret_must_be_set() -> None:
    for name, how, rest in references(raw()):
        if name.endswith("PASSWORD"):
            assert how == ":?", f"{name} has a default"
            assert rest == f"set {name} in .env"
        else:
            assert how == ":-", f"{name} has no default"
            assert rest
    for name in SECRETS:
        with pytest.raises(KeyError, match=name):
            resolved({key: value for key, value in SECRETS.items() if key != name})


def test_the_example_environment_names_every_variable_and_no_secret() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    used = {name: rest for name, _, rest in references(raw())}
    assert named.keys() - OF_COMMANDS == used.keys()
    assert {name for name, value in named.items() if value == ""} == set(SECRETS)
    assert {name: value for name, value in named.items() if value and name not in OF_COMMANDS} == {
        name: default for name, default in used.items() if name not in SECRETS
    }
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ".env" in ignored


# --- life


def test_whatever_serves_has_a_health_check_and_comes_back() -> None:
    for name in SERVICES.keys() - ONCE:
        service = SERVICES[name]
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= service["healthcheck"].keys()
    for name in ONCE:
        assert SERVICES[name]["restart"] == "no"
        assert SERVICES[name]["healthcheck"] == {"disable": True}


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_can_come_true(name: str) -> None:
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert wanted == {"condition": expected}
        assert "profiles" not in SERVICES[other], "a service of a profile is not started with the others"


def test_whoever_serves_waits_for_servers_topics_and_tables() -> None:
    for name in OURS.keys() - ONCE:
        assert set(OURS[name]["depends_on"]) == {"kafka", "clickhouse", "topics", "migrate"}


@pytest.mark.parametrize("name", sorted(OURS.keys() - ONCE))
def test_health_checks_ask_the_port_that_is_served(name: str) -> None:
    service = OURS[name]
    *check, port = service["healthcheck"]["test"]
    assert check == ["CMD", "python", "-m", "infra.compose.healthcheck"]
    served = service["environment"]["KPISTREAM_WEB_PORT"]
    if "--web-port" in service["command"]:
        served = service["command"][service["command"].index("--web-port") + 1]
    assert port == served
    assert name != "lag-exporter" or port == str(LAG_PORT)
    assert name != "reconcile" or port == str(RECONCILE_PORT)


def test_the_worker_can_be_scaled() -> None:
    worker = SERVICES["worker"]
    assert not {"container_name", "ports", "hostname"} & worker.keys()
    assert "KPISTREAM_WORKER_ID" not in worker["environment"], "the id of one process may not be that of all"


def test_containers_of_ours_have_no_rights_they_do_not_need() -> None:
    for service in OURS.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["tmpfs"] == ["/tmp"]
    assert all("privileged" not in service for service in SERVICES.values())


def test_who_talks_to_whom_shares_a_network() -> None:
    assert set(COMPOSE["networks"]) == {name for service in SERVICES.values() for name in service["networks"]}
    for name, service in SERVICES.items():
        for other in service.get("depends_on", {}):
            if other not in ONCE:
                assert set(service["networks"]) & set(SERVICES[other]["networks"]), f"{name} cannot reach {other}"
