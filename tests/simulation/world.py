"""A history: the real sources, runners and folds on a simulated Kafka and ClickHouse, with faults from one seed."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

from aiokafka import TopicPartition

import runtime.producing
import runtime.source
import runtime.stage
import runtime.watchdog
from runtime.producing import Sender
from runtime.records import Out
from runtime.rounds import round_ended
from runtime.source import RecordBatchSource
from runtime.stage import StageRunner
from runtime.state_layout import StateLayout
from schemas.blocks import kind_header
from schemas.control import KIND, Control, PeriodClosed, PlanApplied, encode_control
from schemas.event_types import EventTypes
from schemas.plan import Plan
from schemas.topics import AWARDS, CONTROL_TARGETS, CREDITS, EARNINGS, FACTS, KPI_UPDATES, UNIT_UPDATES
from streams.intake import Intake
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups
from streams.stage_folds import CreditingFold, IntakeFold
from tests.simulation.clock import SimLoop
from tests.simulation.kafka import Broker, Consumer, Producer
from tests.simulation.processes import CURRENT, Exited, Network, Process
from tests.simulation.store import Store
from tests.simulation.upstream import INPUTS, left_for

SOURCE = "events.sales"
MONTH = "2026-05"  # of all events
PARTITIONS = 2
_SOURCE_PARTITIONS = 2
_INPUT = {"intake": SOURCE} | INPUTS
_END_OF_FAULTS = 15.0
_LONGEST = 60.0  # simulated seconds in which everything must be worked off


@dataclass(frozen=True)
class Fault:
    """What happens at ``at`` (simulated seconds) for ``lasting`` seconds; ``worker`` where it hits one.

    ``crash after``: from then on, whoever does the ``count``-th of ``step`` dies at once when it is done.
    """

    at: float
    kind: str
    worker: int = 0
    lasting: float = 0.0
    step: str = ""
    count: int = 0


@dataclass
class Build:
    """What the history runs: the real thing, or a deliberately broken one (negative controls)."""

    runner: type[StageRunner] = StageRunner
    sender: type[Sender] = Sender
    store: type[Store] = Store
    performance: type[Performance] = Performance
    rollups: type[Rollups] = Rollups


class Newer:
    """A fold of a program after an upgrade: its state rows have another format, every value written backwards."""

    def __init__(self, fold) -> None:
        self._fold = fold
        self.fold, self.updates = fold.fold, fold.updates

    def dirty_rows(self) -> dict[str, bytes]:
        return backwards(self._fold.dirty_rows())

    def restore(self, rows: dict[str, bytes]) -> None:
        self._fold.restore(backwards(rows))


def backwards(rows: dict[str, bytes]) -> dict[str, bytes]:
    """The step from the format before to that of ``Newer``, and back."""
    return {key: value[::-1] for key, value in rows.items()}


@dataclass
class History:
    """Events and faults; ``run`` leaves the logs. Workers that start after ``upgrade`` (simulated seconds) run the
    newer program, beside those that still run the one of before.
    """

    seed: int
    plans: list[Plan]
    values: list[bytes]
    faults: list[Fault]
    build: Build = field(default_factory=Build)
    workers: int = 2
    closes_at: float | None = None  # simulated seconds after which the month of all events is closed
    upgrade: float | None = None
    stages: tuple[str, ...] = tuple(_INPUT)  # all of them, or one that is fed with what those ahead of it leave
    exits: list[str] = field(default_factory=list)  # what ended itself, with a sentence
    errors: list[str] = field(default_factory=list)  # what broke off, without one
    broker: Broker | None = None
    store: Store | None = None
    finished: bool = False

    def run(self) -> History:
        """Play the history to its end."""
        self.dice = Random(self.seed)
        self.network = Network(self.dice, usual=self.dice.choice([0.01, 0.05, 0.2]))
        self.store = self.build.store(self.dice)
        self.loop = SimLoop(self._blocking)
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        clock = SimpleNamespace(monotonic=self.loop.time, perf_counter=self.loop.time)
        quiet = logging.getLogger()
        level, quiet.level = quiet.level, logging.CRITICAL + 1
        logging.disable(logging.CRITICAL)
        try:
            with ExitStack() as patches:
                for module in (runtime.stage, runtime.source, runtime.producing, runtime.watchdog):
                    patches.enter_context(patch.object(module, "fatal", self._exit))
                    if hasattr(module, "time"):
                        patches.enter_context(patch.object(module, "time", clock))
                patches.enter_context(patch.object(runtime.source, "make_consumer", self._consumer))
                patches.enter_context(patch.object(runtime.source, "kafka_serves", _serves))
                self.loop.run_until_complete(self._play())
                self._end()
        finally:
            logging.disable(logging.NOTSET)
            quiet.level = level
            asyncio.set_event_loop(None)
        return self

    # -- what the processes get instead of the outside

    async def _blocking(self, call):
        return await self.network.request("checkpoint", call)

    def _consumer(self, settings, role: str, **options: object) -> Consumer:
        return Consumer(self.broker, role)

    def _exit(self, sentence: str):
        process = CURRENT.get()
        if not process.alive:
            raise Exited(sentence)  # its tasks are still here, but whatever they find is no news
        process.kill()
        self.exits.append(f"{self.loop.now:.1f} {process.name}: {sentence}")
        raise Exited(sentence)

    # -- the play

    async def _play(self) -> None:
        topics = ("facts", "credits", "awards", "earnings", "outcomes", "dead-letters")
        single = dict.fromkeys((KPI_UPDATES.name, UNIT_UPDATES.name), 1)
        self.broker = Broker(self.network, {SOURCE: _SOURCE_PARTITIONS} | dict.fromkeys(topics, PARTITIONS) | single)
        self._slots: list[Process | None] = [None] * self.workers
        if "intake" in self.stages:
            self._control(self._applied()[0])
            tasks = self._feed, self._change_plans, self._close
        else:
            tasks = (self._feed_stage,)
        self._input = [asyncio.ensure_future(task()) for task in tasks]
        self._others = [asyncio.ensure_future(self._supervise(slot)) for slot in range(self.workers)]
        self._others += [asyncio.ensure_future(self._strike(fault)) for fault in self.faults]
        await asyncio.sleep(_END_OF_FAULTS)
        self.network.failing, self.network.slow, self.store.away = 0.0, self.network.usual, False
        self.network.crash_after.clear()
        await asyncio.gather(*self._input)
        while self.loop.now < _LONGEST and not self._worked_off():
            await asyncio.sleep(1)
        self.finished = self._worked_off()

    def _applied(self) -> list[Control]:
        return [PlanApplied(id=f"{plan.plan}-{plan.version}", plan=plan) for plan in self.plans]

    def _control(self, record: Control) -> None:
        value = encode_control(record)
        for topic in CONTROL_TARGETS:
            for partition in range(self.broker.partitions[topic.name]):
                self.broker.append(topic.name, value, partition, headers=kind_header(KIND))

    async def _change_plans(self) -> None:
        for number, applied in enumerate(self._applied()[1:], start=1):
            await asyncio.sleep(_END_OF_FAULTS * number / len(self.plans))
            self._control(applied)

    async def _close(self) -> None:
        if self.closes_at is not None:
            await asyncio.sleep(self.closes_at)
            self._control(PeriodClosed.of(self.plans[0], "month", MONTH))

    async def _feed(self) -> None:
        await self._append([Out(SOURCE, value, self.dice.randrange(_SOURCE_PARTITIONS)) for value in self.values])

    async def _feed_stage(self) -> None:
        (stage,), controls = self.stages, self._applied()
        if self.closes_at is not None:
            controls.insert(self.dice.randint(1, len(controls)), PeriodClosed.of(self.plans[0], "month", MONTH))
        await self._append(left_for(stage, self.values, controls, PARTITIONS, self.dice))

    async def _append(self, records: list[Out]) -> None:
        pause = _END_OF_FAULTS * 0.8 / max(1, len(records))
        for record in records:
            self.broker.append(record.topic, record.value, record.partition, record.key, record.headers)
            await asyncio.sleep(self.dice.uniform(0, 2 * pause))

    def _inputs(self) -> dict[str, str]:
        return {stage: _INPUT[stage] for stage in self.stages}

    def _worked_off(self) -> bool:
        """Every stage has folded and committed all of its input: what is committed has been acknowledged."""
        return all(
            self.broker.group(stage).committed.get(partition, 0) == len(self.broker.logs[partition])
            for stage, topic in self._inputs().items()
            for partition in (TopicPartition(topic, at) for at in range(self.broker.partitions[topic]))
        )

    async def _supervise(self, slot: int) -> None:
        """Keep a worker running: whatever ends it, another follows."""
        number = 0
        while True:
            process = Process(f"worker {slot}.{number}")
            self._slots[slot] = process
            context = copy_context()
            context.run(CURRENT.set, process)
            work = context.run(asyncio.ensure_future, self._work(process))
            work.add_done_callback(lambda done, process=process: self._ended(process, done))
            while process.alive:
                await asyncio.sleep(0.5)
            await asyncio.sleep(self.dice.uniform(0.1, 1))
            number += 1

    def _ended(self, process: Process, work: asyncio.Task) -> None:
        """An error on the way up or down ends a real process with a stack trace: that is no orderly end."""
        error = None if work.cancelled() else work.exception()
        if error is not None and not isinstance(error, Exited):
            process.kill()
            self.errors.append(f"{self.loop.now:.1f} {process.name}: {error!r}")

    async def _work(self, process: Process) -> None:
        settings = SimpleNamespace(
            partitions=PARTITIONS, max_event_bytes=262_144, update_seconds=0.25, checkpoint_seconds=0.6,
            stall_seconds=120.0, max_batch_records=self.dice.choice([1, 3, 20, 1000]),
        )  # fmt: skip
        facts_of = Intake(PARTITIONS, EventTypes({}), max_event_bytes=settings.max_event_bytes)
        sender = self.build.sender(Producer(self.broker), "simulated")
        folds = {
            "intake": lambda at, offset: IntakeFold(at.topic, at.partition, offset, facts_of),
            "crediting": lambda at, offset: CreditingFold(at.partition, PARTITIONS),
            "performance": lambda at, offset: self.build.performance(at.partition, PARTITIONS),
            "rollups": lambda at, offset: self.build.rollups(at.partition),
        }
        layout = StateLayout(partitions=PARTITIONS)
        if self.upgrade is not None and self.loop.now >= self.upgrade:
            layout = StateLayout(2, {1: backwards}, PARTITIONS)
            folds |= {stage: _newer(folds[stage]) for stage in folds if stage != "intake"}
        sources, agents, runners = [], [], []
        for stage in self.stages:
            make_fold = folds[stage]
            store = None if stage == "intake" else self.store
            runner = self.build.runner(stage, make_fold, sender, store, layout, joins=stage == "intake")
            runners.append(runner)
            channel: asyncio.Queue = asyncio.Queue(maxsize=4)
            rounds = partial(round_ended, runners) if stage == "intake" else None
            source = RecordBatchSource(runner, channel, (_INPUT[stage],), settings, round_ended=rounds)
            agents.append(asyncio.ensure_future(self._agent(channel, runner)))
            sources.append(source)
            await source.on_start()
        self._others += agents
        await process.asked_to_stop.wait()
        for source in reversed(sources):  # the order in which Faust ends what was added last
            await source.on_stop()
        for agent in agents:
            agent.cancel()
        process.kill()

    async def _agent(self, channel: asyncio.Queue, runner: StageRunner) -> None:
        process = CURRENT.get()
        while True:
            together = await channel.get()
            await process.pass_gate()
            await runner.process(*together)

    # -- faults

    async def _strike(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at)
        process = self._slots[fault.worker % self.workers]
        if fault.kind == "kill":
            process.kill()
        elif fault.kind == "stop":
            process.asked_to_stop.set()
        elif fault.kind == "crash after":
            self.network.crash_after.setdefault(fault.step, []).append(fault.count)
        elif fault.kind == "freeze":
            process.freeze()
            await asyncio.sleep(fault.lasting)
            process.thaw()
        elif fault.kind == "store away":
            self.store.away = True
            await asyncio.sleep(fault.lasting)
            self.store.away = False
        elif fault.kind == "restore":  # a back-up now, put back later under running workers
            backup = self.store.backup()
            await asyncio.sleep(fault.lasting)
            self.store.restore(backup)
        elif fault.kind == "errors":
            self.network.failing = 0.3
            await asyncio.sleep(fault.lasting)
            self.network.failing = 0.0
        elif fault.kind == "slow":
            self.network.slow = 0.4
            await asyncio.sleep(fault.lasting)
            self.network.slow = self.network.usual

    def _end(self) -> None:
        """Nothing of the history goes on."""
        for process in self._slots:
            if process:
                process.alive = False
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))


def _newer(make_fold):
    return lambda at, offset: Newer(make_fold(at, offset))


async def _serves(settings, places) -> bool:
    return True


#: What stages send.
OUTPUTS = {
    "intake": (FACTS,),
    "crediting": (CREDITS,),
    "performance": (AWARDS, EARNINGS, KPI_UPDATES),
    "rollups": (AWARDS, EARNINGS, UNIT_UPDATES),
}


def steps_of(stages: tuple[str, ...] = tuple(_INPUT)) -> list[str]:
    """Steps after which a process may be made to die."""
    sent = dict.fromkeys(topic.name for stage in stages for topic in OUTPUTS[stage])
    commits = [f"commit of {stage}" for stage in stages]
    return [*(f"send to {topic}" for topic in sent), *commits, "checkpoint", "checkpoint", "fetch", "committed"]


def random_faults(dice: Random, workers: int) -> list[Fault]:
    """Faults while events come: at any moment, and right after marked steps."""
    kinds = ["kill"] * 2 + ["stop"] * 3 + ["freeze"] * 3 + ["store away", "errors", "errors", "slow"]
    faults = [
        Fault(_moment(dice), dice.choice(kinds), dice.randrange(workers), dice.choice([0.5, 1, 2, 5]))
        for _ in range(dice.randint(1, 5))
    ]
    faults += [
        Fault(_moment(dice), "crash after", step=dice.choice(steps_of()), count=dice.randint(1, 5))
        for _ in range(dice.randint(1, 4))
    ]
    return sorted(faults, key=lambda fault: fault.at)


def _moment(dice: Random) -> float:
    return dice.uniform(1, _END_OF_FAULTS * 0.9)
