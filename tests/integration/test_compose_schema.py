"""docker-compose.yml against the Compose specification's own JSON schema, which check-jsonschema brings along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.compose_files import COMPOSE_FILE

REQUIREMENTS = Path(__file__).with_name("compose_schema_requirements.txt")


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, in an environment of its own."""
    folder = tmp_path_factory.mktemp("schema")
    for command in (
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", "--quiet", "--require-hashes",
         "-r", str(REQUIREMENTS)],
    ):  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "bin" / "check-jsonschema"


def check(checker: Path, file: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run([str(checker), *arguments], capture_output=True, text=True)


def test_the_file_follows_the_schema(checker: Path) -> None:
    done = check(checker, COMPOSE_FILE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("right", "wrong", "place"), [
    ("restart: unless-stopped", "restrt: unless-stopped", "restrt"),
    ("condition: service_healthy", "condition: healthy", "service_healthy"),
    ("cap_drop: [ALL]", "cap_drop: ALL", "cap_drop"),
])  # fmt: skip
def test_the_schema_finds_mistakes(checker: Path, tmp_path: Path, right: str, wrong: str, place: str) -> None:
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    assert right in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(right, wrong), encoding="utf-8")
    done = check(checker, broken)
    assert done.returncode == 1
    assert place in done.stdout
