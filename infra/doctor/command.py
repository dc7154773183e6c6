"""``kpistream doctor``."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict

import click
from pydantic import ValidationError

from infra.doctor.checks import check_all
from infra.doctor.findings import Finding, error, exit_code, lines
from infra.settings import Settings, load_settings, setting_problems


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def doctor(form: str) -> None:
    """Say what is wrong with this set-up and how to mend it.

    Looks at the machine, the settings, Kafka, topics, the plan, the processes and their lag, ClickHouse,
    its users, tables and clock, and the dead letters. Changes nothing. Exit code 1 where something does not work.
    """
    for name in ("kafka", "clickhouse_driver"):  # what they log is said in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    findings = _findings()
    if form == "json":
        click.echo(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(lines(findings)))
    sys.exit(exit_code(findings))


def _findings() -> list[Finding]:
    try:
        settings: Settings = load_settings()
    except ValidationError as failed:
        return [
            error("settings", one, "correct it in the environment, or in the file that KPISTREAM_ENV_FILE names")
            for one in setting_problems(failed)
        ]  # fmt: skip
    return list(check_all(settings))
