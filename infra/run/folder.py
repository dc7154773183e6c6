"""Where a run keeps its data: one folder each, the newest few are kept, none is taken from a living run."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from infra.local.connection import FILE_NAME
from infra.local.data_dir import DataDirLock, is_locked, prepare

#: Runs whose data stays, the running one included.
KEPT = 3


class RunFolder:
    """The folder of this run, ours until ``release`` (or until this process and its children are gone).

    ``stack`` holds the servers' data, ``logs`` one file per process. ``<home>/latest`` leads here.
    """

    def __init__(self, home: Path, now: datetime) -> None:
        runs = home.absolute() / "runs"
        prepare(runs)
        with _alone(runs):  # nobody may find the folder between its making and its lock
            self.path = runs / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}"
            prepare(self.path)
            self._lock = DataDirLock(self.path)
            remove_old(runs, KEPT)
        self.logs.mkdir()
        (self.path / FILE_NAME).symlink_to(self.stack.relative_to(self.path) / FILE_NAME)
        _point(home.absolute() / "latest", self.path)

    @property
    def stack(self) -> Path:
        """Data folder of Kafka and ClickHouse."""
        return self.path / "stack"

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.path / "logs"

    @property
    def lock_fd(self) -> int:
        """File descriptor that children inherit: the folder stays locked until the last of them is gone."""
        return self._lock.fd

    def release(self) -> None:
        """Give up our part of it."""
        self._lock.release()


def remove_old(runs: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep`` run folders, never one in use; returns what was removed."""
    folders = sorted((folder for folder in runs.iterdir() if folder.is_dir()), reverse=True)
    old = [folder for folder in folders[keep:] if not (is_locked(folder) or is_locked(folder / "stack"))]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return old


@contextmanager
def _alone(runs: Path) -> Iterator[None]:
    with (runs / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _point(link: Path, target: Path) -> None:
    """Replace ``link`` in one step, so that another command never finds it missing."""
    beside = link.with_name(f"{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(target, link.parent))
    beside.replace(link)
