"""Which target is in force for an employee on a KPI in a period. Pure.

The most specific target wins: by its narrowest selector (employee, role, team, department, everyone), then by
the number of its selectors, then by the next narrowest, then one that names the period (``at``) over one for
every period. A target with several selectors applies only where all of them match.
"""

from __future__ import annotations

from schemas.money import to_fixed
from schemas.plan import Plan, Target
from schemas.plan_goals import targets_of
from schemas.plan_once import once_per_plan

#: Selectors from the widest to the narrowest, as positions in the key below.
_SELECTORS = ("department", "team", "role", "employee")
_Names = tuple[str | None, ...]
_Mask = tuple[bool, ...]


class Targets:
    """The targets of one plan, indexed for repeated look-ups."""

    def __init__(self, plan: Plan):
        self._values: dict[tuple[str, str], dict[tuple[_Names, str | None], int]] = {}
        masks: dict[tuple[str, str], set[_Mask]] = {}
        for target in targets_of(plan):
            if target.unit is not None:
                continue  # of a whole unit: rolled up elsewhere
            about = (target.kpi, target.period)
            names = names_of(target)
            self._values.setdefault(about, {})[names, target.at] = to_fixed(target.value)
            masks.setdefault(about, set()).add(tuple(name is not None for name in names))
        self._masks = {about: sorted(found, key=specificity, reverse=True) for about, found in masks.items()}

    def has(self, kpi: str, period_kind: str) -> bool:
        """Whether anyone at all has a target on this KPI for periods of this kind."""
        return (kpi, period_kind) in self._values

    def resolve(
        self,
        kpi: str,
        employee: str,
        role: str,
        team: str,
        department: str,
        period_kind: str,
        period_key: str,
    ) -> int | None:
        """The target in force in ten-thousandths, or None; ``period_key`` is '' for rolling windows."""
        about = (kpi, period_kind)
        if about not in self._values:
            return None
        values = self._values[about]
        own = (department, team, role, employee)
        for mask in self._masks[about]:
            names = tuple(name if used else None for name, used in zip(own, mask, strict=True))
            for at in (period_key, None):
                if (value := values.get((names, at))) is not None:
                    return value
        return None


@once_per_plan
def target_index(plan: Plan) -> Targets:
    """The targets of a plan, for every partition that knows it."""
    return Targets(plan)


def names_of(target: Target) -> _Names:
    """The target's selectors from the widest to the narrowest, None where it has none."""
    return tuple(getattr(target, selector) for selector in _SELECTORS)


def specificity(mask: _Mask) -> tuple[int, int, list[int]]:
    """Sorts masks of selectors: the more specific, the greater."""
    ranks = [rank for rank, used in enumerate(mask, start=1) if used]
    return max(ranks, default=0), len(ranks), sorted(ranks, reverse=True)
