"""``kpistream worker`` and ``kpistream sink``: the Faust apps, with settings from the environment."""

from __future__ import annotations

import os
import socket
import sys
import time

import click

from infra.exporter_command import web_port_option
from infra.mappings_file import load_mappings
from infra.settings import Settings, load_settings
from infra.troubles import kafka_refusal

_EXIT_AWAY, _EXIT_SETTINGS = 69, 78  # EX_UNAVAILABLE, EX_CONFIG of sysexits.h
_PAUSE_SECONDS = 0.5


def run_faust(app: str, port: int | None) -> None:
    """Become Faust's worker for ``app``: signals and exit codes are then its own.

    In this very process: to start Python anew would keep partitions waiting for its imports once more.
    """
    settings = load_settings()
    _wait_for_kafka(settings)
    if settings.kafka_security != "PLAINTEXT" and (refusal := kafka_refusal(settings)):
        click.echo(f"Error: {refusal}", err=True)
        sys.exit(_EXIT_SETTINGS)
    if port is not None:
        os.environ["KPISTREAM_WEB_PORT"] = str(port)
    sys.argv = ["faust", "-A", app, "--loop", "uvloop", "worker", "-l", "info"]
    if port is not None:
        sys.argv += ["--web-port", str(port)]
    from faust.cli.faust import cli  # only now: it takes --loop from the arguments as it is loaded

    cli()


def _wait_for_kafka(settings: Settings) -> None:
    """Return once a broker listens; the process ends with a sentence where none does for
    KPISTREAM_COMMAND_PATIENCE_SECONDS. Faust gives up at once, with a stack trace.
    """
    began, said = time.monotonic(), False
    while not any(map(_listens, settings.kafka_bootstrap.split(","))):
        left = began + settings.command_patience_seconds - time.monotonic()
        if left <= 0:
            click.echo(f"Error: no Kafka listens at {settings.kafka_bootstrap}", err=True)
            sys.exit(_EXIT_AWAY)
        if not said:
            click.echo(f"no Kafka listens at {settings.kafka_bootstrap}; waiting for {left:.0f} s", err=True)
            said = True
        time.sleep(min(_PAUSE_SECONDS, left))


def _listens(broker: str) -> bool:
    host, _, port = broker.strip().rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError):
        return False
    return True


@click.command()
@web_port_option()
@click.option("--stages", help="Stages to run, comma separated: intake, crediting, performance, rollups.")
def worker(web_port: int | None, stages: str | None) -> None:
    """Run the stages: intake, crediting, performance, rollups."""
    if stages:
        os.environ["KPISTREAM_STAGES"] = stages
    settings = load_settings()
    try:  # said at once: Faust would print the place where it came across it
        load_mappings(settings.mappings)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    run_faust("streams.app", web_port)


@click.command()
@web_port_option()
def sink(web_port: int | None) -> None:
    """Run the loader: internal topics to ClickHouse."""
    run_faust("sinks.app", web_port)
