"""Data folders: one stack each, and none left behind by a run that was killed."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from infra.local.errors import StackError

_LOCK = "lock"
_PREFIX = "run-"
_MIN_FREE_BYTES = 1_000_000_000
_GRACE_SECONDS = 10.0


class DataDirLock:
    """The right to use a data folder, held by this process and its servers together.

    The servers inherit the open file, so the folder stays locked until the last of them is gone, even when
    the process that started them was killed a moment ago.
    """

    def __init__(self, data_dir: Path, grace: float = _GRACE_SECONDS) -> None:
        self._file = (data_dir / _LOCK).open("a+")
        deadline = time.monotonic() + grace
        while not _try_lock(self._file.fileno()):
            self._file.seek(0)
            owner = self._file.read().strip()
            # Servers of a killed process need a moment to disappear; a living owner will not go away.
            if _alive(owner) or time.monotonic() > deadline:
                self._file.close()
                raise StackError(f"The data folder {data_dir} is in use by another stack (process {owner}): "
                                 "stop it, or choose another folder.")
            time.sleep(0.1)
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    @property
    def fd(self) -> int:
        """File descriptor the servers inherit."""
        return self._file.fileno()

    def release(self) -> None:
        """Give up our part of it."""
        self._file.close()


def is_locked(data_dir: Path) -> bool:
    """Whether a stack uses this folder now."""
    try:
        with (data_dir / _LOCK).open("r") as lock:
            return not _try_lock(lock.fileno())
    except FileNotFoundError:
        return False


def prepare(data_dir: Path) -> None:
    """Create the folder; StackError when that is impossible or the disk is nearly full."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"Cannot create the data folder {data_dir}: {error.strerror}.") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise StackError(f"Cannot write to the data folder {data_dir}.")
    if (free := shutil.disk_usage(data_dir).free) < _MIN_FREE_BYTES:
        raise StackError(f"Only {free // 1_000_000} MB are free for {data_dir}: "
                         f"the stack needs {_MIN_FREE_BYTES // 1_000_000} MB.")


def new_temporary(parent: Path) -> Path:
    """A fresh folder under `parent`, for a run that keeps nothing; what killed runs left there is removed."""
    prepare(parent)
    remove_stale(parent)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))


def remove_stale(parent: Path) -> list[Path]:
    """Remove the temporary folders whose stack is gone, and return them."""
    stale = [folder for folder in parent.glob(f"{_PREFIX}*")
             if (folder / _LOCK).exists() and not is_locked(folder)]
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return stale


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: str) -> bool:
    return pid.isdigit() and Path("/proc", pid).exists()
