"""Filters by amount and corrections, by example; also of credits from before these said how a sale stood."""

from __future__ import annotations

import json

import pytest

from runtime.records import Out
from schemas.blocks import decode_block, encode_block, kind_of
from schemas.plan import Plan
from streams.backtest import Backtest

_LARGE = {"amount": {"gte": 60}}
PLAN = {
    "plan": "p", "timezone": "UTC", "currency": "CNY",
    "crediting": {"correction_date": "sale", "refund_date": "sale"},
    "organisation": {"company": "c", "departments": [
        {"id": "d", "teams": [{"id": "t", "employees": [{"id": "E1", "role": "r"}, {"id": "E2", "role": "r"}]}]},
    ]},
    "kpis": [
        {"id": "deals", "name": "D", "aggregate": "count", "events": ["sale"], "where": _LARGE, "periods": ["month"]},
        {"id": "big", "name": "B", "aggregate": "sum", "events": ["sale", "refund", "correction", "cancellation"],
         "field": "amount", "where": _LARGE, "periods": ["month"]},
    ],
}  # fmt: skip
HALVES, MOST = {"E1": 50, "E2": 50}, {"E1": 70, "E2": 30}


def event(id_: str, type_: str, amount: int | None = None, shares: dict | None = None) -> bytes:
    about = {"specversion": "1.0", "source": "s", "id": id_, "type": type_, "time": "2026-03-02T10:00:00Z"}
    data = {} if amount is None else {"amount": amount, "currency": "CNY"}
    data |= {} if type_ == "sale" else {"sale_id": "1"}
    data |= {"splits": [{"employee": one, "percent": part} for one, part in shares.items()]} if shares else {}
    return json.dumps(about | {"data": data}).encode()


def run(*values: bytes) -> Backtest:
    test = Backtest()
    test.apply(Plan.model_validate(PLAN), "control")
    test.feed(values, 1)
    return test


def values_of(test: Backtest) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {"deals": {}, "big": {}}
    for (kpi, employee, *_), row in test.finish().periods.items():
        found[kpi][employee] = row["numerator"] // 10_000
    units = {kpi: sum(row["team_numerator"] for row in test.result.days.values() if row["kpi"] == kpi) for kpi in found}
    return {kpi: who | {"t": units[kpi] // 10_000} for kpi, who in found.items()}


@pytest.mark.parametrize(
    ("events", "deals", "big"),
    [
        # a share that a correction raises over the bound, and then takes below it again
        ([event("1", "sale", 100, HALVES), event("2", "correction", 100, MOST)],
         {"E1": 1, "t": 1}, {"E1": 70, "t": 70}),
        ([event("1", "sale", 100, HALVES), event("2", "correction", 100, MOST), event("3", "correction", 100, HALVES)],
         {"E1": 0, "t": 0}, {"E1": 0, "t": 0}),
        # an amount that was wrong
        ([event("1", "sale", 10, {"E1": 100}), event("2", "correction", 90)], {"E1": 1, "t": 1}, {"E1": 90, "t": 90}),
        ([event("1", "sale", 90, {"E1": 100}), event("2", "correction", 10)], {"E1": 0, "t": 0}, {"E1": 0, "t": 0}),
        # refunds go with their sale, those before a correction and those after it
        ([event("1", "sale", 50, {"E1": 100}), event("2", "refund", 20), event("3", "correction", 100),
          event("4", "refund", 30)], {"E1": 1, "t": 1}, {"E1": 50, "t": 50}),
        ([event("1", "sale", 100, {"E1": 100}), event("2", "refund", 20), event("3", "correction", 50),
          event("4", "refund", 10), event("5", "cancellation")], {"E1": 0, "t": 0}, {"E1": 0, "t": 0}),
        # to somebody else, by whose part it is outside, and back
        ([event("1", "sale", 100, {"E1": 100}), event("2", "correction", 100, HALVES)],
         {"E1": 0, "t": 0}, {"E1": 0, "t": 0}),
        ([event("1", "sale", 100, {"E1": 100}), event("2", "correction", 100, {"E2": 100})],
         {"E1": 0, "E2": 1, "t": 1}, {"E1": 0, "E2": 100, "t": 100}),
    ],
)  # fmt: skip
def test_a_sale_comes_within_the_bounds_or_leaves_them(events, deals, big):
    found = values_of(run(*events))
    assert {name: {who: value for who, value in found[name].items() if value} for name in found} == {
        name: {who: value for who, value in want.items() if value} for name, want in (("deals", deals), ("big", big))
    }


class Tapped(Backtest):
    """Keeps the credits, without what those of before did not say."""

    def _absorb(self, outs: list[Out]) -> list[Out]:
        return [self._of_before(out) if kind_of(out.headers) == "credits" else out for out in super()._absorb(outs)]

    def _of_before(self, out: Out) -> Out:
        table, meta = decode_block(out.value)
        kept = [name for name in table.schema.names if name not in ("sale_now", "sale_before", "sale_had")]
        return Out(out.topic, encode_block(table.select(kept), meta), partition=out.partition, headers=out.headers)


def test_credits_of_before_are_counted_by_the_sale_as_it_came():
    test = Tapped()
    test.apply(Plan.model_validate(PLAN), "control")
    test.feed([event("1", "sale", 100, {"E1": 100}), event("2", "correction", 90, {"E2": 100})], 1)
    test.feed([event("3", "correction", 10), event("4", "refund", 5)], 1)
    found = values_of(test)
    assert found["deals"] == {"E1": 0, "E2": 1, "t": 1} and found["big"] == {"E1": 0, "E2": 5, "t": 5}
