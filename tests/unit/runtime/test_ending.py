"""A process that is told to end: at once where it can, in time where it cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import asyncio, mode, runtime.ending
runtime.ending.END_SECONDS = {within}

class Worker(runtime.ending.EndsSoon, mode.Worker):
    pass

class Service(mode.Service):
    async def on_started(self):
        print("started", flush=True)

    async def on_stop(self):
        await asyncio.sleep({stopping})

Worker(Service(), loglevel="critical", redirect_stdouts=False).execute_from_commandline()
"""


@pytest.mark.parametrize(("stopping", "within", "code"), [(0, 20.0, 0), (60, 0.5, 70)])
def test_a_process_ends_in_time(stopping: int, within: float, code: int):
    program = [sys.executable, "-c", PROGRAM.format(stopping=stopping, within=within)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.stdout.readline() not in ("started\n", ""):
        pass
    told = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert ("not able to hand over within 0.5 s" in said) == bool(code), said
    if not code:
        assert time.monotonic() - told < 1, said  # no second of sleep at the end
