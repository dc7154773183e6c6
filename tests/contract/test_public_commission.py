"""Real salespeople: attainment and commission per quarter through a backtest equal plain SQL to the last decimal."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest

from infra.explain.from_backtest import BacktestEvidence
from infra.ingest.import_mapping import find_mapping, read_mapping
from infra.ingest.importer import run_import
from schemas.money import minor_step
from streams.explain.period import explain_period
from tests.sales_quarters_sql import TIERS, quarters_by_sql


@pytest.mark.parametrize("pays", ["marginal", "slab"])
def test_attainment_and_commission_per_quarter_equal_sql(public_data, pays):
    folder = public_data / "adventureworks"
    imported = run_import(read_mapping(find_mapping("adventureworks")), [folder])
    (award,) = imported.plan.awards
    assert [(int(tier.attainment * 100), int(tier.rate * 10_000)) for tier in award.tiers] == list(TIERS)
    plan = imported.plan.model_copy(update={"awards": (award.model_copy(update={"pays": pays}),)})
    values = [one if isinstance(one, bytes) else msgspec.json.encode(one) for one in imported.events]
    source = BacktestEvidence(plan, lambda run: run.feed(values, 500))
    wanted = quarters_by_sql(folder, pays)
    found = {
        (row["employee"], row["period"]): (row["value"], row["target"], row["attainment"])
        for row in source.result.periods.values()
        if (row["kpi"], row["period_kind"]) == ("revenue", "sales_quarter") and row["target"] is not None
    }
    with_sales = {key: figures for key, figures in found.items() if figures[0]}
    assert with_sales == {key: figures[:3] for key, figures in wanted.items() if figures[0]}
    assert len(with_sales) > 140
    paid: dict = defaultdict(int)
    for line in source.result.earnings:
        assert line["amount"] % minor_step("USD") == 0  # rounded on the line, so statements need no rounding
        paid[line["employee"], line["period"]] += line["amount"]
    assert {key: amount for key, amount in paid.items() if amount} == {
        key: figures[3] for key, figures in wanted.items() if figures[3]
    }
    for employee, period in sorted(paid)[::20]:
        (explained,) = explain_period(source.of(employee), period)
        assert explained.due == paid[employee, period] and not explained.difference
