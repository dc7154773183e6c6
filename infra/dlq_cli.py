"""``kpistream dlq``: records that could not be used: list them, look at one, send them again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click
from kafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.dead_letter_table import DeadLetterTable, StoredLetter
from infra.dlq_replay import Replay, records_of, send
from infra.mappings_file import load_mappings
from infra.settings import Settings, load_settings
from sinks.connection import from_settings

_HEX_COLUMNS = 16
_reason = click.option("--reason", help="Of this reason only, such as unknown_employee.")
_topic = click.option("--topic", help="From this topic only.")


@click.group()
def dlq() -> None:
    """Dead letters: records that could not be used, kept whole, with the reason and where they came from."""


def _letters(settings: Settings) -> DeadLetterTable:
    return DeadLetterTable(from_settings(settings))


@dlq.command("list")
@_reason
@_topic
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="List the latest N.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_(reason: str | None, topic: str | None, limit: int, form: str) -> None:
    """List dead letters, latest first, and count them by topic and reason."""
    with _letters(load_settings()) as table:
        letters, counts = table.newest(limit, reason, topic), table.counts(reason, topic)
    if form == "json":
        rows = [_as_json(letter) | {"bytes": len(letter.raw)} for letter in letters]
        totals = [{"topic": topic, "reason": reason, "letters": number} for topic, reason, number in counts]
        click.echo(json.dumps({"letters": rows, "counts": totals}, ensure_ascii=False, indent=1))
    else:
        _print(letters, counts)


def _as_json(letter: StoredLetter) -> dict:
    return {
        "id": letter.id,
        "stage": letter.stage,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "reason": letter.reason,
        "detail": letter.detail,
        "record_time": letter.record_time and letter.record_time.isoformat(timespec="milliseconds"),
    }


def _print(letters: list[StoredLetter], counts: list[tuple[str, str, int]]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    total = sum(number for _, _, number in counts)
    if not total:
        console.print("no dead letters")
        return
    table = Table("id", "reason", "bytes", "detail", box=None, pad_edge=False, header_style="bold")
    for letter in letters:
        # Text: what a record holds is shown, never read as markup
        table.add_row(Text(letter.id), Text(letter.reason), str(len(letter.raw)), Text(letter.detail))
    console.print(table)
    for topic, reason, number in counts:
        console.print(Text(f"{number:>9,}  {reason}  from {topic}"))
    more = f", the latest {len(letters):,} above" if total > len(letters) else ""
    console.print(Text(f"{total:>9,}  dead letters{more}"))


@dlq.command()
@click.argument("letter_id", metavar="ID")
@click.option("--raw", is_flag=True, help="Write the record's bytes to standard output, and nothing else.")
def show(letter_id: str, raw: bool) -> None:
    """Show the dead letter ID (topic:partition:offset:index): why, from where, and the record itself."""
    with _letters(load_settings()) as table:
        found = list(table.letters([letter_id]))
    if not found:
        raise click.ClickException(f"no dead letter {letter_id}; kpistream dlq list shows their ids")
    letter = found[0]
    if raw:
        sys.stdout.buffer.write(letter.raw)
        sys.stdout.buffer.flush()
        return
    for name, value in _as_json(letter).items():
        click.echo(f"{name + ':':<13}{'none' if value is None else value}")
    if letter.key is not None:
        click.echo(f"{'key:':<13}{_in_line(letter.key)}")
    click.echo(f"{'raw:':<13}{len(letter.raw)} bytes{' (no value)' if letter.reason == 'tombstone' else ''}")
    if letter.raw:
        click.echo(as_text(letter.raw))


def _in_line(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"{value.hex()} (hex)"


def as_text(raw: bytes) -> str:
    """The bytes as text, or, where they are no UTF-8, as a hex dump with offsets."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    lines = []
    for start in range(0, len(raw), _HEX_COLUMNS):
        part = raw[start : start + _HEX_COLUMNS]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):<{3 * _HEX_COLUMNS}} {letters}")
    return "\n".join(lines)


@dlq.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_reason
@_topic
@click.option("--all", "every", is_flag=True, help="Every dead letter.")
@click.option("--to", metavar="TOPIC", help="Send to this topic instead of the one each record came from.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent.")
def replay(
    ids: tuple[str, ...], reason: str | None, topic: str | None, every: bool, to: str | None, dry_run: bool
) -> None:
    """Send records again to where they came from: those of the IDs, of a reason, of a topic, or all.

    A record sent again is a new record. What has been applied once is dropped as a duplicate, what still
    cannot be used becomes a dead letter again; so a replay may be repeated without harm.
    """
    if sum((bool(ids), bool(reason or topic), every)) != 1:
        raise click.UsageError("give either IDs, or --reason and/or --topic, or --all")
    settings, done = load_settings(), Replay()
    try:
        mapped = load_mappings(settings.mappings)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    with _letters(settings) as table:
        chosen = list(dict.fromkeys(ids)) or table.ids(reason, topic)
        records = records_of(_all_found(table, chosen), mapped, to, done)
        try:
            if dry_run:
                list(records)
            else:
                send(settings, records)
        except (KafkaError, LookupError) as error:
            raise click.ClickException(
                f"not all could be sent: {error}. Given again, the command sends all; what was applied counts once"
            ) from error
    _say(done, "would be sent" if dry_run else "sent")


def _all_found(table: DeadLetterTable, ids: list[str]) -> Iterator[StoredLetter]:
    found = 0
    for letter in table.letters(ids):
        found += 1
        yield letter
    if found < len(ids):
        click.echo(
            f"{len(ids) - found} of the ids name no dead letter; kpistream dlq list shows them", err=True
        )


def _say(done: Replay, verb: str) -> None:
    for topic, number in sorted(done.sent.items()):
        click.echo(f"{number:,} {verb} to {topic}")
    for why, number in sorted(done.left_out.items()):
        click.echo(f"{number:,} left out: {why}")
    if not done.sent:
        click.echo(f"nothing {verb}")
