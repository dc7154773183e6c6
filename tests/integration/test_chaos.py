"""A short cut of ``make chaos``: one fault of each family on real servers, judged from the input alone."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.trial import run, table

FAULTS = (
    "worker told to end",
    "worker dies after each step",
    "sink dies after each step",
    "broker killed",
    "ClickHouse killed",
    "ClickHouse lost and restored",
    "aborted transactions",
    "poisoned topic",
)


def test_nothing_is_lost_doubled_or_wrong_whatever_dies(tmp_path: Path):
    trials = run(tmp_path, FAULTS, seconds=6, rate=300, seed=tmp_path.stat().st_ino % 10_000, say=print)
    assert [(one.fault, one.result) for one in trials] == [(fault, "passed") for fault in FAULTS], table(trials)
