"""A scorecard's score after each credit that moves one of its KPIs, in exact fractions. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from schemas.money import SCALE, round_half_up
from schemas.plan import Kpi, Plan
from schemas.plan_scorecards import Scorecard, ScorecardKpi
from streams.explain.credits import Credit
from streams.explain.measured import Measured, Scope
from streams.explain.values import Step, attainment, standing


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A KPI's part of a score: its weight × the lesser of attainment and cap; no attainment, no part. ``few``: nor with
    fewer events behind its value than the scorecard asks for, which is how many there are.
    """

    kpi: Kpi
    weight: Fraction
    cap: Fraction
    attainment: Fraction | None
    few: int | None = None

    @property
    def points(self) -> Fraction | None:
        """What it adds, 1 being 100 %."""
        return None if self.attainment is None else self.weight * min(self.attainment, self.cap)


def measured_by(scope: Scope) -> dict[str, Measured]:
    """Each KPI or score that the rule looks at, by its id."""
    plan, rule = scope.evidence.plan, scope.rule
    cards = {card.id: card for card in plan.scorecards}
    found: dict[str, Measured] = {}
    for name in dict.fromkeys(rule.kpi_ids()):
        if name in cards:
            if unit := scope.evidence.unit:
                has_it = unit[0] in cards[name].units
            else:
                has_it = scope.evidence.has_role(cards[name].roles, rule.period, scope.period)
            found[name] = score_of(plan, cards[name], scope.inside, scope.measure, has_it)
        else:
            found[name] = scope.measure(name)
    return found


def score_of(
    plan: Plan, card: Scorecard, credits: list[Credit], measure: Callable[[str], Measured], has_it: bool
) -> Measured:
    """The score as one more measure. ``measure`` gives a KPI in the period; ``has_it``: the card is the person's."""
    kpi = Kpi(id=card.id, name=card.name, aggregate="max", events=("score",), unit="percent")
    parts = [measure(one.kpi) for one in card.kpis] if has_it else []
    moves = [{id(step.credit): step for step in one.steps} for one in parts]
    now = [(*standing(one.kpi, []), one.target) for one in parts]
    below, steps, shown = [0] * len(parts), [], ()
    for credit in credits:
        at = [step_of.get(id(credit)) for step_of in moves]
        if not any(at):
            continue
        below = [stood if step is None else step.below for step, stood in zip(at, below, strict=True)]
        now = [
            stood if step is None else (step.value, step.sample, one.target)
            for step, stood, one in zip(at, now, parts, strict=True)
        ]
        shown = tuple(
            _part(entry, one.kpi, *figures) for entry, one, figures in zip(card.kpis, parts, now, strict=True)
        )
        value, sample = _score(card, shown) if any(one > 0 for one in below) else (None, 0)
        steps.append(Step(credit, 0, SCALE, value, sample * SCALE))
    value, sample = (steps[-1].value, steps[-1].sample) if steps else (None, 0)
    return Measured(kpi, steps, value, sample, None, None, shown, is_score=True)


def _part(entry: ScorecardKpi, kpi: Kpi, value: Fraction | None, sample: int, target: Fraction | None) -> ScorePart:
    few = sample if sample < entry.min_sample else None
    reached = attainment(kpi, value, target) if few is None else None
    return ScorePart(kpi, Fraction(entry.weight), Fraction(entry.cap), reached, few)


def _score(card: Scorecard, parts: tuple[ScorePart, ...]) -> tuple[Fraction | None, int]:
    """The score in percent, rounded half-up once to four decimals, and the number of KPIs with an attainment."""
    having = [part for part in parts if part.points is not None]
    if not having:
        return None, 0
    total = sum((part.points for part in having), Fraction(0))
    if card.missing == "redistribute":
        total /= sum(part.weight for part in having)
    return Fraction(round_half_up(total * 100 * SCALE, 1), SCALE), len(having)
