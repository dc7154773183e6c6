"""``kpistream``: every command, each in its own module, loaded when it is called."""
from __future__ import annotations

from typing import ClassVar

import click

from infra.command_failures import command_failure
from infra.lazy_commands import Lazily, LazyGroup
from runtime.memory import keep, unhurried

#: In the order of a first day.
COMMANDS = {
    "run": Lazily("infra.run.command:run", "Everything on this machine: servers, stages, events."),
    "stack": Lazily("infra.local.stack_cli:stack", "The embedded Kafka and ClickHouse."),
    "topics": Lazily("infra.setup_cli:topics", "Create the topics that are missing."),
    "migrate": Lazily("infra.setup_cli:migrate", "Bring ClickHouse's tables and views up to date."),
    "plan": Lazily("infra.plan_cli:plan", "The plan: organisation, KPIs, targets, awards."),
    "close": Lazily("infra.close_cli:close", "Close a period and write its payout."),
    "payout": Lazily("infra.payout_cli:payout", "What a period pays each person, as CSV and in the topic."),
    "pay": Lazily("infra.payout_cli:pay", "Record that a payout was paid."),
    "worker": Lazily("infra.process_cli:worker", "Run the stages: intake, crediting, performance, rollups."),
    "sink": Lazily("infra.process_cli:sink", "Run the loader: internal topics to ClickHouse."),
    "lag-exporter": Lazily("infra.lag.command:lag_exporter", "Serve lag and ages of checkpoints to Prometheus."),
    "alerts": Lazily("infra.alerts_cli:alerts", "Awards pushed to people, each once."),
    "produce": Lazily("infra.ingest.ingest_cli:produce", "Send JSON lines to Kafka, every delivery confirmed."),
    "import": Lazily("infra.ingest.ingest_cli:import_", "Turn files of another system into events and a plan."),
    "simulate": Lazily("infra.ingest.ingest_cli:simulate", "Events of a simulated company, reproducible by seed."),
    "backtest": Lazily("infra.backtest_cli:backtest", "What a plan gives on a file of events."),
    "explain": Lazily("infra.explain.command:explain", "Why an award was decided, or what a period paid."),
    "reconcile": Lazily("infra.reconcile_cli:reconcile", "Recompute by SQL what the stages folded, and compare."),
    "rebuild": Lazily("infra.rebuild_cli:rebuild", "Fold all credits again, under the plan in force."),
    "backup": Lazily("infra.backup_cli:backup", "Back up ClickHouse, tables and checkpoints alike."),
    "restore": Lazily("infra.backup_cli:restore", "Bring back a back-up into an empty ClickHouse."),
    "reload": Lazily("infra.backup_cli:reload", "Let the sinks load the topics again."),
    "dlq": Lazily("infra.dlq_cli:dlq", "Dead letters: records that could not be used, and why."),
    "show": Lazily("infra.show_cli:show", "Print the records of a topic as JSON lines."),
    "top": Lazily("infra.top:top", "The stages, their lag and rate, the newest awards."),
    "doctor": Lazily("infra.doctor.command:doctor", "Say what is wrong with this set-up, and how to mend it."),
}


class _Commands(LazyGroup):
    lazily: ClassVar = COMMANDS

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        unhurried()
        keep()
        return super().get_command(ctx, name)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if (sentence := command_failure(error)) is None:
                raise
            raise click.ClickException(sentence) from error


@click.command(cls=_Commands)
@click.version_option(package_name="kpistream")
def main() -> None:
    """Real-time KPIs and incentives on Kafka, Faust and ClickHouse."""


if __name__ == "__main__":
    main()
