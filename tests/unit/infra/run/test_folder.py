"""Run folders: found by their link, removed when old, never while in use."""

from datetime import datetime, timedelta
from pathlib import Path

from infra.local.data_dir import DataDirLock
from infra.run.folder import KEPT, RunFolder, remove_old

_START = datetime(2026, 3, 1, 12)


def test_latest_leads_to_the_newest_run_and_to_its_connection_once_there_is_one(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, _START)
    latest = tmp_path / "latest"
    assert latest.resolve() == folder.path
    assert not (latest / "connection.env").exists()
    folder.stack.mkdir()
    (folder.stack / "connection.env").write_text("A=1\n")
    assert (latest / "connection.env").read_text() == "A=1\n"
    folder.release()


def test_only_the_newest_runs_are_kept(tmp_path: Path) -> None:
    made = []
    for number in range(KEPT + 2):
        folder = RunFolder(tmp_path, _START + timedelta(seconds=number))
        folder.release()
        made.append(folder.path)
    assert [path.exists() for path in made] == [False, False] + [True] * KEPT
    assert (tmp_path / "latest").resolve() == made[-1]


def test_a_run_in_use_is_never_removed(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    living, by_its_servers, dead = (runs / name for name in ("1", "2", "3"))
    for folder in (living, by_its_servers / "stack", dead):
        folder.mkdir(parents=True)
    locks = [DataDirLock(living), DataDirLock(by_its_servers / "stack")]
    assert remove_old(runs, 0) == [dead]
    for lock in locks:
        lock.release()
    assert remove_old(runs, 0) == [by_its_servers, living]
