"""The numbered SQL files: names, checksums, statements, the variant for a replicated cluster. Pure but for
reading.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("migrations")

_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_CLUSTER = re.compile(r"^[A-Za-z0-9_.-]+$")
_ON_CLUSTER = "/*on cluster*/"


class MigrationError(Exception):
    """The files, or what was applied of them, do not allow to go on; the message names the file."""


@dataclass(frozen=True)
class Migration:
    """One file. ``checksum``: SHA-256 of its bytes, hexadecimal."""

    number: int
    name: str
    checksum: str
    sql: str


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """Every migration of ``folder`` by number; raises MigrationError on a name or number that is wrong."""
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        matched = _NAME.match(path.name)
        if not matched:
            raise MigrationError(f"{path.name}: expected a name such as 0007_dimensions.sql")
        content = path.read_bytes()
        migration = Migration(
            int(matched[1]), path.name, hashlib.sha256(content).hexdigest(), content.decode()
        )
        if found and migration.number == found[-1].number:
            raise MigrationError(f"{path.name}: {found[-1].name} has the same number; each number stands once")
        found.append(migration)
    return found


def statements(sql: str, cluster: str = "") -> list[str]:
    """The statements of a file, in order, as they are sent.

    Files are plain SQL for one server. With ``cluster`` every definition runs ON CLUSTER, and tables become
    ReplicatedReplacingMergeTree with the server's default path and replica name.
    """
    if cluster and not _CLUSTER.match(cluster):
        raise MigrationError(f"cluster {cluster!r}: expected letters, digits, dots, hyphens and underscores")
    text = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    text = text.replace(" " + _ON_CLUSTER, f" ON CLUSTER `{cluster}`" if cluster else "")
    if cluster:
        text = text.replace("ENGINE = ReplacingMergeTree(", "ENGINE = ReplicatedReplacingMergeTree(")
    # A statement ends with a semicolon at the end of a line; comments of columns may hold others.
    return [part.strip() for part in re.split(r";[ \t]*(?:\n|\Z)", text) if part.strip()]
