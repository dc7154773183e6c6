"""A process that dies by its own hand right after a marked step: ``python -m tests.chaos.marked STEP COUNT COMMAND …``.

The step is taken from the running code from outside, so the product knows nothing of it. ``COUNT`` counts the step
over all stages, partitions and channels of the process.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Callable
from inspect import iscoroutinefunction

from runtime.producing import Sender
from runtime.source import RecordBatchSource
from runtime.stage import StageRunner
from sinks.alerts.channels import WebhookSender
from sinks.alerts.log import DeliveryLog
from sinks.alerts.source import AwardSource
from sinks.checkpoints import ClickHouseCheckpointStore
from sinks.loader import Loader

#: After which call a step is done.
STEPS: dict[str, tuple[type, str]] = {
    "folded": (StageRunner, "_folded"),
    "results half sent": (Sender, "_acknowledged"),
    "results sent": (Sender, "send"),
    "checkpoint stored": (ClickHouseCheckpointStore, "save"),
    "offsets committed": (RecordBatchSource, "_commit"),
    "partition taken": (StageRunner, "take"),
    "rows inserted": (Loader, "_insert"),
    "rows flushed": (Loader, "insert"),
    "alert accepted": (WebhookSender, "send"),
    "delivery recorded": (DeliveryLog, "write"),
    "awards committed": (AwardSource, "commit"),
}
APPS = {"worker": "streams.app", "sink": "sinks.app", "alerts": "sinks.alerts_app"}


def mark(step: str, count: int) -> None:
    """Let this process die by SIGKILL once ``step`` was done ``count`` times."""
    owner, name = STEPS[step]
    setattr(owner, name, _dying(getattr(owner, name), [count]))


def _dying(method: Callable, left: list[int]) -> Callable:
    def done() -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def awaited(*args, **options):
        found = await method(*args, **options)
        done()
        return found

    def called(*args, **options):
        found = method(*args, **options)
        done()
        return found

    return awaited if iscoroutinefunction(method) else called


if __name__ == "__main__":
    step, count, command, *_, port = sys.argv[1:]
    mark(step, int(count))
    os.environ["KPISTREAM_WEB_PORT"] = port
    sys.argv = ["faust", "-A", APPS[command], "--loop", "uvloop", "worker", "-l", "info", "--web-port", port]
    runpy.run_module("faust", run_name="__main__", alter_sys=True)
