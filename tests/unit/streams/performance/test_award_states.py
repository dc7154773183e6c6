"""What has been awarded, against a dict of lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.performance.award_states import AwardStates
from tests.depth import examples

RULES, PEOPLE, PERIODS = ["bonus", "bonus-2", "b"], ["E1", "E11", "1"], ["2026-03", "2026-W03", "rolling"]
_TIER = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(20_000, 20_100)).flatmap(
    lambda tier: st.sampled_from([list(tier), list(tier[:2])])
)
_SET = st.tuples(*map(st.sampled_from, (RULES, PEOPLE, PERIODS)), st.lists(_TIER, min_size=1, max_size=4))


@examples(60)
@given(st.lists(_SET, max_size=20), st.integers(0, 20))
def test_states_are_what_was_set_also_after_a_restart(sets, saved):
    states, known, rows = AwardStates(), {}, {}
    for number, (rule, employee, period, state) in enumerate(sets):
        if number == saved:
            rows |= states.dirty_rows()
            states = AwardStates()
            states.restore(rows | {"plan": b""})
        states.set(rule, employee, period, state)
        known[rule, employee, period] = state
    assert (rows | states.dirty_rows()).keys() == {"award/" + "\x1f".join(key) for key in known}
    for rule in RULES:
        assert states.known(rule) == sorted((employee, period) for of, employee, period in known if of == rule)
        for period in PERIODS:
            holding = [key for key, state in known.items() if any(tier[1] for tier in state)]
            assert states.standing(rule, period) == sorted(
                employee for of, employee, within in holding if (of, within) == (rule, period)
            )
            for employee in PEOPLE:
                state = known.get((rule, employee, period), [])
                wanted = (state + [[0, 0]] * 5)[: max(5, len(state))]
                found = states.of(rule, employee, period, 5)
                assert found == wanted
                found[0] = [9, 9]
                assert states.of(rule, employee, period, 5) == wanted, "what is handed out is the caller's own"
                reached = [tier + 1 for tier, (sequence, *_) in enumerate(state) if sequence]
                assert states.peak(rule, employee, period) == max(reached, default=0)
                assert states.cools(rule, employee, period) == any(len(tier) > 2 for tier in state)
