"""What a peer needs, apart from our own environment: installed once, pinned by hash, kept in the cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.artifacts import cache_dir, cached, fetch_jars
from infra.local.errors import StackError

HERE = Path(__file__).parent
_CACHE = "peers"


def python_of(peer: str) -> Path:
    """The interpreter of the peer's own environment, with what its requirements.txt pins; StackError if that fails."""
    pinned = HERE / peer / "requirements.txt"

    def fill(folder: Path) -> None:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--require-hashes", "-r", str(pinned))  # fmt: skip

    # Only `bin/python -m` is used afterwards: the scripts beside it name the folder in which they were made.
    return _kept(peer, pinned.read_text(), fill) / "bin" / "python"


def jars_of(peer: str) -> Path:
    """Folder with the jars of the peer's pom.xml."""
    pom, wanted = HERE / peer / "pom.xml", (HERE / peer / "jars.sha256").read_text()
    return _kept(f"{peer}-jars", pom.read_text() + wanted, lambda folder: fetch_jars(folder, pom, wanted))


def classes_of(peer: str, jars: Path) -> Path:
    """Folder with the peer's App.java compiled."""
    if shutil.which("javac") is None:
        raise StackError("javac is missing: a JDK is needed, not only a JRE")
    source = HERE / peer / "App.java"

    def fill(folder: Path) -> None:
        _run("javac", "-cp", f"{jars}/*", "-d", str(folder), str(source))

    return _kept(f"{peer}-classes", source.read_text() + jars.name, fill)


def _kept(name: str, pins: str, fill) -> Path:
    digest = hashlib.sha256(pins.encode()).hexdigest()[:12]
    return cached(cache_dir() / _CACHE, f"{name}-{digest}", f"the peer {name}", fill)


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise StackError(f"{command[0]} failed: {(done.stdout + done.stderr).strip()[-400:]}")
