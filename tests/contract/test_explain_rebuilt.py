"""Explanations where a KPI is new, was defined otherwise, or was rebuilt: the values are those that were published."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.blocks import kind_of
from schemas.control import KIND, PlanApplied, ValuesAdjusted, decode_control
from schemas.money import SCALE, round_half_up
from streams.explain.credits import credits_of_block, in_period
from streams.explain.customers import counted
from streams.explain.measured import measure
from streams.explain.plan_history import Applied, PlanHistory, Rebuilt
from tests.contract.test_adjustments import folded
from tests.contract.test_rebuild import history, rebuilt
from tests.depth import examples


@examples(2)
@given(st.integers(0, 2**32))
def test_every_value_is_the_one_that_was_published(seed):
    """Under the plan before, under the one that counts otherwise, and behind a rebuild."""
    dice, applied, _, was, since = history(seed)
    at = dice.randint(since, len(was))
    log = rebuilt(was, applied, at, dice)
    plans, cells, credits = [], [], []
    for record in log:
        if kind_of(record.headers) != KIND:
            credits += credits_of_block(0, record.offset, record.value)
            continue
        control = decode_control(record.value)
        if isinstance(control, PlanApplied):
            plans.append(Applied(0, record.offset, control.id, control.plan))
        if isinstance(control, ValuesAdjusted):
            cells += [Rebuilt(0, record.offset, one.kpi, one.employee, one.day) for one in control.cells]
    compared = 0
    for end in {dice.randint(1, len(log)), at, len(log)}:
        plan = [one.plan for one in plans if one.record < end][-1]
        seen = PlanHistory(plans, cells).seen(plan, credits, [], {0: end - 1})
        counts = counted(plan, [one for one in seen if one.record < end])[0]
        kpis = {kpi.id: kpi for kpi in plan.kpis}
        for (name, employee, kind, period), figures in folded(log[:end]).periods.items():
            if name not in kpis or kind.startswith("rolling_"):
                continue
            own = [one for one in counts if one.employee == employee]
            found = measure(kpis[name], in_period(plan, own, kind, period), None).value
            assert (found or None) == (None if not figures[2] else found)
            assert figures[2] is None or figures[2] == round_half_up((found or Fraction(0)) * SCALE, 1)
            compared += found is not None
    assert compared or not credits
