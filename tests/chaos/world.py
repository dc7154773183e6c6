"""The real system under traffic: servers, workers, sink, alerts. What ends is started again, as a supervisor does."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.clickhouse.migrate import migrate
from infra.control_topic import apply_plan
from infra.local.ports import PortReservation
from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from infra.topic_admin import create_topics
from schemas.plan import Plan
from schemas.plan_file import load_plan
from schemas.topics import AWARDS
from sinks.connection import from_settings
from tests.chaos.receivers import Receivers
from tests.chaos.traffic import EMPLOYEES, TOPIC
from tests.integration.pipeline import Pipeline

PLAN = Path(__file__).with_name("plan.yaml")
#: Seconds after which the broker takes a silent member for dead (runtime/consuming.py).
SESSION_SECONDS = 10
#: The processes of ours that are always there.
MEMBERS = ("sink-0", "worker-0", "alerts-0")
_COMMANDS = {"worker": ["worker"], "sink": ["sink"], "alerts": ["alerts", "run"]}


def chaos_plan() -> Plan:
    """The plan with its employees."""
    base = load_plan(PLAN)
    people = [{"id": f"E{number}", "role": "rep"} for number in range(EMPLOYEES)]
    departments = [{"id": "sales", "teams": [{"id": "north", "employees": people}]}]
    organisation = {"company": "acme", "departments": departments}
    return Plan.model_validate(base.model_dump(exclude_none=True) | {"organisation": organisation})


@dataclass
class Member:
    """One process of ours, under its name."""

    process: ChildProcess
    port: PortReservation
    deaths: list[int] = field(default_factory=list)
    marks: list[tuple[str, int]] = field(default_factory=list)  # (step, which one): what the next ones die after


class World(Pipeline):
    """A pipeline whose processes come back. ``tend`` must be called for things to happen; use as a context manager."""

    def __init__(self, folder: Path, rate: float, seed: int, say: Callable[[str], None]) -> None:
        self.stack = LocalStack(folder / "stack")
        self.stack.start()
        super().__init__(
            self.stack, partitions=4, checkpoint_seconds=0.5, source_topics=TOPIC, stall_seconds=60,
        )  # fmt: skip
        self.receivers = Receivers(folder)
        self.environment |= self.receivers.environment()
        self.folder, self.rate, self.seed, self.say = folder, rate, seed, say
        self.plan = chaos_plan()  # in force
        self.members: dict[str, Member] = {}
        self.traffic: ChildProcess | None = None
        self.most_memory = 0
        self.recovery = 0.0  # the longest so far, in seconds
        self._struck: float | None = None  # when, until all is well again
        self._logs = 0

    # -- life

    def start(self) -> World:
        """Topics, tables, plan, one process of each kind."""
        create_topics(self.settings)
        migrate(from_settings(self.settings))
        self.plan = apply_plan(self.settings, self.plan).plan
        for name in MEMBERS:
            self.bring(name)
        for name in MEMBERS:
            self.wait_ready(name)
        return self

    def stop(self) -> None:
        """End everything of ours, then the servers."""
        self.stop_traffic()
        self.dismiss(*self.members)
        self.receivers.close()
        super().stop()
        self.stack.stop()

    def bring(self, name: str) -> Member:
        """Start ``worker-N``, ``sink-N`` or ``alerts-N``, anew if it was there, to die after the next of its marks."""
        command = _COMMANDS[name.partition("-")[0]]
        known = self.members.get(name)
        port = known.port if known else PortReservation()
        mark = known.marks.pop(0) if known and known.marks else None
        start = ["-m", "tests.chaos.marked", mark[0], str(mark[1])] if mark else ["-m", "infra.cli"]
        program = [sys.executable, *start, *command, "--web-port", str(port.port)]
        own = {"KPISTREAM_WORKER_ID": name, "KPISTREAM_FAUST_DATA": str(self.folder / f"faust-{name}")}
        process = self._child(name, program, self.environment | own)
        if known:
            known.process = process
        return self.members.setdefault(name, Member(process, port))

    def _child(self, name: str, program: list[str], environment: dict[str, str] | None = None) -> ChildProcess:
        self._logs += 1
        return ChildProcess(name, program, self.folder / f"{name}-{self._logs}.log", environment=environment)

    def dismiss(self, *names: str, kill: bool = False) -> None:
        """End processes for good, beside each other."""
        members = [self.members.pop(name) for name in names]
        for member in members:
            if member.process.running():
                os.kill(member.process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        for member in members:
            member.process.stop(30)
            member.port.release()

    def kill(self, name: str) -> None:
        """kill -9; ``tend`` brings it back."""
        self.members[name].process.kill()
        self.recovering()

    def command_done(self, *arguments: str) -> str:
        """Run a kpistream command that must succeed; what it said."""
        result = self.command(*arguments)
        if result.exit_code:
            raise AssertionError(f"kpistream {' '.join(arguments)}: {result.output}")
        return result.output

    def start_command(self, *arguments: str) -> ChildProcess:
        """A kpistream command as a process of its own, beside which things go on."""
        return self._child(arguments[0], [sys.executable, "-m", "infra.cli", *arguments], self.environment)

    def wait_ready(self, name: str, seconds: float = 120) -> None:
        """Until the process says that it does its work."""
        self.tend_until(lambda: self.page_of(name, "readyz") is not None, seconds, f"{name} is not ready")

    def recovering(self) -> None:
        """From this moment on nothing hinders our processes: the time until they are level counts as recovery."""
        self._struck = self._struck or time.monotonic()

    @property
    def is_recovering(self) -> bool:
        """Whether they are not level yet."""
        return self._struck is not None

    def level(self) -> bool:
        """Whether everyone is ready and no more than a second of traffic is not taken in."""
        ready = all(self.page_of(name, "readyz") is not None for name in self.members)
        workers = [name for name in self.members if name.startswith("worker")]
        return (
            ready and sum(self.metric(name, "kpistream_lag_records", stage="intake") for name in workers) <= self.rate
        )

    # -- time

    def tend(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._look_after()
            time.sleep(min(0.1, left))

    def tend_until(self, holds: Callable[[], bool], seconds: float, otherwise: str) -> float:
        """Until ``holds``; the seconds that it took. AssertionError with the ends of all logs when it never does."""
        started = time.monotonic()
        while not holds():
            if time.monotonic() - started > seconds:
                tails = "\n".join(f"--- {name}\n{one.process.log_tail(12)}" for name, one in self.members.items())
                raise AssertionError(f"{otherwise} after {seconds:.0f} s\n{tails}")
            self._look_after()
            time.sleep(0.1)
        return time.monotonic() - started

    def _look_after(self) -> None:
        for name, member in list(self.members.items()):
            if not member.process.running():
                self._died(name, member)
                self.bring(name)
            else:
                self.most_memory = max(self.most_memory, resident(member.process.pid))
        if self._struck and self.level():
            self.recovery = max(self.recovery, time.monotonic() - self._struck)
            self._struck = None

    def _died(self, name: str, member: Member) -> None:
        code = member.process.exit_code or 0
        member.deaths.append(code)
        if code and name.startswith("alerts"):
            self.receivers.breaks += 1

    def deaths(self) -> int:
        """How often processes of ours have ended so far."""
        return sum(len(member.deaths) for member in self.members.values())

    # -- traffic

    def start_traffic(self, *options: object) -> None:
        """Business events at the world's rate, each time others."""
        self.seed += 1
        program = [sys.executable, "-m", "tests.chaos.traffic", self.stack.kafka.bootstrap, "--rate", str(self.rate)]
        self.traffic = self._child("traffic", [*program, "--seed", str(self.seed), *map(str, options)])

    def stop_traffic(self) -> str:
        """End it in order, everything sent; what it said."""
        if self.traffic is None:
            return ""
        self.traffic.stop(180)
        said, self.traffic = self.traffic.log_tail(1), None
        return said

    # -- looking

    def page_of(self, name: str, page: str) -> str | None:
        """A page of a process's web server, None unless it answers 200."""
        member = self.members[name]
        self._ports[member.process.pid] = member.port
        return self._page(member.process, page)

    def metric(self, name: str, metric: str, **labels: str) -> float:
        """Sum of a metric over a process's series with those labels."""
        total = 0.0
        for line in (self.page_of(name, "metrics") or "").splitlines():
            found = re.match(rf"{metric}(?:\{{(.*)\}})? (\S+)$", line)
            if found and all(f'{key}="{value}"' in (found[1] or "") for key, value in labels.items()):
                total += float(found[2])
        return total

    def drained(self, seconds: float = 180) -> float:
        """Until everything in the topics is folded, checkpointed and loaded; the seconds that it took."""
        try:
            return self.tend_until(lambda: not self._behind(), seconds, "not worked off")
        except AssertionError as error:
            raise AssertionError(f"{self._behind()}; {error}") from error

    def _groups(self) -> Iterator[tuple[str, Sequence[str]]]:
        for group, topics in super()._groups():
            if group == f"{self.settings.group_prefix}-sink":  # which loads what became of alerts
                yield f"{self.settings.group_prefix}-alerts", (AWARDS.name,)
            yield group, topics

    def _behind(self) -> str:
        """Who has not come to the end of what, '' if everyone has."""
        try:
            self.wait_until_drained(timeout=0)
        except AssertionError as error:
            return str(error).splitlines()[0]
        return ""


def resident(pid: int) -> int:
    """Bytes of memory that a process has in RAM, 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
