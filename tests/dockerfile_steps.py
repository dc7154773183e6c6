"""The Dockerfile as stages of instructions, and .dockerignore as Docker applies it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "Dockerfile"


@dataclass
class Stage:
    """What follows one FROM: (instruction, its text with continuation lines joined), in order."""

    image: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def only(self, instruction: str) -> str:
        """The text of the one step of this kind."""
        (text,) = [text for kind, text in self.steps if kind == instruction]
        return text

    def words(self, instruction: str) -> list[str]:
        """The list of an instruction in its exec form, ``["a", "b"]``."""
        return json.loads(self.only(instruction))

    def variables(self) -> dict[str, str]:
        """All ENV variables."""
        lines = [text for kind, text in self.steps if kind == "ENV"]
        return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


def stages(path: Path = DOCKERFILE) -> list[Stage]:
    """The stages in order; ValueError for a step before the first FROM."""
    found: list[Stage] = []
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(kept)).splitlines():
        if not line.strip():
            continue
        kind, text = line.split(None, 1)
        if kind == "FROM":
            image, _, name = text.partition(" AS ")
            found.append(Stage(image, name))
        elif found:
            found[-1].steps.append((kind, text.strip()))
        else:
            raise ValueError(f"{path}: {kind} before the first FROM")
    return found


def ignored(path: str, rules: list[str]) -> bool:
    """Whether .dockerignore keeps ``path`` (relative to the root) out: the last rule that fits decides.

    A rule fits a file also by naming a folder above it; ``**/`` stands for any number of folders.
    """
    parts = path.split("/")
    folders = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
    out = False
    for rule in rules:
        pattern = rule.removeprefix("!").strip("/")
        if any(_fits(folder, pattern) for folder in folders):
            out = not rule.startswith("!")
    return out


def _fits(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(path.rsplit("/", 1)[-1], pattern[3:])
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)


def ignore_rules() -> list[str]:
    """The rules of .dockerignore in order."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
