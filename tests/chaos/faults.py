"""All faults by name. Each strikes a world under traffic and says what could be seen of it, '' if nothing could.

A new fault is a function in one of the files beside this one and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.chaos import alert_faults, change_faults, frozen_faults, input_faults, process_faults, server_faults
from tests.chaos.world import World

#: (world, dice, about how many seconds) → what was seen.
Fault = Callable[[World, Random, float], str]

FAULTS: dict[str, Fault] = {
    "worker killed": process_faults.worker_killed,
    "worker told to end": process_faults.worker_told_to_end,
    "told to end while Kafka is away": process_faults.told_to_end_alone,
    "rolling restart": process_faults.rolling_restart,
    "worker dies after each step": process_faults.worker_dies_after_steps,
    "sink killed": process_faults.sink_killed,
    "sink dies after each step": process_faults.sink_dies_after_steps,
    "alerts die after each step": process_faults.alerts_die_after_steps,
    "everything dies after each step": process_faults.all_die_after_steps,
    "everything killed at once": process_faults.everything_killed,
    "worker frozen, back as a zombie": frozen_faults.worker_frozen,
    "everything frozen, back as zombies": frozen_faults.everything_frozen,
    "workers come and go": process_faults.workers_come_and_go,
    "alerts killed": alert_faults.alerts_killed,
    "alerts frozen, back as a zombie": frozen_faults.alerts_frozen,
    "receiver hangs": alert_faults.receiver_hangs,
    "broker killed": server_faults.broker_killed,
    "broker restarted": server_faults.broker_restarted,
    "slow broker": server_faults.slow_broker,
    "ClickHouse killed": server_faults.clickhouse_killed,
    "ClickHouse killed inside inserts": server_faults.clickhouse_killed_inserting,
    "ClickHouse away for long": server_faults.clickhouse_stopped,
    "ClickHouse lost and restored": server_faults.clickhouse_restored,
    "slow ClickHouse": server_faults.slow_clickhouse,
    "disk full": server_faults.disk_full,
    "aborted transactions": input_faults.aborted_transactions,
    "poisoned topic": input_faults.poisoned_topic,
    "far past and far future": input_faults.far_past_and_future,
    "plans applied at once": change_faults.plans_at_once,
    "broker restarted while a plan is applied": change_faults.broker_away_from_plan,
    "close during a rebalance": change_faults.close_during_rebalance,
}
