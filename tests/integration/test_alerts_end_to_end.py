"""From an event in Kafka to the HTTP request that tells of the award, through running worker and alerts processes."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.sales import plan_of
from infra.control_topic import apply_plan
from infra.local.stack import LocalStack
from schemas.plan_file import load_plan
from tests.integration.alerts_process import Alerts
from tests.integration.conftest import eventually
from tests.integration.pipeline import ROOT, Pipeline


def sale(number: int, employee: str, amount: str) -> dict:
    data = {"employee": employee, "amount": amount, "currency": "CNY"}
    return {
        "specversion": "1.0", "source": "shop", "id": f"s{number}", "type": "sale", "time": "2026-03-05T10:00:00Z",
        "data": data,
    }  # fmt: skip


def test_an_event_that_crosses_a_tier_is_told_once_whatever_is_sent_again_or_killed(
    own_stack: LocalStack, tmp_path: Path
) -> None:
    plan = plan_of(load_plan(ROOT / "plans" / "benchmark-tiers.yaml"), employees=10)
    with Pipeline(own_stack, partitions=2) as pipeline:
        alerts = Alerts(own_stack, tmp_path, pipeline.settings.group_prefix)
        accepted = alerts.receiver.accepted
        try:
            alerts.start()
            apply_plan(pipeline.settings, plan)
            pipeline.wait_until_drained()
            pipeline.produce("events.sales", [sale(0, "E000001", "150000.00")])
            told = []
            for number in range(1, 6):  # each lifts somebody else over the first tier
                event = sale(number, f"E00000{number + 1}", "250000.00")
                (place,) = pipeline.produce("events.sales", [event])
                assert eventually(lambda number=number: len(accepted) >= number, 30), alerts.process.log_tail(20)
                came, alert = accepted[number - 1]
                assert alert["award"]["cause"]["id"] == event["id"]
                assert alert["body"].splitlines()[1].startswith("Revenue: 250,000")
                in_log = place.timestamp / 1000 - (time.time() - time.monotonic())
                told.append(round(1000 * (came - in_log)))
            print(f"\nmilliseconds from the event's place in Kafka's log to the request: {told}")

            # the same event again, a worker and an alerts process killed: nobody is told twice
            pipeline.produce("events.sales", [sale(1, "E000002", "250000.00")])
            pipeline.kill_worker()
            alerts.process.kill()
            pipeline.start_worker()
            alerts.start()
            pipeline.produce("events.sales", [sale(9, "E000001", "60000.00")])
            assert eventually(lambda: len(accepted) >= 6, 30), alerts.process.log_tail(20)
            pipeline.wait_until_drained()
            assert eventually(lambda: alerts.pending() == [], 10)
            causes = [alert["award"]["cause"]["id"] for _, alert in accepted]
            assert causes == ["s1", "s2", "s3", "s4", "s5", "s9"]
        finally:
            alerts.close()
