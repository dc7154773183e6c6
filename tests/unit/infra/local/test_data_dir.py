"""Data folders: locked while in use, removed when stale, refused when there is no room."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import data_dir
from infra.local.data_dir import DataDirLock, is_locked, new_temporary, prepare, remove_stale
from infra.local.errors import StackError


def test_one_stack_per_folder(tmp_path: Path) -> None:
    lock = DataDirLock(tmp_path)
    assert is_locked(tmp_path)
    with pytest.raises(StackError, match=r"in use by another stack \(process \d+\)"):
        DataDirLock(tmp_path)
    lock.release()
    assert not is_locked(tmp_path)
    DataDirLock(tmp_path).release()


def test_a_child_that_inherits_the_lock_keeps_it(tmp_path: Path) -> None:
    lock = DataDirLock(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock.fd])
    lock.release()
    assert is_locked(tmp_path), "a server of a killed process may still write"
    child.communicate(b"\n")
    assert not is_locked(tmp_path)


def test_folders_of_killed_runs_are_removed_and_living_ones_kept(tmp_path: Path) -> None:
    killed, living = new_temporary(tmp_path), new_temporary(tmp_path)
    (tmp_path / "unrelated").mkdir()
    DataDirLock(killed).release()
    lock = DataDirLock(living)
    assert remove_stale(tmp_path) == [killed]
    assert sorted(tmp_path.iterdir()) == sorted([living, tmp_path / "unrelated"])
    lock.release()


def test_a_nearly_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_dir, "_MIN_FREE_BYTES", 10**18)
    with pytest.raises(StackError, match=r"Only \d+ MB are free for .*: the stack needs \d+ MB\."):
        prepare(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="Cannot create the data folder"):
        prepare(tmp_path / "file" / "data")
