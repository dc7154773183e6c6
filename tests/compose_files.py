"""docker-compose.yml as a Python mapping, with its variables put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE_FILE = ROOT / "docker-compose.yml"

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?:(?P<how>:-|:\?)(?P<rest>[^}]*))?\}")


@cache
def raw() -> dict[str, Any]:
    """The file as written, merge keys resolved; read once, and changed by nobody."""
    return yaml.safe_load(COMPOSE_FILE.read_text())


def references(value: object) -> list[tuple[str, str | None, str | None]]:
    """(name, ``:-`` or ``:?`` or None, default or message) of every variable in ``value``, at any depth."""
    if isinstance(value, Mapping):
        return [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return [match.group("name", "how", "rest") for match in _REFERENCE.finditer(str(value))]


def resolved(environment: Mapping[str, str]) -> dict[str, Any]:
    """The file as Compose sees it with this environment; KeyError for a variable that must be set and is not."""

    def put_in(match: re.Match[str]) -> str:
        name = match["name"]
        return environment.get(name) or match["rest"] if match["how"] == ":-" else environment[name]

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(item) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return _REFERENCE.sub(put_in, value) if isinstance(value, str) else value

    return walk(raw())


def env_file(path: Path) -> dict[str, str]:
    """NAME=VALUE lines of a file."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


#: The secrets that .env must hold, with values for tests.
SECRETS = {
    "KPISTREAM_CLICKHOUSE_PASSWORD": "of-the-writer",
    "KPISTREAM_CLICKHOUSE_BI_PASSWORD": "of-bi",
    "KPISTREAM_KAFKA_PASSWORD": "of-operator",
    "KAFKA_PRODUCER_PASSWORD": "of-producer",
    "GRAFANA_ADMIN_PASSWORD": "of-grafana",
}

#: Every variable that a kpistream process reads.
FIELDS = {f"KPISTREAM_{name.upper()}" for name in Settings.model_fields}


def settings_in(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What a process with this environment, and no other, reads."""
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings()


def host_path(service: dict[str, Any], inside: str) -> Path:
    """The file in the repository that a container sees as ``inside``; AssertionError where nothing is mounted."""
    mounts = [volume.split(":")[:2] for volume in service["volumes"]]
    fitting = [(target, source) for source, target in mounts if f"{inside}/".startswith(f"{target}/")]
    assert fitting, f"nothing is mounted at {inside}"
    target, source = max(fitting, key=lambda mount: len(mount[0]))
    return ROOT / source / inside.removeprefix(target).strip("/")


def broker_settings(kafka: dict[str, Any]) -> dict[str, str]:
    """The server.properties that the image apache/kafka makes of the service's variables, by the image's own rule."""
    variables = dict(kafka["environment"])
    for file in kafka["env_file"]:
        variables |= env_file(ROOT / file)
    del variables["KAFKA_HEAP_OPTS"]  # of the Java machine, no broker setting
    return {
        name.removeprefix("KAFKA_").lower().replace("_", ".").replace("...", "-").replace("..", "_"): value
        for name, value in variables.items()
    }
