"""On what a benchmark ran: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from infra.local.artifacts import PINS


def machine() -> list[str]:
    """Lines that say when, on what, and with which versions."""
    cpu = _first("/proc/cpuinfo", "model name") or platform.machine()
    memory = int((_first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) // 1_000_000
    kafka = (PINS / "pom.xml").read_text().split("<kafka.version>")[1].split("<")[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiokafka", "msgspec", "numpy", "pyarrow"))
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr.splitlines()[:1]
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}, load at the start {os.getloadavg()[0]:.1f}",
        f"{os.cpu_count()} cores of {cpu}, {memory} GB, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, {packages}; Kafka {kafka}, {''.join(java)}",
    ]


def _first(file: str, key: str) -> str:
    for line in Path(file).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
