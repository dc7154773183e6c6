"""kpistream's commands as processes that need not import all over again what each of them imports.

Reading the libraries is most of what a start computes, two seconds on a slow machine, and a test run has a hundred
starts. So each is a fork of one process that has read them and done nothing else; what the command itself does from its
settings on, it does in a process of its own that ends, or is killed, like any other. How the commands start as users
have them is with ``kpistream run``, the image and the chaos of ``tests/chaos``.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

from infra.local.child import PR_SET_PDEATHSIG
from infra.local.processes import ChildProcess

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.integration.preloaded"])


def end_forking() -> None:
    """End the process that others are forked from; by itself it does so only some time after ours."""
    forkserver._forkserver._stop()


class ForkedCommand(ChildProcess):
    """``kpistream`` with ``arguments``; ``environment`` is added to ours."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        self._process = _Fork(arguments, log, dict(os.environ, **environment))


class _Fork:
    """What ``ChildProcess`` asks of a ``subprocess.Popen``."""

    def __init__(self, arguments: Sequence[str], log: Path, environment: dict[str, str]) -> None:
        # as a daemon nobody waits for it where a test left it behind: it dies with the process that it was forked from
        self._process = _FORKS.Process(target=_run, args=(list(arguments), str(log), environment), daemon=True)
        self._process.start()
        self.pid = self._process.pid
        self.terminate, self.kill = self._process.terminate, self._process.kill

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self._process.exitcode


def _run(arguments: list[str], log: str, environment: dict[str, str]) -> None:
    """In the fork: what ``infra.local.child`` and the operating system do for another."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["kpistream", *arguments]
    from infra.cli import main

    main()
