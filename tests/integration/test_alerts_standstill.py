"""A process of alerts that gets nowhere ends and its restart goes on; one that waits for a receiver stays."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from runtime.failing import EXIT_FATAL
from tests.integration.alerts_process import Alerts, awards_of, ids
from tests.integration.conftest import eventually

STALL_SECONDS = 2
#: ``kpistream alerts run`` whose client of the awards is served records no more once a file is there.
STUCK = """
import asyncio, sys
from pathlib import Path
from aiokafka import AIOKafkaConsumer
from infra.cli import main
getmany, stuck = AIOKafkaConsumer.getmany, Path(sys.argv[1])
async def served(self, *places, **options):
    if stuck.exists() and (self._group_id or "").endswith("-alerts"):  # a new client, the probe, is served
        await asyncio.sleep(0.1)
        return {}
    return await getmany(self, *places, **options)
AIOKafkaConsumer.getmany = served
main(["alerts", "run", "--web-port", sys.argv[2]])
"""


@pytest.fixture
def alerts(own_stack: LocalStack, tmp_path: Path) -> Iterator[Alerts]:
    running = Alerts(own_stack, tmp_path, "standstill")
    running.environment["KPISTREAM_STALL_SECONDS"] = str(STALL_SECONDS)
    try:
        yield running
    finally:
        running.close()


def test_a_client_that_gets_no_records_ends_the_process_and_the_restart_tells_everything(
    alerts: Alerts, tmp_path: Path
) -> None:
    stuck, awards = tmp_path / "stuck", awards_of(20)
    program = [sys.executable, "-c", STUCK, str(stuck), str(alerts.port.port)]
    alerts.process = ChildProcess("alerts", program, alerts.log, environment=alerts.environment)
    alerts.process.wait_until(lambda: alerts.page("readyz") is not None, 60)
    alerts.produce(awards[:10])
    assert eventually(lambda: len(alerts.receiver.accepted) == 10, 30), alerts.process.log_tail(20)
    stuck.touch()
    alerts.produce(awards[10:])
    assert eventually(lambda: alerts.process.exit_code is not None, 60), alerts.process.log_tail(20)
    assert alerts.process.exit_code == EXIT_FATAL
    assert "records behind and no progress for" in alerts.process.log_tail(20)
    alerts.start()
    assert eventually(lambda: alerts.pending() == [], 30), alerts.process.log_tail(20)
    assert sorted(alerts.receiver.got()) == ids(awards)


def test_a_receiver_that_refuses_for_long_does_not_end_it(alerts: Alerts) -> None:
    alerts.file.write_text(alerts.file.read_text() + "max_pending: 10\n")
    alerts.receiver.answer = lambda number: (0.0, 503, {})
    awards, asked = awards_of(20), alerts.receiver.asked
    alerts.start()
    alerts.produce(awards)
    assert eventually(lambda: 'kpistream_alerts_pending{channel="hook"} 20.0' in (alerts.page("metrics") or ""), 30)
    more = awards_of(10, first=20)  # these are not read: nobody may take the lag for a standstill
    alerts.produce(more)
    full_since = asked[-1]
    assert eventually(lambda: asked[-1] - full_since > 5 * STALL_SECONDS, 60), alerts.process.log_tail(20)
    assert alerts.process.exit_code is None
    alerts.receiver.answer = lambda number: (0.0, 200, {})
    assert eventually(lambda: alerts.pending() == [], 30), alerts.process.log_tail(20)
    assert sorted(alerts.receiver.got()) == ids(awards + more)
    assert "no progress" not in alerts.log.read_text()
