"""What commands that serve /metrics have in common: their option, and how they run."""

from __future__ import annotations

import logging.config
import signal
import threading
from collections.abc import Callable

import click

from infra.settings import Settings


def web_port_option(help_text: str = "Port of /metrics, /healthz, /readyz.", **options: object) -> Callable:
    """The option ``--web-port``; ``options`` go to click."""
    return click.option("--web-port", type=click.IntRange(1, 65535), help=help_text, **options)


def serve_until_told(
    make: Callable[[threading.Event], object], settings: Settings, port: int, interval: float
) -> None:
    """Read and serve what ``make`` gives, every ``interval`` seconds, until SIGTERM or SIGINT; ``make`` gets the event
    that these set. Raises ClickException where the port is taken.
    """
    from infra.lag.exporter import serve
    from infra.logs import logging_config

    logging.config.dictConfig(logging_config(settings.log_format))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(make(stop), settings.web_host, port, interval, stop)
    except OSError as error:
        raise click.ClickException(
            f"{settings.web_host}:{port} cannot be served ({error.strerror}): choose another --web-port"
        ) from error
