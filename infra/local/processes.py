"""Child processes that do not outlive their parent."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.errors import StackError

_CHILD = Path(__file__).with_name("child.py")


class ChildProcess:
    """One server process: its log in a file, its end bound to ours, stopped by its own pid only."""

    def __init__(self, name: str, command: Sequence[str], log: Path, pass_fds: Sequence[int] = (),
                 environment: Mapping[str, str] | None = None) -> None:
        # The kernel's "parent died" means the thread that started the child, not the process.
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(f"{name} must be started from the main thread, or it dies with the thread")
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-IS", str(_CHILD), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                # Its own session: Ctrl-C in a terminal reaches us alone, and we end the children in order.
                start_new_session=True, pass_fds=tuple(pass_fds),
                env=dict(os.environ, **(environment or {})),
            )

    @property
    def pid(self) -> int:
        """Process id; the same before and after the command replaced the small script that starts it."""
        return self._process.pid

    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by which signal), None while it runs."""
        return self._process.poll()

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Return once `ready()` holds; StackError when the process dies or time is up."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running():
                code = self._process.returncode
                raise StackError(f"{self.name} stopped while starting (exit {code}).{self._last_words()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} did not answer in {timeout:.0f} seconds.{self._last_words()}")
            time.sleep(0.05)

    def stop(self, timeout: float = 20) -> None:
        """Ask it to end, wait, then insist."""
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()

    def wait(self, timeout: float) -> int:
        """How it ended; subprocess.TimeoutExpired when it does not end in time."""
        return self._process.wait(timeout)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.running():
            self._process.kill()
        self._process.wait()

    def log_tail(self, lines: int = 8) -> str:
        """The last lines of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 200 * lines))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _last_words(self) -> str:
        return f" The end of {self.log}:\n{self.log_tail()}"
