"""Checksums and the cache, on small files."""

import base64
import hashlib
import threading
import time
from pathlib import Path

import pytest

from infra.local import artifacts
from infra.local.artifacts import cache_dir, fetch_kafka, verify_integrity, verify_jars
from infra.local.errors import StackError


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    for name in ("a.jar", "b.jar"):
        (tmp_path / name).write_text(f"content of {name}")
    return tmp_path


def listing(folder: Path) -> str:
    digests = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def test_the_listed_files_are_accepted(jars: Path) -> None:
    verify_jars(jars, listing(jars))


def test_an_altered_a_missing_and_an_additional_file_are_refused(jars: Path) -> None:
    wanted = listing(jars)
    (jars / "a.jar").write_text("something else")
    (jars / "b.jar").rename(jars / "c.jar")
    with pytest.raises(StackError, match=r"a\.jar, b\.jar, c\.jar"):
        verify_jars(jars, wanted)


def test_a_package_must_have_the_pinned_checksum(tmp_path: Path) -> None:
    package = tmp_path / "package.tgz"
    package.write_bytes(b"library")
    pinned = "sha512-" + base64.b64encode(hashlib.sha512(b"library").digest()).decode()
    verify_integrity(package, pinned)
    package.write_bytes(b"Library")
    with pytest.raises(StackError, match=r"package\.tgz does not have the pinned sha512 checksum"):
        verify_integrity(package, pinned)


def test_the_pins_are_complete() -> None:
    names = [line.split()[1] for line in (artifacts.PINS / "kafka.sha256").read_text().splitlines()]
    assert names == sorted(set(names)) and all(name.endswith(".jar") for name in names)
    assert any(name.startswith("slf4j-simple") for name in names), "without a binding Kafka logs nothing"


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KPISTREAM_CACHE", str(tmp_path / "chosen"))
    assert cache_dir() == tmp_path / "chosen"
    monkeypatch.delenv("KPISTREAM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "kpistream"


def test_a_missing_client_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"mvn is missing, install it with: sudo apt-get install .* maven"):
        fetch_kafka(tmp_path / "cache")


def test_a_full_disk_is_said_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(artifacts, "_NEEDED_BYTES", 10**18)
    with pytest.raises(StackError, match=r"Only \d+ MB are free in"):
        fetch_kafka(tmp_path / "cache")


def test_two_at_once_fetch_once(tmp_path: Path) -> None:
    fetched = []

    def fill(folder: Path) -> None:
        fetched.append(folder)
        time.sleep(0.2)
        (folder / "file").write_text("content")

    def get() -> None:
        assert (artifacts.cached(tmp_path, "thing", "A thing", fill) / "file").read_text() == "content"

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1


def test_what_a_killed_or_failed_fetch_left_is_no_result(tmp_path: Path) -> None:
    leftover = tmp_path / "thing.part-killed"
    leftover.mkdir()

    def fail(folder: Path) -> None:
        (folder / "half").write_text("…")
        raise StackError("no network")

    with pytest.raises(StackError, match="no network"):
        artifacts.cached(tmp_path, "thing", "A thing", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]
