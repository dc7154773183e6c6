"""One fault after the other on one world, each judged over everything since the beginning."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos.faults import FAULTS
from tests.chaos.verdict import Verdict, delay, judge
from tests.chaos.world import World


@dataclass
class Trial:
    """What came of one fault. Counts are over the whole run, so a loss shows in every later trial too."""

    fault: str
    seen: str  # what could be seen of the fault; '' makes it unverified
    seconds: float
    records: int  # since the trial before
    recovery: float  # from the end of the fault to level with the traffic that went on
    replayed: int  # since the trial before
    delays: str  # event to award, median and worst, during the fault
    memory: int  # largest worker so far, bytes
    verdict: Verdict | None = field(repr=False)
    problem: str = ""

    @property
    def result(self) -> str:
        """passed, FAILED or unverified."""
        if self.problem or self.verdict is None or not self.verdict.right:
            return "FAILED"
        return "passed" if self.seen else "unverified"


def run(
    folder: Path, faults: Iterable[str], seconds: float, rate: float, seed: int, say: Callable[[str], None]
) -> list[Trial]:
    """Strike with each fault for about ``seconds``; ``say`` hears what goes on."""
    world, trials = World(folder, rate, seed, say), []
    try:
        world.start()
        for name in faults:
            say(f"{name} …")
            trials.append(_try(world, name, Random(f"{seed} {name}"), seconds, trials))
            say(f"{name}: {trials[-1].result}" + (f" ({trials[-1].problem})" if trials[-1].problem else ""))
            if trials[-1].problem:
                break
    finally:
        with suppress(Exception):
            world.stop()
    return trials


def _try(world: World, name: str, dice: Random, seconds: float, before: list[Trial]) -> Trial:
    world.start_traffic()
    world.tend(3)
    started, clock = time.time(), time.monotonic()
    seen, recovery, verdict, problem = "", 0.0, None, ""
    try:
        seen = FAULTS[name](world, dice, seconds)
        lasted = time.monotonic() - clock
        recovery = world.tend_until(lambda: _level(world), 180, "not level with the traffic")
        world.stop_traffic()
        world.drained()
        verdict = judge(world)
    except Exception as error:  # a trial that breaks off is a failed trial, and the report must still come
        lasted = time.monotonic() - clock
        problem = f"{type(error).__name__}: {error}"
        with suppress(Exception):
            world.stop_traffic()
    records = verdict.expected.records - sum(trial.records for trial in before) if verdict else 0
    replayed = verdict.replayed - sum(trial.replayed for trial in before) if verdict else 0
    delays = delay(verdict.delays, started * 1000, (started + lasted) * 1000) if verdict else ""
    return Trial(name, seen, lasted, records, recovery, replayed, delays, world.most_memory, verdict, problem)


def _level(world: World) -> bool:
    """Whether no worker is more than a second of traffic behind."""
    names = [name for name in world.members if name.startswith("worker")]
    ready = all(world.page_of(name, "readyz") is not None for name in names)
    return ready and sum(world.metric(name, "kpistream_lag_records", stage="intake") for name in names) <= world.rate


def table(trials: list[Trial]) -> str:
    """The report, in Markdown."""
    lines = [
        "| fault | what was seen of it | s | records | lost | doubled | mismatched | recovery s | replayed offsets | "
        "event to award, median / worst | result |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in trials:
        counts = (one.verdict.lost, one.verdict.doubled, one.verdict.mismatched) if one.verdict else ("–",) * 3
        cells = (one.fault, one.seen or "nothing", f"{one.seconds:.0f}", one.records, *counts, f"{one.recovery:.1f}",
                 one.replayed, one.delays, one.result)  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    memory = max((one.memory for one in trials), default=0)
    lines += ["", f"Largest worker: {memory >> 20} MB resident."]
    for one in trials:
        lines += [f"- {one.fault}: {note}" for note in (one.verdict.notes if one.verdict else [one.problem])]
    return "\n".join(lines)
