"""``kpistream payout`` and ``pay``: what a period pays, as a CSV file and on a topic, and that it was paid."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import click
import msgspec

from infra.ledger_topics import logged_payments, publish, published_versions
from infra.settings import Settings, load_settings
from schemas.payouts import Payout
from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of
from schemas.plan_moves import employees_of
from schemas.topics import PAYMENTS, PAYOUTS
from schemas.wording import money
from streams.ledger.payouts import records

COLUMNS = (
    "period", "payout_version", "plan", "plan_version", "employee", "unit", "name", "currency", "lines", "earned",
    "guarantee", "advance", "recovery", "amount", "outstanding", "draw",
)  # fmt: skip

out_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The CSV file; by default payout-PERIOD-vVERSION.csv in this folder.",
)


@click.command()
@click.argument("period")
@out_option
def payout(period: str, out: Path | None) -> None:
    """Write what PERIOD pays each person to a CSV file and the topic payouts, from the earning lines as they are now.

    A new version of the payout is made where it differs from the newest one; older ones stay in bi.payouts. Payouts of
    later periods are made anew where what they recover has changed.
    """
    settings = load_settings()
    export(settings, _plan(settings), period, out)


@click.command()
@click.argument("period")
def pay(period: str) -> None:
    """Record that the newest payout of PERIOD was paid: what is due less what was paid for PERIOD before.

    What was paid before is read from the topic payments, so paying twice records nothing the second time. The table
    follows from the topic.
    """
    settings = load_settings()
    plan = _plan(settings)
    kind = _kind(plan, period)
    with tables(settings, plan) as (ledger, lock):
        version, made, unlogged = ledger.pay(kind, period, logged_payments(settings))
        if not version:
            raise click.ClickException(
                f"{period} has no payout yet: kpistream close {period} or payout {period} makes it"
            )
        lock.confirm()
        publish(settings, PAYMENTS, [*unlogged, *made])
    if unlogged:
        click.echo(f"brought into the topic payments, from the table: {len(unlogged)}")
    names = names_of(plan)
    for one in made:
        payee = one.employee or one.unit
        named = f"{names[payee]} ({payee})" if names.get(payee) else payee
        click.echo(f"{named}: {money(Decimal(one.amount), one.currency)}")
    click.echo(f"{period}, version {version}: payments recorded: {len(made)}" if made else f"{period}: paid already")


def export(settings: Settings, plan: Plan, period: str, out: Path | None) -> None:
    """Make the payout of ``period``, publish it, write it to a file and say so; later ones that changed likewise.

    Published before it is written, and also where it stood already: who has the file knows that HR has the rows, and
    whatever was cut short is made up for by the same command, also files of later payouts that are still to be paid.
    """
    kind = _kind(plan, period)
    with tables(settings, plan) as (ledger, lock):
        lock.confirm()
        first, *later = ledger.make(kind, period)
        publish(settings, PAYOUTS, [row for one in (first, *later) for row in records(plan, kind, one)])
        logged = logged_payments(settings) if later else []
        later = [one for one in later if one.new or ledger.pay(kind, one.period, logged)[1]]
    path = out or Path(f"payout-{period}-v{first.number}.csv")
    if not first.rows:
        click.echo(f"{period} pays nobody anything")
    else:
        write_csv(path, records(plan, kind, first), names_of(plan))
        click.echo(f"{path}: {len(first.rows)} payees, version {first.number}")
    for one in later:
        beside = path.with_name(f"payout-{one.period}-v{one.number}.csv")
        write_csv(beside, records(plan, kind, one), names_of(plan))
        why = "since what it recovers or pays has changed" if one.new else "which is still to be paid"
        click.echo(
            f"{beside}: {len(one.rows)} payees, version {one.number}, {why}; kpistream pay {one.period} records the "
            "difference"
        )


def write_csv(path: Path, rows: list[Payout], names: dict[str, str]) -> None:
    """A line a payee; money as exact decimals. The mark at its beginning tells spreadsheets that it is UTF-8."""
    try:
        file = path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise click.ClickException(
            f"{path} cannot be written ({error.strerror}); the payout is made and on its topic: "
            "kpistream payout with another --out writes the file"
        ) from error
    with file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            writer.writerow(msgspec.structs.asdict(row) | {"name": names.get(row.employee or row.unit, "")})


def names_of(plan: Plan) -> dict[str, str]:
    """What payees are called, by employee and by unit as payouts have it."""
    company = plan.organisation
    names = {employee.id: employee.name or "" for employee, _ in employees_of(plan)}
    units = [("company", company), *((f"department:{one.id}", one) for one in company.departments)]
    units += [(f"team:{team.id}", team) for one in company.departments for team in one.teams]
    return names | {unit: one.name.en for unit, one in units if one.name is not None}


@contextmanager
def tables(settings: Settings, plan: Plan) -> Iterator:
    """The ledger's tables of ``plan``, and the lock of commands; ClickException where they are behind the payouts that
    were published.

    Tables that are being loaded anew would have versions made a second time, or old ones paid. Two commands at once
    would make one version twice, or each pay what the other was about to record.
    """
    from infra.control_topic import operating
    from infra.payout_tables import PayoutTables
    from sinks.connection import connect, from_settings

    with operating(settings) as lock, connect(from_settings(settings)) as client:
        ledger = PayoutTables(client, plan, time.time_ns() // 1_000_000)
        missing = ledger.behind(published_versions(settings, plan.plan))
        if missing:
            raise click.ClickException(
                f"the tables do not hold version {missing[1]} of the payout of {missing[0]} yet, which the topic has: "
                "try again once the sink has caught up"
            )
        yield ledger, lock


def _plan(settings: Settings) -> Plan:
    from infra.control_topic import newest_plan

    applied = newest_plan(settings)
    if applied is None:
        raise click.ClickException("no plan has been applied")
    return applied.plan


def _kind(plan: Plan, period: str) -> str:
    try:
        return period_kind_of(plan, period)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
