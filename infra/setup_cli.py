"""``kpistream topics`` and ``kpistream migrate``."""

from __future__ import annotations

import click
from kafka.errors import SecurityDisabledError

from infra.clickhouse.migrate import migrate as run_migrations
from infra.clickhouse.migrate import status as migration_status
from infra.clickhouse.migration_files import MigrationError
from infra.kafka_rights import ROLES, grant
from infra.settings import load_settings
from infra.topic_admin import TopicsDiffer, create_topics
from infra.troubles import kafka_refusal
from sinks.connection import from_settings


@click.command()
@click.option("--grant", "grants", multiple=True, metavar="ROLE=ACCOUNT",
              help="Also give a Kafka account the rights of a producer, worker or operator; may come several times.")
def topics(grants: tuple[str, ...]) -> None:
    """Create the topics that are missing."""
    pairs = [_role_and_account(one) for one in grants]
    settings = load_settings()
    if refusal := kafka_refusal(settings):  # the client below would try for half a minute first
        raise click.ClickException(refusal)
    try:
        created = create_topics(settings)
    except TopicsDiffer as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"created: {', '.join(created)}" if created else "all topics exist")
    if pairs:
        try:
            grant(settings, pairs)
        except SecurityDisabledError as error:
            raise click.ClickException(
                "these brokers know no rights, everybody may do all: set authorizer.class.name (docs/security.md)"
            ) from error
        click.echo(f"granted: {', '.join(f'{account} as {role}' for role, account in pairs)}")


def _role_and_account(text: str) -> tuple[str, str]:
    role, _, account = text.partition("=")
    if role not in ROLES or not account:
        raise click.UsageError(f"--grant {text}: expected ROLE=ACCOUNT with one of the roles {', '.join(ROLES)}")
    return role, account


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
@click.option("--status", "only_status", is_flag=True, help="List migrations and whether they are applied.")
@click.option("--cluster", default="", help="Replicated cluster to create everything on.")
def migrate(dry_run: bool, only_status: bool, cluster: str) -> None:
    """Bring ClickHouse's tables and views up to date."""
    connection = from_settings(load_settings())
    try:
        if only_status:
            for one in migration_status(connection):
                click.echo(one)
            return
        done = run_migrations(connection, dry_run, cluster=cluster)
    except MigrationError as error:
        raise click.ClickException(str(error)) from error
    for one in done:
        click.echo(f"{'would apply' if dry_run else 'applied'} {one.name}")
    if not done:
        click.echo("up to date")
