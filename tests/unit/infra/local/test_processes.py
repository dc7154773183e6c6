"""Child processes: stopped by pid, and never longer than their parent."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from infra.local.errors import StackError
from infra.local.processes import ChildProcess

PARENT = """
import sys, time
from pathlib import Path
from infra.local.processes import ChildProcess
print(ChildProcess("sleeper", ["sleep", "60"], Path(sys.argv[1])).pid, flush=True)
time.sleep(60)
"""


def gone(pid: int, seconds: float = 5) -> bool:
    """Whether the process ends in time; one that nobody has waited for counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_a_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not gone(child, 0.3)
    parent.kill()
    parent.communicate()
    assert gone(child)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    stubborn = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    child = ChildProcess("stubborn", ["sh", "-c", stubborn], log)
    child.wait_until(lambda: child.log_tail() == "ready", 5)
    child.stop(timeout=0.3)
    assert not child.running()
    assert gone(child.pid)


def test_a_child_that_ends_early_leaves_its_last_words(tmp_path: Path) -> None:
    child = ChildProcess("Kafka", ["sh", "-c", "echo no such file; exit 3"], tmp_path / "log")
    with pytest.raises(StackError, match=r"(?s)Kafka stopped while starting \(exit 3\).*no such file"):
        child.wait_until(lambda: False, 5)


def test_a_child_that_never_answers_is_given_up(tmp_path: Path) -> None:
    child = ChildProcess("Kafka", ["sleep", "60"], tmp_path / "log")
    with pytest.raises(StackError, match="did not answer in 0 seconds"):
        child.wait_until(lambda: False, 0.1)
    child.kill()


def test_a_child_is_its_own_session_so_that_ctrl_c_reaches_only_us(tmp_path: Path) -> None:
    child = ChildProcess("sleeper", ["sleep", "60"], tmp_path / "log")
    session = int(Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[3])
    assert session == child.pid
    child.stop()
    assert child._process.returncode == -signal.SIGTERM


def test_starting_from_another_thread_is_refused(tmp_path: Path) -> None:
    refused = []

    def start() -> None:
        try:
            ChildProcess("sleeper", ["sleep", "60"], tmp_path / "log")
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert refused == ["sleeper must be started from the main thread, or it dies with the thread"]
