"""What a check found, and how it reads: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]
_MARKS: dict[Level, str] = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


@dataclass(frozen=True)
class Finding:
    """One check's result: ``text`` a sentence; ``mend`` what to do about it, '' where nothing is wrong."""

    level: Level
    area: str
    text: str
    mend: str = ""


def ok(area: str, text: str) -> Finding:
    """Nothing wrong."""
    return Finding("ok", area, text)


def warning(area: str, text: str, mend: str) -> Finding:
    """Works, but somebody should know."""
    return Finding("warning", area, text, mend)


def error(area: str, text: str, mend: str) -> Finding:
    """Does not work."""
    return Finding("error", area, text, mend)


def lines(findings: Iterable[Finding]) -> list[str]:
    """A line each, with what to do below it; the last line counts."""
    findings = list(findings)
    width = max((len(one.area) for one in findings), default=0)
    shown = []
    for one in findings:
        shown.append(f"{_MARKS[one.level]}  {one.area:<{width}}  {one.text}")
        if one.mend:
            shown.append(f"{'':7}  {'':{width}}  → {one.mend}")
    errors, warnings = (sum(one.level == level for one in findings) for level in ("error", "warning"))
    if errors or warnings:
        shown.append(f"{_count(errors, 'error')}, {_count(warnings, 'warning')}")
    else:
        shown.append("Nothing is wrong.")
    return shown


def exit_code(findings: Iterable[Finding]) -> int:
    """1 where something does not work, else 0: warnings are no failure."""
    return int(any(one.level == "error" for one in findings))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
