"""Draws: worked cases, and who has one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.plan_draws import Draw
from schemas.plan_file import examine_plan
from streams.ledger.draws import drawn, draws_of

#: kind, then for each period in a row: earned, what is paid, advances still to be recovered. The draw is 2000.
CASES = {
    # QuotaPath's and other guides' usual example, worked by hand: short, then over, then far over
    "recoverable": ("recoverable", [("1200", "2000", "800"), ("2500", "2000", "300"), ("4000", "3700", "0")]),
    "recoverable, never made up": ("recoverable", [("0", "2000", "2000"), ("1999.99", "2000", "2000.01")]),
    "recoverable, refunds beyond sales": ("recoverable", [("-100", "2000", "2100"), ("5000", "2900", "0")]),
    "guarantee": ("guarantee", [("1200", "2000", "0"), ("2500", "2500", "0")]),
}


@pytest.mark.parametrize("case", CASES)
def test_worked_cases(case):
    kind, periods = CASES[case]
    draw, outstanding = Draw(id="d", period="month", amount=2000, kind=kind), Decimal(0)
    for earned, paid, left in periods:
        more = drawn(draw, Decimal(earned), outstanding)
        outstanding += more.advance - more.recovery
        assert Decimal(earned) + more.guarantee + more.advance - more.recovery == Decimal(paid)
        assert outstanding == Decimal(left)


def test_without_a_draw_everything_earned_recovers():
    assert drawn(None, Decimal(500), Decimal(800)).recovery == 500
    assert drawn(None, Decimal(900), Decimal(800)).recovery == 800
    assert drawn(None, Decimal(-5), Decimal(800)).recovery == 0


PLAN = """plan: p
timezone: UTC
currency: CNY
organisation:
  company: acme
  departments:
    - id: d
      teams:
        - id: t
          employees:
            - {id: E1, role: rep}
            - {id: E2, role: rep, start: 2026-04-10}
            - {id: E3, role: rep, end: 2026-04-01}
            - {id: E4, role: trainee, moves: [{date: 2026-04-15, role: rep}]}
kpis:
  - {id: visits, name: V, description: V, aggregate: count, events: [visit], unit: count}
draws:
  - {id: start, period: month, amount: 900, kind: guarantee, employees: [E2], end: 2026-06-01}
  - {id: base, period: month, amount: 500, roles: [rep], start: 2026-03-01}
"""


@pytest.mark.parametrize("period, found", [
    ("2026-02", {}),
    ("2026-03", {"E1": "base", "E3": "base"}),
    ("2026-04", {"E1": "base", "E2": "start", "E4": "base"}),
    ("2026-06", {"E1": "base", "E2": "base", "E4": "base"}),
])  # fmt: skip
def test_who_has_a_draw(period, found):
    plan, errors, _ = examine_plan(PLAN)
    assert not errors
    assert {employee: draw.id for employee, draw in draws_of(plan, "month", period).items()} == found


@pytest.mark.parametrize("old, new, path, message", [
    ("id: base", "id: start", "draws[start].id", "given twice"),
    ("period: month, amount: 500", "period: rolling_7d, amount: 500", "draws[base].period", "never paid out"),
    ("amount: 500", "amount: 0", "draws[base].amount", "above 0"),
    ("roles: [rep]", "roles: [reps]", "draws[base].roles[0]", "did you mean rep?"),
    ("employees: [E2]", "employees: [E9]", "draws[start].employees[0]", "no such employee"),
    ("start: 2026-03-01", "start: 2026-03-01, end: 2026-03-01", "draws[base].end", "a day after start"),
])  # fmt: skip
def test_an_error_names_its_path_and_what_was_expected(old, new, path, message):
    assert old in PLAN
    _, errors, _ = examine_plan(PLAN.replace(old, new))
    assert any(error.path == path and message in error.message for error in errors), [str(one) for one in errors]
