"""The part of a faulty plan that can still be checked, so that all errors come at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from schemas.plan import Plan
from schemas.plan_checks import check
from schemas.plan_lookup import Finding
from schemas.plan_messages import real_path
from schemas.yaml_source import Path

#: What a plan cannot do without and the other checks do not look at.
_STAND_INS = {"plan": "plan", "version": 1, "timezone": "UTC", "currency": "XXX"}
#: An entry that is left out can make another one invalid; more rounds than this find nothing new.
_ROUNDS = 3


@dataclass
class Partial:
    """A plan without its faulty entries; ``faulty`` their paths, ``lost`` every text that stood in them."""

    plan: Plan | None = None
    faulty: set[Path] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    _kept: dict[Path, list[int]] = field(default_factory=dict)

    def original(self, path: Path) -> Path:
        """Where ``path`` of the partial plan stands in the whole document."""
        result: Path = ()
        for part in path:
            if isinstance(part, int):
                kept = self._kept.get(result, [])
                part = kept[part] if part < len(kept) else part
            result = (*result, part)
        return result

    def concerns(self, finding: Finding) -> bool:
        """Whether a finding would stand if the faulty entries were right: it is about none and needs none."""
        path = self.original(finding.path)
        scopes = [faulty if faulty[0] == "organisation" else faulty[:2] for faulty in self.faulty]
        inside = any(path[: len(scope)] == scope or scope[: len(path)] == path for scope in scopes)
        return not inside and not (finding.needs & self.lost)

    def prune(self, value: object, path: Path = ()) -> object:
        """A copy of ``value`` without what is faulty; remembers which entries of each list were kept."""
        if isinstance(value, dict):
            return {
                key: self.prune(inner, (*path, key))
                for key, inner in value.items()
                if (*path, key) not in self.faulty
            }
        if isinstance(value, list):
            self._kept[path] = [at for at in range(len(value)) if (*path, at) not in self.faulty]
            return [self.prune(value[at], (*path, at)) for at in self._kept[path]]
        return value


def check_rest(document: object, error: ValidationError) -> list[Finding]:
    """Errors (no warnings) between the entries of a plan that ``error`` does not name, at their own paths."""
    partial = partial_plan(document, error)
    if partial.plan is None:
        return []
    return [
        replace(finding, path=partial.original(finding.path))
        for finding in check(partial.plan)
        if not finding.warning and partial.concerns(finding)
    ]


def partial_plan(document: object, error: ValidationError) -> Partial:
    """What remains of ``document`` without the entries named by ``error``; no plan if that is too little."""
    found = Partial()
    rest = document
    for _ in range(_ROUNDS):
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            path = found.original(real_path(detail["loc"], rest))
            entry = path if detail["type"] == "extra_forbidden" else _entry(path)
            found.faulty.add(entry)
            found.lost |= set(_texts(_at(document, entry)))
        if () in found.faulty:
            return found
        stand_ins = {name: value for name, value in _STAND_INS.items() if (name,) in found.faulty}
        rest = found.prune(document) | stand_ins
        try:
            found.plan = Plan.model_validate(rest)
            return found
        except ValidationError as further:
            error = further
    return found


def _entry(path: Path) -> Path:
    """The innermost list entry around ``path``; else its section, where the plan can do without."""
    for length in range(len(path), 0, -1):
        if isinstance(path[length - 1], int):
            return path[:length]
    if not path or path[0] in ("organisation", "kpis"):
        return ()
    return path[:1]


def _at(value: object, path: Path) -> object:
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in [str(key), *_texts(inner)]]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [str(getattr(value, "text", value))]
