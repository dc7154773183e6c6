"""The bonus of a threshold award that stands: granted and revoked on the way, as the rule settles. Pure."""

from __future__ import annotations

from schemas.money import to_fixed
from streams.explain.granted import Granted
from streams.explain.measured import Scope
from streams.explain.scores import measured_by
from streams.explain.thresholds import met, nothing


def bonus(scopes: list[Scope]) -> int:
    """The bonus that stands after the last credit of the period; ``scopes``: under each plan, or rebuild, in turn."""
    granted = Granted()
    for scope in scopes:
        _walk(scope, granted)
    return to_fixed(scopes[-1].rule.bonus or 0) if granted.stands else 0


def _walk(scope: Scope, granted: Granted) -> None:
    """What becomes of the award as the plan takes effect, and with each credit after that."""
    rule, measured = scope.rule, measured_by(scope)
    places = {name: {id(step.credit): step for step in one.steps} for name, one in measured.items()}
    now = {name: (*nothing(one), one.target) for name, one in measured.items()}
    began, some = False, {}

    def turn(day: int | None) -> None:
        granted.turn(rule, any(some.values()) and met(rule, measured, now, granted.stands), day, rule.cool_down_days)

    for credit in scope.inside:
        if not began and credit.record > scope.since:
            began = True
            turn(None)
        found = {name: step for name, steps in places.items() if (step := steps.get(id(credit)))}
        now |= {name: (step.value, step.sample, measured[name].target) for name, step in found.items()}
        some |= {name: step.something for name, step in found.items()}
        if found and began:
            turn(credit.day)
    if not began:
        turn(None)
