"""What docker-compose.yml mounts for Prometheus, Grafana and alerts, beside what their files expect."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compose_files import FIELDS, ROOT, SECRETS, host_path, resolved, settings_in

SERVICES: dict[str, dict[str, Any]] = resolved(SECRETS)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("kpistream:")}
SERVING = {name for name, service in OURS.items() if service["restart"] != "no"}


def yaml_of(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_prometheus_scrapes_every_process_at_its_port() -> None:
    jobs = yaml_of(host_path(SERVICES["prometheus"], "/etc/prometheus/prometheus.yml"))["scrape_configs"]
    discoveries = [discovery for job in jobs for discovery in job["dns_sd_configs"]]
    found = {name: discovery["port"] for discovery in discoveries for name in discovery["names"]}
    assert found == {name: int(OURS[name]["healthcheck"]["test"][-1]) for name in SERVING}
    for name in found:
        assert set(OURS[name]["networks"]) & set(SERVICES["prometheus"]["networks"])


def test_prometheus_reads_the_mounted_configuration_and_rules() -> None:
    service = SERVICES["prometheus"]
    options = dict(option.removeprefix("--").split("=", 1) for option in service["command"])
    configuration = host_path(service, options["config.file"])
    for rules in yaml_of(configuration)["rule_files"]:
        assert (configuration.parent / rules).is_file()
    assert f"prometheus-data:{options['storage.tsdb.path']}" in service["volumes"]


def test_grafana_finds_its_data_source_and_dashboards() -> None:
    service = SERVICES["grafana"]
    provisioning = host_path(service, "/etc/grafana/provisioning")
    texts = [path.read_text(encoding="utf-8") for path in sorted(provisioning.rglob("*.yml"))]
    needed = {name for text in texts for name in re.findall(r"\$\{(\w+)\}", text)}
    assert needed <= service["environment"].keys()
    (provider,) = yaml_of(provisioning / "dashboards" / "kpistream.yml")["providers"]
    assert list(host_path(service, provider["options"]["path"]).glob("*.json"))
    assert service["environment"]["PROMETHEUS_URL"] == "http://prometheus:9090"


def test_alerts_write_where_a_volume_keeps_it() -> None:
    alerts = OURS["alerts"]
    (volume,) = alerts["volumes"]
    assert alerts["environment"]["KPISTREAM_ALERTS_TEXT"].startswith(volume.split(":")[1] + "/")


def test_the_override_of_the_docs_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "docker.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    for name, service in yaml.safe_load(block)["services"].items():
        environment = OURS[name]["environment"] | service["environment"]
        settings = settings_in({key: value for key, value in environment.items() if key in FIELDS}, monkeypatch)
        assert [volume.split(":")[1] for volume in service["volumes"]] == [str(settings.alerts)]
