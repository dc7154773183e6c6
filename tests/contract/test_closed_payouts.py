"""Payouts of a backtest over random plans, draws, histories and closes: told again in a few obvious lines."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from infra.backtest_report import report_of
from streams.backtest import Backtest
from tests.depth import examples
from tests.generated import random_events, random_plan, with_closes
from tests.generated_draws import CLOSABLE, with_draws


@examples(5)
@given(st.integers(0, 2**32))
def test_statements_are_sums_of_lines_and_payouts_of_closed_periods_are_statements(seed):
    dice = Random(seed)
    plan = with_draws(dice, random_plan(dice, rolling=False))
    test = Backtest()
    test.apply(plan)
    closes = [{"control": "close", "period": key} for key in dice.sample(CLOSABLE, dice.randint(0, len(CLOSABLE)))]
    history = with_closes(dice, random_events(dice, plan.currency, 25)) + closes
    test.feed([json.dumps(one).encode() for one in history])
    report = report_of(plan, test.finish(), lambda number: ("", number))

    lines: dict[tuple, Decimal] = defaultdict(Decimal)
    for line in report["earnings"]:
        lines[line["period_kind"], line["posted_in"], line["employee"]] += Decimal(line["amount"])
    statements = {
        (one["period_kind"], one["period"], one["employee"]): Decimal(one["amount"]) for one in report["statements"]
    }
    assert {key: money for key, money in statements.items() if money} == {k: m for k, m in lines.items() if m}
    left: dict[tuple, Decimal] = defaultdict(Decimal)
    for row in report["payouts"]:
        place = row["period_kind"], row["period"], row["employee"]
        assert Decimal(row["amount"]) == statements.get(place, 0)
        draw = next((one for one in plan.draws if one.id == row["draw"]), None)
        earned, least = Decimal(row["earned"]), draw.amount if draw else Decimal(0)
        owed = left[row["period_kind"], row["employee"]]
        back = min(max(earned - least, 0), owed)
        short = max(least - earned, 0) if draw else 0
        lent = short if draw and draw.kind == "recoverable" else 0
        assert Decimal(row["amount"]) == earned + short - back
        assert Decimal(row["outstanding"]) == owed + lent - back
        left[row["period_kind"], row["employee"]] = owed + lent - back
    assert {(one["period_kind"], one["period"]) for one in report["payouts"]} <= set(test.result.closes)
