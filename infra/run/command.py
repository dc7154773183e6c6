"""``kpistream run``: the whole system on a simulated company or on real files."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from clickhouse_driver.errors import Error as ClickHouseError
from kafka.errors import KafkaError

from infra.clickhouse.migration_files import MigrationError
from infra.ingest.import_mapping import MappingError
from infra.local.errors import StackError
from infra.run.folder import RunFolder
from infra.run.live_view import LiveView
from infra.run.session import Session
from infra.run.source_data import Options, started_at
from infra.run.stopping import Interrupted, Stop
from infra.run.view import PlainView
from infra.settings import home
from infra.topic_admin import TopicsDiffer
from schemas.plan_file import InvalidPlan

_EXISTING = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_INTERRUPTED = 130


@click.command()
@click.option(
    "--data", type=_EXISTING, help="Folder or zip of another system's files, not the simulator."
)
@click.option(
    "--mapping", help="How to read them: a mapping file, or a shipped one's name; else what fits."
)
@click.option(
    "--plan", type=_FILE, help="Plan file instead of the example's, or of the one that comes with the files."
)
@click.option(
    "--duration", type=click.FloatRange(0, min_open=True), help="Seconds of events; else until Ctrl-C."
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help="Events a second: 200 by default, files as fast as it goes.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Worker processes.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulation.")
def run(
    data: Path | None,
    mapping: str | None,
    plan: Path | None,
    duration: float | None,
    rate: float | None,
    workers: int,
    seed: int,
) -> None:
    """Kafka, ClickHouse, worker, sink and events: everything, until Ctrl-C or --duration, then a summary.

    Exit code 0 where all counts add up and the tables agree, else 1.
    """
    if mapping and data is None:
        raise click.UsageError("--mapping says how to read files: give them with --data")
    options = Options(data, mapping, plan, duration, rate, workers, seed)
    try:
        sys.exit(_run(options))
    except (StackError, MappingError, InvalidPlan, TopicsDiffer, MigrationError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror or error}") from error
    except KafkaError as error:
        raise click.ClickException(f"Kafka does not do what was asked: {error!r}") from error
    except (ClickHouseError, EOFError) as error:
        raise click.ClickException(
            f"ClickHouse does not do what was asked: {str(error).splitlines()[0]}"
        ) from error


def _run(options: Options) -> int:
    stop = Stop()
    view = LiveView() if sys.stdout.isatty() else PlainView()
    try:
        folder = RunFolder(home(), started_at())
        try:
            return Session(options, folder, view, stop).run()
        finally:
            folder.release()
    except Interrupted:
        view.say("Stopped before any event flowed.")
        return _INTERRUPTED
