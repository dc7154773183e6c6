"""What comes about a sale has its values that filters name: ahead of it, after restarts, after plan changes."""

from __future__ import annotations

import pytest

from schemas.control import PlanApplied
from streams.crediting import Crediting
from tests.unit.streams.crediting_reference import DAY, START, Block, Event, Result, as_records, fold, make_plan

TEAMS = {"a": ["E1", "E2"]}


def _plan(id_: str, **where) -> PlanApplied:
    return PlanApplied(id=id_, plan=make_plan(TEAMS, where=where))


FIRST = _plan("1", product=["P1", "P2"], channel="web")


def _sale(**fields: str) -> Event:
    return Event("s", employee="E1", data={"amount": 10_000, "currency": "CNY"} | fields)


def _refund(id_: str = "r", type_: str = "refund", **fields: str) -> Event:
    return Event(id_, type_, START + DAY, data={"sale_id": "s", "amount": 1_000, "currency": "CNY"} | fields)


def _seen(*steps: Event | PlanApplied) -> list[tuple]:
    """(id, product, channel) of the credits, the same after a restart anywhere."""
    log = [Block(0, [(at, step)]) if isinstance(step, Event) else step for at, step in enumerate(steps)]
    found = []
    for restart_at in range(len(log) + 1):
        stage, result = Crediting(0, 1), Result()
        for record in as_records(log):
            if record.offset == restart_at:
                rows, stage = stage.dirty_rows(), Crediting(0, 1)
                stage.restore({key: value for key, value in rows.items() if value})
            fold(stage, [record], result)
        found.append([(row["id"], row.get("data.product"), row.get("data.channel")) for row in result.rows])
    assert all(one == found[0] for one in found)
    return found[0]


@pytest.mark.parametrize("type_", ["refund", "correction", "cancellation"])
def test_the_sale_decides_whatever_comes_first_and_whatever_it_says(type_):
    sale = _sale(product="P1", channel="web")
    assert _seen(FIRST, sale, _refund(type_=type_)) == [("s", "P1", "web"), ("r", "P1", "web")]
    assert _seen(FIRST, _refund(type_=type_), sale) == [("s", "P1", "web"), ("r", "P1", "web")]
    wrong = _refund(type_=type_, product="P2", channel="shop")
    assert _seen(FIRST, sale, wrong) == [("s", "P1", "web"), ("r", "P1", "web")]


def test_a_value_that_no_filter_names_stays_and_never_becomes_one_that_some_filter_does():
    sale = _sale(product="P9")
    assert _seen(FIRST, sale, _refund(product="P9", channel="fair"))[1] == ("r", "P9", "fair")
    assert _seen(FIRST, sale, _refund(product="P1", channel="web"))[1] == ("r", None, None)


def test_what_a_plan_named_when_the_sale_came_is_known_under_later_plans():
    sale, more = _sale(product="P1", channel="web"), _plan("2", product=["P1", "P3"])
    assert _seen(FIRST, sale, more, _refund()) == [("s", "P1", "web"), ("r", "P1", "web")]
    assert _seen(FIRST, _sale(product="P3"), more, _refund(product="P3"))[1] == ("r", "P3", None)
    assert _seen(FIRST, _sale(product="P3"), more, _refund())[1] == ("r", None, None)


def test_where_no_filter_named_the_field_the_refund_speaks_for_itself():
    nothing = PlanApplied(id="0", plan=make_plan(TEAMS))
    assert _seen(nothing, _sale(product="P1"), FIRST, _refund(product="P1"))[1] == ("r", "P1", None)
    assert _seen(nothing, _sale(product="P1"), FIRST, _refund())[1] == ("r", None, None)
