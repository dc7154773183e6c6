"""``kpistream lag-exporter``."""

from __future__ import annotations

import logging.config
import signal
import threading

import click

from infra.lag.exporter import Exporter, serve
from infra.logs import logging_config
from infra.settings import load_settings

#: The port that kafka_exporter made customary.
DEFAULT_PORT = 9308


@click.command("lag-exporter")
@click.option(
    "--web-port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port of /metrics, /healthz, /readyz.",
)
@click.option(
    "--interval", type=click.FloatRange(0.1), default=5.0, show_default=True, help="Seconds between two readings."
)
def lag_exporter(web_port: int, interval: float) -> None:
    """Serve the lag of all consumer groups, and the age of the checkpoints, to Prometheus."""
    settings = load_settings()
    logging.config.dictConfig(logging_config(settings.log_format))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(Exporter(settings), settings.web_host, web_port, interval, stop)
    except OSError as error:
        raise click.ClickException(
            f"{settings.web_host}:{web_port} cannot be served ({error.strerror}): choose another --web-port"
        ) from error
