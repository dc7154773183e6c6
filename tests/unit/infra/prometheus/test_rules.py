"""Scrape configuration and alert rules, judged by Prometheus' own promtool."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "infra" / "prometheus"


def promtool(*arguments: str, folder: Path = FOLDER) -> subprocess.CompletedProcess:
    program = shutil.which("promtool")
    assert program, "promtool is missing: the Debian package prometheus brings it, see Prerequisites in README.md"
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


def alerts() -> list[dict]:
    groups = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_prometheus_takes_the_configuration():
    done = promtool("check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_fires_where_it_must_and_only_there():
    done = promtool("test", "rules", "rules_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_that_is_wrong_would_be_noticed(tmp_path: Path):
    rules, name = FOLDER / "rules.yml", "KpistreamNoProgress"
    given = yaml.safe_load((FOLDER / "rules_test.yml").read_text())
    given["tests"] = [one for one in given["tests"] if {rule["alertname"] for rule in one["alert_rule_test"]} == {name}]
    (tmp_path / "rules_test.yml").write_text(json.dumps(given))  # all of them take seconds
    (tmp_path / "rules.yml").write_text(rules.read_text())
    assert promtool("test", "rules", "rules_test.yml", folder=tmp_path).returncode == 0
    (tmp_path / "rules.yml").write_text(rules.read_text().replace("> 60", "> 6000"))
    done = promtool("test", "rules", "rules_test.yml", folder=tmp_path)
    assert done.returncode == 1
    assert name in done.stdout + done.stderr


def test_every_alert_is_tested_firing_and_silent():
    cases = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
    checks = [check for case in cases for check in case["alert_rule_test"]]
    names = {rule["alert"] for rule in alerts()}
    assert {check["alertname"] for check in checks if check["exp_alerts"]} == names
    assert {check["alertname"] for check in checks if not check["exp_alerts"]} == names


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_has_its_section_in_the_runbook(rule: dict):
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {heading.lower() for heading in headings}
