"""The verdict of the chaos suite on alerts: green for what was told right, red for each way of telling it wrong."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import msgspec
import pytest

from schemas.results import Award, Position, encode_award
from sinks.alerts.sample import sample_award
from tests.chaos.expected import Expected, Record
from tests.chaos.receivers import told_by
from tests.chaos.verdict import Verdict, judge_alerts

PLAN = SimpleNamespace(awards=[SimpleNamespace(tiers=[SimpleNamespace(value=Decimal(2000))])])


def award(number: int, employee: str, state: str = "final") -> Award:
    place = Position(0, number, 0, 0)
    return msgspec.structs.replace(
        sample_award(), award_id=f"{number % 10:032x}", employee=employee, period="2026-03", tier=0, state=state,
        position=place,
    )  # fmt: skip


#: E1 reached the tier twice, with a refund in between; E2 once.
LOG = [award(1, "E1"), award(2, "E2"), award(11, "E1", "revoked"), award(14, "E1")]


def verdict_of(told: list[Award], breaks: int = 0) -> Verdict:
    found = Verdict(Expected(revenue={("E1", "2026-03"): Decimal(2100), ("E2", "2026-03"): Decimal(2500)}))
    bodies = [{"award": msgspec.to_builtins(one), "state": one.state} for one in told]
    receivers = SimpleNamespace(breaks=breaks, told=lambda: {"front": told_by(bodies)})
    records = [Record(0, offset, 0, encode_award(one)) for offset, one in enumerate(LOG)]
    judge_alerts(SimpleNamespace(plan=PLAN, receivers=receivers), found, records)
    return found


def test_each_told_once_is_right():
    assert verdict_of(LOG).right


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (LOG[:3], "lost"),
        (LOG[1:], "lost"),
        ([*LOG, LOG[1]], "doubled"),
        ([*LOG, award(9, "E3")], "doubled"),
        ([LOG[0], LOG[1], LOG[3], LOG[2]], "mismatched"),
    ],
    ids=["last word missing", "first missing", "sent again", "of no award", "out of order"],
)
def test_each_way_of_telling_it_wrong_is_seen(told: list[Award], wrong: str):
    found = verdict_of(told)
    assert getattr(found, wrong) and not found.right


def test_one_repeat_for_each_time_that_it_was_cut_off():
    assert verdict_of([*LOG, LOG[1]], breaks=1).right
    assert verdict_of([*LOG, LOG[1], LOG[1]], breaks=1).doubled
