"""``kpistream close``: which period a key names, and that it has ended."""

from __future__ import annotations

import click
import pytest

from infra.close_cli import close_record
from schemas.control import PlanApplied, decode_control, encode_control
from schemas.plan_file import load_plan
from tests.worked_examples import ROOT

PLAN = load_plan(ROOT / "plans" / "examples" / "plan-p.yaml")  # Asia/Shanghai
APRIL = 1_774_972_800_000  # 1 April 2026 there, midnight


@pytest.mark.parametrize("period, kind", [
    ("2026-03", "month"), ("2026-Q1", "quarter"), ("2026-W13", "week"), ("2025", "year"), ("2026-03-31", "day"),
])  # fmt: skip
def test_the_key_tells_the_kind(period, kind):
    record = close_record(PLAN, period, APRIL, early=False)
    assert (record.kind, record.period, record.id) == (kind, period, f"close:plan-p:{kind}:{period}")
    assert decode_control(encode_control(record)) == record
    assert record.plan_id == "plan-p"


def test_who_closes_it_stands_in_the_record_and_is_no_part_of_its_id():
    record = close_record(PLAN, "2026-03", APRIL, early=False, by="Anna")
    assert decode_control(encode_control(record)).by == "Anna"
    assert record.id == close_record(PLAN, "2026-03", APRIL, early=False).id


def test_a_period_closes_once_it_has_ended_or_early():
    with pytest.raises(click.ClickException, match="ends on 2026-03-31, in Asia/Shanghai it is 2026-03-31; --early"):
        close_record(PLAN, "2026-03", APRIL - 1, early=False)
    assert close_record(PLAN, "2026-03", APRIL - 1, early=True).period == "2026-03"


def test_a_key_that_names_no_period():
    with pytest.raises(click.ClickException, match="2026-13 names no period; expected a key such as 2026-03"):
        close_record(PLAN, "2026-13", APRIL, early=True)


def test_control_records_of_both_kinds_are_told_apart():
    applied = PlanApplied(id="1", plan=PLAN)
    assert decode_control(encode_control(applied)) == applied
