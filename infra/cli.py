"""``kpistream``: every command, each in its own module, loaded when it is called."""
from __future__ import annotations

from importlib import import_module

import click

from infra.command_failures import command_failure
from runtime.memory import keep, unhurried

#: command → module:attribute, in the order of a first day
COMMANDS = {
    "run": "infra.run.command:run",
    "stack": "infra.local.stack_cli:stack",
    "topics": "infra.setup_cli:topics",
    "migrate": "infra.setup_cli:migrate",
    "plan": "infra.plan_cli:plan",
    "close": "infra.close_cli:close",
    "payout": "infra.payout_cli:payout",
    "pay": "infra.payout_cli:pay",
    "worker": "infra.process_cli:worker",
    "sink": "infra.process_cli:sink",
    "lag-exporter": "infra.lag.command:lag_exporter",
    "alerts": "infra.alerts_cli:alerts",
    "produce": "infra.ingest.ingest_cli:produce",
    "import": "infra.ingest.ingest_cli:import_",
    "simulate": "infra.ingest.ingest_cli:simulate",
    "backtest": "infra.backtest_cli:backtest",
    "explain": "infra.explain.command:explain",
    "reconcile": "infra.reconcile_cli:reconcile",
    "rebuild": "infra.rebuild_cli:rebuild",
    "backup": "infra.backup_cli:backup",
    "restore": "infra.backup_cli:restore",
    "reload": "infra.backup_cli:reload",
    "dlq": "infra.dlq_cli:dlq",
    "show": "infra.show_cli:show",
    "top": "infra.top:top",
    "doctor": "infra.doctor.command:doctor",
}


class _Lazy(click.Group):
    """Imports a command's module only when it is used: ``plan validate`` need not load Kafka clients."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        target = COMMANDS.get(name)
        if target is None:
            return None
        module, attribute = target.split(":")
        unhurried()
        keep()
        return getattr(import_module(module), attribute)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if (sentence := command_failure(error)) is None:
                raise
            raise click.ClickException(sentence) from error


@click.command(cls=_Lazy)
@click.version_option(package_name="kpistream")
def main() -> None:
    """Real-time KPIs and incentives on Kafka, Faust and ClickHouse."""


if __name__ == "__main__":
    main()
