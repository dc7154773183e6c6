"""What changed between two plan files: settings added, removed, changed, by their path and line. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from schemas.yaml_source import Path, Source

#: Entries of a list are the same setting where these agree (the first set that an entry has in full) ...
_IDENTITIES = (("id",), ("key",), ("kpi", "period"), ("kpi",))
#: ... and these too, where an entry has them: targets of the same KPI and period.
_SELECTORS = ("at", "employee", "role", "team", "department", "unit", "from", "until")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs; values as written, '' and line 0 on the side that has none."""

    path: str
    change: Literal["added", "removed", "changed"]
    old: str
    new: str
    old_line: int
    new_line: int


def plan_changes(old: Source, new: Source) -> list[Change]:
    """Every setting that differs, in the order of the new file, removed ones where the old file had them."""
    return list(_compare("", old.value, new.value, (), (), old, new))


def _compare(
    name: str, old: object, new: object, old_path: Path, new_path: Path, before: Source, after: Source
) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        names = [*new, *(key for key in old if key not in new)]
        parts = [(f"{name}.{key}" if name else str(key), key, key, old, new) for key in names]
    elif isinstance(old, list) and isinstance(new, list) and _keyed(old) and _keyed(new):
        left, right = _by_identity(old), _by_identity(new)
        labels = [*right, *(label for label in left if label not in right)]
        parts = [(f"{name}[{label}]", left.get(label), right.get(label), old, new) for label in labels]
    else:
        if _text(old) != _text(new):
            yield _change(name, old, new, old_path, new_path, before, after)
        return
    for label, at_old, at_new, left, right in parts:
        yield from _compare(
            label, _get(left, at_old), _get(right, at_new), (*old_path, at_old), (*new_path, at_new), before, after
        )


def _change(name, old, new, old_path, new_path, before: Source, after: Source) -> Change:
    kind = "added" if old is _MISSING else "removed" if new is _MISSING else "changed"
    return Change(
        name,
        kind,
        _text(old),
        _text(new),
        0 if old is _MISSING else before.place(old_path).line,
        0 if new is _MISSING else after.place(new_path).line,
    )


def _get(container: dict | list, at: object) -> object:
    if at is None:
        return _MISSING
    if isinstance(container, dict):
        return container.get(at, _MISSING)
    return container[at]


def _keyed(entries: list) -> bool:
    return all(isinstance(entry, dict) for entry in entries)


def _by_identity(entries: list[dict]) -> dict[str, int]:
    """Entries' places by what identifies them; those that nothing tells apart are numbered."""
    found: dict[str, int] = {}
    for at, entry in enumerate(entries):
        label = _identity(entry) or str(at)
        while label in found:
            label += "'"
        found[label] = at
    return found


def _identity(entry: dict) -> str:
    for names in _IDENTITIES:
        if all(name in entry for name in names):
            selectors = [f"{name}={_text(entry[name])}" for name in _SELECTORS if name in entry]
            return " ".join([*(_text(entry[name]) for name in names), *selectors])
    return ""


def _text(value: object) -> str:
    """A value as written, whole parts of a plan as JSON."""
    if value is _MISSING:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return getattr(value, "text", str(value)) if isinstance(value, (int, Decimal)) else str(value)
