"""``kpistream alerts``: run the process that pushes awards to people, try a channel, see what was delivered."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from kafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.exporter_command import web_port_option
from infra.process_cli import run_faust
from infra.settings import Settings, load_settings
from sinks.alerts.channels import Outcome, sender_of
from sinks.alerts.config import AlertSettings
from sinks.alerts.config_file import AlertSettingsError, load_alert_settings
from sinks.alerts.delivery import FINAL, Delivery, alert_id
from sinks.alerts.outbox import Pending
from sinks.alerts.routing import Destination
from sinks.alerts.sample import sample_award
from sinks.alerts.templates import message_of

#: Characters a line where no terminal says how many it has.
_WIDE = 200

_settings_file = click.option(
    "--settings",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; without it the one that KPISTREAM_ALERTS names.",
)


@click.group()
def alerts() -> None:
    """Alerts: awards pushed to people, each once."""


@alerts.command()
@_settings_file
@web_port_option()
def run(file: Path | None, web_port: int | None) -> None:
    """Push awards to the channels of the settings file."""
    if file is not None:
        os.environ["KPISTREAM_ALERTS"] = str(file)
    _load(load_settings(), file, secrets=True)  # say at once what is wrong with it
    run_faust("sinks.alerts_app", web_port)


@alerts.command()
@_settings_file
@click.argument("channel")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--state", type=click.Choice(["final", "provisional", "revoked"]), default="final", show_default=True)
def test(file: Path | None, channel: str, language: str, state: str) -> None:
    """Send a made-up award to CHANNEL and say what happened."""
    settings = _load(load_settings(), file)
    if channel not in settings.channels:
        raise click.ClickException(f"no channel {channel!r}; there are {', '.join(settings.channels)}")
    award = sample_award(state)
    to = Destination(channel, language)
    now = int(datetime.now(UTC).timestamp() * 1000)
    pending = Pending(alert_id(award, channel), award, to, 0, 0, now)
    outcome = asyncio.run(_send(settings, channel, pending))
    if not outcome.accepted:
        wait = f"; it asks to wait {outcome.retry_after:g} s" if outcome.retry_after is not None else ""
        raise click.ClickException(f"{channel} did not take the sample: {outcome.error}{wait}")
    click.echo(f"{channel} took the sample: {message_of(award, language).title}")


async def _send(settings: AlertSettings, channel: str, pending: Pending) -> Outcome:
    try:
        sender = sender_of(settings.channels[channel], os.environ)
    except ValueError as error:
        raise click.ClickException(f"channel {channel}: {error}") from error
    try:
        return await sender.send(pending, message_of(pending.award, pending.to.language))
    finally:
        await sender.close()


@alerts.command("list")
@_settings_file
@click.option("--pending", "only_pending", is_flag=True, help="What is not delivered yet, oldest first.")
@click.option("--channel", help="Of this channel only.")
@click.option("--status", type=click.Choice([*sorted(FINAL), "failed"]), help="Of this status only.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="List at most N.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_(
    file: Path | None, only_pending: bool, channel: str | None, status: str | None, limit: int, form: str
) -> None:
    """List deliveries, latest first, or what waits for delivery."""
    from infra.alerts_table import read_deliveries, read_pending

    settings = load_settings()
    with _kafka(settings):
        newest, known = read_deliveries(settings)
        if only_pending:
            rows = [_waiting(one) for one in read_pending(settings, _load(settings, file), known)]
        else:
            rows = [_delivered(one) for one in reversed(newest.values())]
    rows = [row for row in rows if channel in (None, row["channel"]) and status in (None, row["status"])]
    if form == "json":
        for row in rows[:limit]:
            click.echo(json.dumps(row, ensure_ascii=False))
    else:
        _print(rows, limit, "nothing waits" if only_pending else "no deliveries yet")


def _load(settings: Settings, file: Path | None, secrets: bool = False) -> AlertSettings:
    try:
        return load_alert_settings(file or settings.alerts, settings.alerts_text, secrets)
    except AlertSettingsError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _kafka(settings: Settings) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise click.ClickException(f"Kafka at {settings.kafka_bootstrap} cannot be asked: {error!r}") from error


def _delivered(one: Delivery) -> dict[str, object]:
    return msgspec.structs.asdict(one) | {"at": _time(one.at), "since": _time(one.since)}


def _waiting(one: Pending) -> dict[str, object]:
    return {
        "alert_id": one.alert_id,
        "award_id": one.award.award_id,
        "award_state": one.award.state,
        "employee": one.award.employee,
        "channel": one.to.channel,
        "status": "failed" if one.attempts else "waiting",
        "attempts": one.attempts,
        "error": one.error,
        "since": _time(one.since),
        "at": "",
        "title": message_of(one.award, one.to.language).title,
    }


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _print(rows: list[dict[str, object]], limit: int, none: str) -> None:
    if not rows:
        click.echo(none)
        return
    table = Table(box=None, pad_edge=False)
    names = ("since", "channel", "status", "attempts", "employee", "award_state", "award_id", "error")
    for name in names:
        table.add_column(name, no_wrap=name != "error")
    for row in rows[:limit]:
        table.add_row(*(Text(str(row[name])) for name in names))
    # without a terminal nothing is cut
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
    if len(rows) > limit:
        click.echo(f"… and {len(rows) - limit:,} more")
