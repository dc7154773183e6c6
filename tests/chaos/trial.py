"""One fault after the other on one world, each judged over everything since the beginning."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
    begun: float  # seconds since the epoch
    seen: str = ""  # what could be seen of the fault; '' makes it unverified
    seconds: float = 0.0
    records: int = 0  # since the trial before
    recovery: float = 0.0  # the longest time from where nothing hindered any more to level with the traffic
    replayed: int = 0  # since the trial before
    delays: str = ""  # event to award, median and worst, during the fault
    memory: int = 0  # largest process of ours so far, bytes
    breaks: int = 0  # how often the sending of alerts was cut off so far
    verdict: Verdict | None = field(default=None, repr=False)
    problem: str = ""

    @property
    def result(self) -> str:
        """passed, FAILED or unverified."""
        if self.problem or self.verdict is None or not self.verdict.right:
            return "FAILED"
        return "passed" if self.seen else "unverified"

    @property
    def outcome(self) -> str:
        """The same for whoever waits for it, with what is wrong."""
        if self.verdict is None and not self.problem:
            return self.seen or "nothing seen"
        wrong = [self.problem] if self.problem else self.verdict.notes
        return "; ".join([self.result, *wrong])


def run(
    folder: Path,
    faults: Sequence[str],
    seconds: float,
    rate: float,
    seed: int,
    say: Callable[[str], None],
    each: bool = True,
) -> list[Trial]:
    """Strike with each fault for about ``seconds``; ``say`` hears what goes on. Not ``each``: judge after the last one
    alone, with the traffic going on between them.
    """
    world, trials = World(folder, rate, seed, say), []
    try:
        world.start()
        for name in faults:
            say(f"{name} …")
            trial = _strike(world, name, Random(f"{seed} {name}"), seconds)
            trials.append(trial)
            if not trial.problem and (each or name == faults[-1]):
                _judge(world, trial, trials[:-1])
            say(f"{name}: {trial.outcome}")
            if trial.problem:
                break
    finally:
        with suppress(Exception):
            world.stop()
    for trial in trials:
        trial.verdict = trial.verdict or trials[-1].verdict
    return trials


def _strike(world: World, name: str, dice: Random, seconds: float) -> Trial:
    if world.traffic is None:
        world.start_traffic()
        world.tend(3)
    trial, world.recovery = Trial(name, time.time()), 0.0
    try:
        trial.seen = FAULTS[name](world, dice, seconds)
        trial.seconds = time.time() - trial.begun
        world.recovering()
        world.tend_until(lambda: not world.is_recovering, 180, "not level with the traffic")
        trial.recovery, trial.memory, trial.breaks = world.recovery, world.most_memory, world.receivers.breaks
    except Exception as error:  # a trial that breaks off is a failed trial, and the report must still come
        trial.problem = f"{type(error).__name__}: {error}"
        with suppress(Exception):
            world.stop_traffic()
    return trial


def _judge(world: World, trial: Trial, before: list[Trial]) -> None:
    try:
        world.stop_traffic()
        world.drained()
        trial.verdict = verdict = judge(world)
    except Exception as error:
        trial.problem = f"{type(error).__name__}: {error}"
        return
    trial.records = verdict.expected.records - sum(one.records for one in before)
    trial.replayed = verdict.replayed - sum(one.replayed for one in before)
    trial.delays = delay(verdict.delays, trial.begun * 1000, (trial.begun + trial.seconds) * 1000)


def table(trials: list[Trial]) -> str:
    """The report, in Markdown."""
    lines = [
        "| fault | begun | s | what was seen of it | records | lost | doubled | mismatched | alerts sent again "
        "| recovery s | replayed offsets | event to award, median / worst | result |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in trials:
        counts = (one.verdict.lost, one.verdict.doubled, one.verdict.mismatched) if one.verdict else ("–",) * 3
        again = f"{one.verdict.repeated} of {one.breaks}" if one.verdict else "–"
        begun = time.strftime("%H:%M:%S", time.localtime(one.begun))
        cells = (one.fault, begun, f"{one.seconds:.0f}", one.seen or "nothing", one.records, *counts, again,
                 f"{one.recovery:.1f}", one.replayed, one.delays, one.result)  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    memory = max((one.memory for one in trials), default=0)
    lines += [
        "",
        "Lost, doubled and mismatched count over everything since the beginning, alerts among it. Alerts sent again: "
        "of so many times that their process was cut off, each of which may repeat one on each channel.",
        "",
        f"Largest process of ours: {memory >> 20} MB resident.",
    ]
    for one in trials:
        lines += [f"- {one.fault}: {note}" for note in (one.verdict.notes if one.verdict else [one.problem])]
    return "\n".join(lines)
