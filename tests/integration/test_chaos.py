"""A short cut of ``make chaos``: faults of each family on one running system, judged from the input at the end."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.trial import run, table

FAULTS = (
    "everything dies after each step",
    "worker told to end",
    "everything frozen, back as zombies",
    "broker killed",
    "ClickHouse killed",
    "aborted transactions",
    "poisoned topic",
)


def test_nothing_is_lost_doubled_or_wrong_whatever_dies(tmp_path: Path):
    seed = tmp_path.stat().st_ino % 10_000
    trials = run(tmp_path, FAULTS, seconds=4, rate=300, seed=seed, say=print, each=False)
    assert [(one.fault, one.result) for one in trials] == [(fault, "passed") for fault in FAULTS], table(trials)
