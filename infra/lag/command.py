"""``kpistream lag-exporter``."""

from __future__ import annotations

import click

from infra.exporter_command import serve_until_told, web_port_option
from infra.settings import load_settings

#: The port that kafka_exporter made customary.
DEFAULT_PORT = 9308


@click.command("lag-exporter")
@web_port_option(default=DEFAULT_PORT, show_default=True)
@click.option(
    "--interval", type=click.FloatRange(0.1), default=5.0, show_default=True, help="Seconds between two readings."
)
def lag_exporter(web_port: int, interval: float) -> None:
    """Serve the lag of all consumer groups, and the age of the checkpoints, to Prometheus."""
    from infra.lag.exporter import Exporter

    settings = load_settings()
    serve_until_told(lambda stop: Exporter(settings), settings, web_port, interval)
