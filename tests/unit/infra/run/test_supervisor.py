"""The supervisor's decisions, with a clock and processes in our hands."""

from pathlib import Path

import pytest

from infra.local.errors import StackError
from infra.run.supervisor import BACKOFF, STEADY_SECONDS, Supervisor


class Fake:
    """A process that lives until it is told to end."""

    def __init__(self, name: str = "worker") -> None:
        self.name, self.log = name, Path("/nowhere/worker.log")
        self.pid: int | None = None
        self.starts = 0

    def launch(self) -> None:
        self.starts += 1
        self.pid = 1000 + self.starts

    def ready(self) -> bool:
        return self.pid is not None

    def stop(self) -> None:
        self.pid = None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_one_that_ended_is_started_again_after_its_pause(clock: Clock) -> None:
    said: list[str] = []
    supervisor, worker = Supervisor(said.append, clock), Fake()
    supervisor.start(worker)
    worker.pid = None
    supervisor.check()
    assert worker.starts == 1 and "worker has ended" in said[-1]
    clock.now += BACKOFF[0]
    supervisor.check()
    assert worker.starts == 2 and said[-1] == "worker started again (process 1002)"
    assert supervisor.restarts == {"worker": 1} and not supervisor.failed


def test_one_that_keeps_ending_is_given_up_with_its_log(clock: Clock) -> None:
    supervisor, worker = Supervisor(lambda line: None, clock), Fake()
    supervisor.start(worker)
    for pause in BACKOFF:
        worker.pid = None
        supervisor.check()
        clock.now += pause
        supervisor.check()
    assert worker.starts == 1 + len(BACKOFF) and not supervisor.failed
    worker.pid = None
    supervisor.check()
    assert len(supervisor.failed) == 1 and "/nowhere/worker.log" in supervisor.failed[0]
    clock.now += 1000
    supervisor.check()
    assert worker.starts == 1 + len(BACKOFF)


def test_a_long_life_clears_the_record(clock: Clock) -> None:
    supervisor, worker = Supervisor(lambda line: None, clock), Fake()
    supervisor.start(worker)
    for _ in range(3 * len(BACKOFF)):
        clock.now += STEADY_SECONDS + 1
        worker.pid = None
        supervisor.check()
        clock.now += BACKOFF[0]
        supervisor.check()
    assert worker.starts == 1 + 3 * len(BACKOFF) and not supervisor.failed


def test_waiting_for_one_that_never_gets_ready_names_it(clock: Clock) -> None:
    class Unready(Fake):
        def ready(self) -> bool:
            clock.now += 1
            return False

    supervisor = Supervisor(lambda line: None, clock)
    supervisor.start(Unready("sink"))
    with pytest.raises(StackError, match="sink was not ready in 3 seconds"):
        supervisor.wait_ready(3)
