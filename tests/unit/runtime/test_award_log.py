"""What the log and the metric say of awards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace

import msgspec
import pytest

import runtime.award_log
from infra.metrics import AWARDS
from runtime.award_log import AwardLog, tell


def _award(number: int, state: str = "provisional", rule: str = "told-tiers") -> bytes:
    award = {"employee": f"E{number}", "rule": rule, "threshold": "100%", "period": "2026-03", "state": state, "x": 1}
    return msgspec.json.encode(award)


def _counted(rule: str, state: str) -> float:
    return AWARDS.labels(rule, state)._value.get()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[logging.LogRecord]]:
    caplog.set_level(logging.INFO, "kpistream")
    return lambda: caplog.records


def test_a_few_are_told_one_by_one_and_what_is_none_is_left_out(said):
    before = _counted("told-tiers", "provisional")
    tell([_award(1), b"{not json", None, b"\xff", b"[" * 100_000, b'{"rule": "told-tiers"}', _award(2, "revoked")])
    told = [(one.msg, one.employee, one.rule, one.tier, one.period, one.state) for one in said()]
    assert told == [
        ("award", "E1", "told-tiers", "100%", "2026-03", "provisional"),
        ("award", "E2", "told-tiers", "100%", "2026-03", "revoked"),
    ]
    assert _counted("told-tiers", "provisional") == before + 1


def test_many_are_counted_by_rule(said):
    before = _counted("told-many", "provisional"), _counted("told-many", "revoked")
    tell([*(_award(one, rule="told-many") for one in range(30)), _award(1, "revoked", "told-many")])
    assert [(one.msg, one.rule, one.state, one.awards) for one in said()] == [
        ("awards", "told-many", "provisional", 30),
        ("awards", "told-many", "revoked", 1),
    ]
    assert (_counted("told-many", "provisional"), _counted("told-many", "revoked")) == (before[0] + 30, before[1] + 1)


async def test_an_error_of_any_kind_is_told_and_the_next_awards_are(monkeypatch, said):
    answers = [ValueError("no batch"), {"awards/0": [SimpleNamespace(value=_award(7))]}]

    class Consumer:
        async def getmany(self, timeout_ms: int) -> dict:
            answer = answers.pop(0) if answers else {}
            if isinstance(answer, Exception):
                raise answer
            return answer

        async def commit(self) -> None:
            committed.set()

    committed = asyncio.Event()
    monkeypatch.setattr(runtime.award_log, "make_consumer", lambda *args, **more: Consumer())
    monkeypatch.setattr(runtime.award_log, "_EVERY_SECONDS", 0)
    following = asyncio.ensure_future(AwardLog(None)._follow())
    await asyncio.wait_for(committed.wait(), 10)
    following.cancel()
    assert [(one.msg, getattr(one, "error", None)) for one in said()][:2] == [
        ("awards are not told in the log", "no batch"),
        ("award", None),
    ]
