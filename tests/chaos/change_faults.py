"""Changes of the plan and closes, while processes and servers come and go."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from infra.control_topic import newest_plan
from schemas.control import PlanApplied, decode_control
from schemas.plan import Plan
from schemas.topics import CONTROL
from tests.chaos.expected import read_topic
from tests.chaos.traffic import months
from tests.chaos.world import World


def plans_at_once(world: World, dice: Random, seconds: float) -> str:
    """Four operators apply four plans at the same moment, under load: one of them is in force, everywhere."""
    files = [_written(world, number, dice) for number in range(4)]
    before = world.plan.version
    world.tend(seconds / 3)
    commands = [world.start_command("plan", "apply", str(file)) for file in files]
    world.tend_until(lambda: not any(one.running() for one in commands), 60, "plan apply does not end")
    said = [one.log_tail(1) for one in commands if one.exit_code]
    if said:
        raise AssertionError(f"plan apply: {said}")
    world.plan = newest_plan(world.settings).plan
    world.tend(seconds / 3)
    records = [decode_control(one.value) for one in read_topic(world.stack.kafka.bootstrap, CONTROL.name)]
    versions = [one.plan.version for one in records if isinstance(one, PlanApplied)]
    if len(versions) != len(set(versions)):
        raise AssertionError(f"versions of plans: {versions}")
    return f"versions {before + 1} to {world.plan.version}"


def broker_away_from_plan(world: World, dice: Random, seconds: float) -> str:
    """Kafka is killed while a plan is being applied; the command waits for it, and need not be given again."""
    before = world.plan.version
    for number in range(3):
        command = world.start_command("plan", "apply", str(_written(world, number, dice)))
        world.tend(dice.uniform(0.8, 1.6))
        world.stack.kafka.kill()
        world.tend(1)
        world.stack.kafka.start()
        world.tend_until(lambda command=command: not command.running(), 150, "plan apply does not end")
        if command.exit_code:
            raise AssertionError(f"plan apply: {command.log_tail(3)}")
    world.plan = newest_plan(world.settings).plan
    if world.plan.version != before + 3:
        raise AssertionError(f"3 plans took the version from {before} to {world.plan.version}")
    return f"3 plans applied, version {world.plan.version} in force"


def close_during_rebalance(world: World, dice: Random, seconds: float) -> str:
    """The first month of the traffic is closed while workers come and go; twice, as the first may not seem to work."""
    world.tend(seconds / 3)
    month = months(world.seed)[0]
    command = ("close", month, "--early", "--out", str(world.folder / "payout"))
    closing = [world.start_command(*command)]
    world.bring("worker-1")
    world.tend(dice.uniform(1, 2))
    world.kill("worker-0")
    closing.append(world.start_command(*command))
    world.tend(dice.uniform(2, 4))
    world.dismiss("worker-1", kill=dice.random() < 0.5)
    world.tend_until(lambda: not any(one.running() for one in closing), 120, "close does not end")
    if closing[-1].exit_code:
        raise AssertionError(f"close: {closing[-1].log_tail(3)}")
    world.tend(seconds / 3)
    closed, paid, posted, later = (
        world.query(question, {"month": month})[0][0]
        for question in (
            "SELECT uniq(credits_partition) FROM kpistream.period_closes WHERE period = %(month)s",
            "SELECT sum(earned) FROM bi.payouts WHERE newest AND period = %(month)s",
            "SELECT sum(amount) FROM kpistream.earnings FINAL WHERE posted_in = %(month)s",
            "SELECT countIf(posted_in != period) FROM kpistream.earnings FINAL WHERE period = %(month)s",
        )
    )
    if paid != posted:
        raise AssertionError(f"the payout of {month} comes to {paid}, its lines to {posted}")
    return f"closed in {closed} partitions, {later} lines posted later" if closed == world.settings.partitions else ""


def _written(world: World, number: int, dice: Random) -> Path:
    """A plan like the one in force with other bounds and amounts, in a file."""
    rule = world.plan.awards[0].model_dump(mode="json", exclude_none=True)
    for tier, step in zip(rule["tiers"], (1, 4, 12), strict=True):
        tier["value"] = str(step * dice.randint(1500, 2900))
        tier["amount"] = str(step * dice.randint(40, 90))
    plan: Plan = world.plan.model_copy(update={"version": 1})
    file = world.folder / f"plan-{number}.yaml"
    file.write_text(json.dumps(plan.model_dump(mode="json", exclude_none=True) | {"awards": [rule]}))  # JSON is YAML
    return file
