"""What commands import before they look at their settings: ``forked`` makes processes of one that has it."""

import sys
from importlib import import_module

from runtime.memory import keep, unhurried

_MODULES = (
    "faust.app.router",
    "faust.assignor.partition_assignor",
    "faust.cli.faust",
    "faust.sensors.monitor",
    "faust.tables.sets",
    "faust.topics",
    "faust.transport.drivers.aiokafka",
    "faust.web.drivers.aiohttp",
    "infra.alerts_cli",
    "infra.lag.exporter",
    "infra.mappings_file",
    "infra.plugins",
    "infra.process_cli",
    "infra.reconcile_cli",
    "infra.topic_ids",
    "runtime.app",
    "runtime.award_log",
    "runtime.control",
    "runtime.sink_source",
    "runtime.source",
    "runtime.topic_identity",
    "runtime.web",
    "sinks.alerts.channels",
    "sinks.alerts.courier",
    "sinks.alerts.source",
    "sinks.checkpoints",
    "sinks.loader",
    "streams.performance.stage",
    "streams.rollups.stage",
    "streams.stage_folds",
    "streams.state_layouts",
)

# as infra.cli and infra.process_cli have it: faust takes the loop from the arguments as it is loaded
unhurried()
keep()
sys.argv[1:] = ["--loop", "uvloop"]
for name in _MODULES:
    import_module(name)
