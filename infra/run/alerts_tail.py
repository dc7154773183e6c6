"""The text file of pushed alerts, followed as it grows."""

from __future__ import annotations

from pathlib import Path

FILE_NAME = "alerts.txt"
_TIME_WIDTH = len("2026-03-31 23:59:59 ")


class AlertsTail:
    """``take``: titles of the alerts since the last call; ``count``: of all so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._at = 0

    def take(self) -> list[str]:
        """Titles in the order in which they were pushed; [] while there is no file."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._at)
                new = file.read()
        except OSError:
            return []
        whole = new[: new.rfind(b"\n") + 1]  # the rest of a line may still come
        self._at += len(whole)
        lines = whole.decode(errors="replace").splitlines()
        titles = [line[_TIME_WIDTH:] for line in lines if not line.startswith("  ")]
        self.count += len(titles)
        return titles
