"""Targets by slot and by key, whether a key has a place in the table or not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.plan import Kpi
from streams.performance.ladder import NO_TARGET
from streams.performance.period_view import PeriodView
from streams.performance.running import PeriodTable, period_key
from tests.depth import examples

KPI = Kpi.model_validate({"id": "visits", "name": "Visits", "aggregate": "count", "events": ["visit"]})
_PERSON = st.tuples(st.integers(0, 300), st.integers(-2, 20_600))
_STEP = st.tuples(st.sampled_from(["place", "ask one", "ask many", "by slot"]), st.lists(_PERSON, max_size=150))


def target(employee: int, ordinal: int) -> int | None:
    return None if employee % 3 == 0 else employee * 1_000 + ordinal


@examples(40)
@given(st.lists(_STEP, max_size=10))
def test_targets_are_those_of_the_plan_and_asked_for_once(steps):
    asked = []

    def resolve(kpi: str, kind: str, employee: int, ordinal: int) -> int | None:
        assert (kpi, kind) == ("visits", "month")
        asked.append((employee, ordinal))
        return target(employee, ordinal)

    table = PeriodTable(1)
    view = PeriodView(KPI, 0, "month", table, resolve)
    for what, people in steps:
        keys = np.array([period_key(*one) for one in people], np.int64)
        wanted = [NO_TARGET if target(*one) is None else target(*one) for one in people]
        if what == "place":
            table.slots(np.unique(keys))
        elif what == "ask one":
            assert [view.target_of(key) for key in keys.tolist()] == wanted
        elif what == "ask many":
            assert view.targets_of(keys).tolist() == wanted
        else:
            table.slots(np.unique(keys))
            assert view.targets(table.find_all(keys)).tolist() == wanted
    assert all(asked.count(one) <= 2 for one in asked), "once ahead of its place in the table, once with it"


def test_where_nobody_has_a_target_nothing_is_asked():
    view = PeriodView(KPI, 0, "month", PeriodTable(1), None)
    keys = np.array([period_key(1, 2), period_key(3, 4)])
    assert view.targets_of(keys).tolist() == view.targets(np.array([0, 1])).tolist() == [NO_TARGET] * 2
    assert view.target_of(int(keys[0])) == NO_TARGET
