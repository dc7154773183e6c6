"""The sentence about what is missing, and the line that installs it: the real scripts, on a chosen PATH."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import prerequisites
from infra.local.prerequisites import apt_line

ROOT = Path(prerequisites.__file__).parents[2]
TOOLS = ("bash", "env", "grep", "dirname", "id", "head", "sed")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder to be the whole PATH, with what a script needs and none of the prerequisites."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


def add(folder: Path, name: str, body: str = "exit 0") -> None:
    """Put a program there that stands for one we neither want to install nor to run."""
    (folder / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
    (folder / name).chmod(0o755)


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-IS", str(Path(prerequisites.__file__))],
                          env={"PATH": str(folder)}, capture_output=True, text=True)


def test_everything_missing_is_one_sentence(programs: Path) -> None:
    done = check(programs)
    assert done.returncode == 1
    assert done.stderr == ("kpistream needs Java 17 or newer, Maven (mvn), Node's package client (npm), "
                           f"make, install with: {apt_line()}\n")


@pytest.mark.parametrize(("version", "problem"), [
    ('openjdk version "17.0.15" 2025-04-15', None),
    ('openjdk version "21" 2023-09-19', None),
    ('openjdk version "11.0.2" 2019-01-15', "Java 17 or newer (found 11)"),
    ('java version "1.8.0_402"', "Java 17 or newer (found 8)"),
])
def test_an_old_java_is_told_from_a_new_one(programs: Path, version: str, problem: str | None) -> None:
    for name in ("mvn", "npm", "make"):
        add(programs, name)
    add(programs, "java", f"echo '{version}' >&2")
    done = check(programs)
    said = f"kpistream needs {problem}, install with: {apt_line()}\n" if problem else ""
    assert (done.returncode, done.stderr) == (1 if problem else 0, said)


def test_without_a_readme_the_sentence_still_leads_somewhere(tmp_path: Path) -> None:
    assert "README" in apt_line(str(tmp_path / "none"))


@pytest.mark.parametrize("with_npm", [True, False])
def test_continuous_integration_runs_the_line_of_the_readme(programs: Path, with_npm: bool) -> None:
    for name in ("apt-get", "make"):
        add(programs, name, 'echo "${0##*/} $*" >> "$CALLS"')
    add(programs, "sudo", '"$@"')
    if with_npm:  # a Node from elsewhere brings npm, and Debian's package conflicts with it
        add(programs, "npm")
    calls = programs.parent / "calls"
    subprocess.run([str(ROOT / ".ci/run")], env={"PATH": str(programs), "CALLS": str(calls)}, check=True,
                   cwd=os.sep, stdout=subprocess.DEVNULL)
    update, install, test = calls.read_text().splitlines()
    assert (update, test) == ("apt-get update", "make test")
    wanted = install.removeprefix("apt-get install -y --no-install-recommends ").split()
    always = "python3-venv default-jre-headless maven make prometheus gcc libc6-dev libxxhash-dev"
    assert wanted == always.split() + ["npm"] * (not with_npm)
