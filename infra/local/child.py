"""Runs a command that dies with its parent: PARENT_PID COMMAND [ARGUMENT ...].

A script rather than a pre-exec hook: code between fork and exec is not safe in a process that has threads.
Standard library only, started with `python -IS`, so it costs a few milliseconds.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replace this process by `command`, which the kernel kills once `parent` is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the line above: then no signal will ever come.
    if os.getppid() != parent:
        sys.exit("the parent process is gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
