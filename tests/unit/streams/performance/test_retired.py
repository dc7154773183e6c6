"""A KPI that leaves the plan: published once as nothing, and new from the start if it comes back."""

from __future__ import annotations

import json

from schemas.plan import Plan
from streams.backtest import Backtest, BacktestResult

KPIS = {
    "revenue": {"aggregate": "sum", "field": "amount"},
    "largest": {"aggregate": "max", "field": "amount"},
    "customers": {"aggregate": "distinct", "field": "customer"},
}


def plan(version: int, *kpis: str) -> Plan:
    people = [{"id": one, "role": "rep"} for one in ("E1", "E2")]
    own = {"events": ["sale"], "periods": ["month", "rolling_7d"]}
    return Plan.model_validate(
        {
            "plan": "p",
            "version": version,
            "timezone": "UTC",
            "currency": "CNY",
            "organisation": {
                "company": "c",
                "departments": [{"id": "d", "teams": [{"id": "t", "employees": people}]}],
            },
            "kpis": [{"id": kpi, "name": kpi} | own | KPIS[kpi] for kpi in kpis],
            "targets": [{"kpi": kpi, "period": "month", "value": 10} for kpi in kpis],
        }
    )


def sale(number: int, day: int, amount: int) -> bytes:
    """Shared by both, so that unit values differ from the persons'."""
    splits = [{"employee": one, "percent": 50} for one in ("E1", "E2")]
    data = {"splits": splits, "amount": amount, "currency": "CNY", "customer": f"K{number}"}
    event = {"specversion": "1.0", "source": "s", "id": f"s{number}", "type": "sale", "data": data}
    return json.dumps(event | {"time": f"2026-03-{day:02d}T12:00:00Z"}).encode()


def run(*plans: Plan) -> BacktestResult:
    """A sale under each plan, on the 2nd, 1st and so on, KPI values published after each."""
    test = Backtest()
    for number, one in enumerate(plans):
        test.apply(one)
        test.feed([sale(number, 2 - number % 2, 100 * (number + 1))])
        test.finish()
    return test.result


def cells(result: BacktestResult, kpi: str) -> list[tuple]:
    names = ("day", "numerator", "denominator", "department_numerator", "department_denominator")
    found = [row for row in result.days.values() if row["kpi"] == kpi and row["employee"] == "E1"]
    return [(*(row[name] for name in names), row["low"], row["high"], row["members"]) for row in found]


def periods(result: BacktestResult, kpi: str) -> dict[str, tuple]:
    names = ("numerator", "denominator", "value", "target", "attainment")
    found = [row for row in result.periods.values() if row["kpi"] == kpi and row["employee"] == "E1"]
    return {row["period"]: tuple(row[name] for name in names) for row in found}


def test_cells_and_periods_of_a_kpi_that_left_are_empty():
    before, after = run(plan(1, *KPIS)), run(plan(1, *KPIS), plan(2, "revenue"))
    nothing = (0, 0, None, None, None)
    for kpi in ("largest", "customers"):
        assert cells(before, kpi)[0][1] and set(periods(before, kpi)) == {"2026-03", "2026-03-02"}
        (cell,) = cells(after, kpi)
        assert cell[1:] == (0, 0, 0, 0, None, None, None if kpi == "largest" else [])
        assert periods(after, kpi) == {"2026-03": nothing, "2026-03-02": nothing}


def test_periods_in_which_nothing_counts_are_empty_as_well():
    """What a change of plan publishes of all its KPIs: those in which others of them have something."""
    dear = plan(1, *KPIS).model_dump(mode="json", exclude_none=True)
    dear["kpis"][1] |= {"aggregate": "sum", "where": {"amount": {"gt": 10**6}}}
    first, second = (Plan.model_validate(dear | {"version": version}) for version in (1, 2))
    before, after = run(first, second), run(first, second, plan(3, "revenue"))
    assert periods(before, "largest") == {"2026-03": (0, 0, 0, 100_000, 0)}
    assert periods(after, "largest") == {"2026-03": (0, 0, None, None, None)}
    assert "largest" not in {row["kpi"] for row in after.days.values()}


def test_what_stays_keeps_its_values():
    after = run(plan(1, *KPIS), plan(2, "revenue"))
    assert [cell[1] for cell in cells(after, "revenue")] == [500_000, 1_000_000]
    assert periods(after, "revenue")["2026-03"][:3] == (1_500_000, 20_000, 1_500_000)


def test_a_kpi_that_comes_back_starts_anew():
    after = run(plan(1, *KPIS), plan(2, "revenue"), plan(3, *KPIS))
    assert [cell[1] for cell in cells(after, "revenue")] == [2_000_000, 1_000_000]
    assert [cell[1:3] for cell in cells(after, "customers")] == [(10_000, 10_000)]
    assert periods(after, "largest")["2026-03"][:3] == (1_500_000, 10_000, 1_500_000)
