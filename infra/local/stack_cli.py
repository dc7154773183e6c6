"""Commands for the embedded stack."""

import signal
import sys
from pathlib import Path

import click

from infra.local.artifacts import fetch as fetch_artifacts
from infra.local.connection import FILE_NAME, Connection
from infra.local.data_dir import is_locked
from infra.local.errors import StackError
from infra.local.kafka import with_ready_classes
from infra.local.ports import answers
from infra.local.stack import LocalStack

DEFAULT_DATA = Path(".kpistream/stack")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

data_option = click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_DATA,
                           show_default=True, help="Data folder.")


class PlainErrors(click.Group):
    """A group whose commands report a StackError as one sentence."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except StackError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=PlainErrors)
def stack() -> None:
    """The embedded Kafka and ClickHouse."""


@stack.command()
@data_option
@click.option("--kafka-port", type=int, help="Instead of a free one.")
@click.option("--clickhouse-port", type=int, help="Native protocol; instead of a free one.")
@click.option("--clickhouse-http-port", type=int, help="Instead of a free one.")
def start(data: Path, kafka_port: int | None, clickhouse_port: int | None,
          clickhouse_http_port: int | None) -> None:
    """Run both servers until Ctrl-C or SIGTERM."""
    # From here on, not only while waiting: a signal during the start must stop what was started.
    for number in _SIGNALS:
        signal.signal(number, lambda *_: sys.exit(0))
    with LocalStack(data, kafka_port=kafka_port, clickhouse_port=clickhouse_port,
                    clickhouse_http_port=clickhouse_http_port) as running:
        for line in running.connection.public_lines():
            click.echo(line)
        click.echo(f"Passwords too: set -a; . {running.data_dir / FILE_NAME}; set +a")
        while running.kafka.pid and running.clickhouse.pid:
            signal.sigtimedwait((), 1)  # sleeps, and a signal with a handler ends it at once
        gone = running.clickhouse if running.kafka.pid else running.kafka
        raise StackError(f"A server stopped by itself, its log is {gone.log}.")


@stack.command()
def fetch() -> None:
    """Fetch Kafka's jars and ClickHouse's library into the cache, and make them ready."""
    artifacts = fetch_artifacts()
    with_ready_classes(artifacts.kafka_jars)
    click.echo(f"Kafka      {artifacts.kafka_jars}\nClickHouse {artifacts.libchdb}")


@stack.command()
@data_option
def status(data: Path) -> None:
    """Say whether a stack runs on the data folder; exit code 1 when it does not."""
    if not is_locked(data) or not (data / FILE_NAME).exists():
        click.echo(f"No stack runs on {data}.")
        sys.exit(1)
    connection = Connection.read(data)
    kafka_port = int(connection.kafka_bootstrap.rpartition(":")[2])
    healthy = True
    for name, port in (("Kafka", kafka_port), ("ClickHouse TCP", connection.clickhouse_port),
                       ("ClickHouse HTTP", connection.clickhouse_http_port)):
        healthy &= (alive := answers(port))
        click.echo(f"{name:15} port {port:5}  {'answers' if alive else 'does not answer'}")
    sys.exit(0 if healthy else 1)


if __name__ == "__main__":
    stack()
