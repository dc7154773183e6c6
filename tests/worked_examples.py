"""The worked examples as data, and how a result is held against them."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml

from schemas.plan import Plan
from schemas.plan_file import load_plan

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "tests" / "examples"
#: Ours, and those of vendors and of practice; those of single features are named after them.
_FILES = ("cases.yaml", "practice.yaml", "policies.yaml", "credits.yaml", "awards.yaml", "engine.yaml")
CASES = [
    case
    for name in _FILES
    for case in yaml.load((EXAMPLES / name).read_text(encoding="utf-8"), yaml.CSafeLoader)  # in C: every run reads them
]

#: Compared as numbers: 1.3 and 1.3000 are the same.
_NUMBERS = frozenset(["value", "target", "attainment"])


def plan_path(case: dict) -> Path:
    """The plan file of a case."""
    return ROOT / "plans" / "examples" / f"{case['plan']}.yaml"


def plan_of(case: dict) -> Plan:
    """The plan of a case, read once."""
    return _plan(plan_path(case))


@cache
def _plan(path: Path) -> Plan:
    return load_plan(path)


def events_path(case: dict) -> Path:
    """The events of a case, one CloudEvent a line."""
    return EXAMPLES / f"{case['events']}.jsonl"


def events_of(case: dict) -> list[dict]:
    """The events of a case; numbers with decimals as Decimal."""
    return [json.loads(line, parse_float=Decimal) for line in events_path(case).read_text().splitlines()]


def assert_matches(case: dict, result: dict) -> None:
    """``result`` (the JSON of a backtest) has what the case expects."""
    for part in ("kpis", "units", "statements", "payouts"):
        for wanted in case.get(part, []) if part in result else ():
            assert any(_agrees(wanted, found) for found in result[part]), (
                f"no {part} entry like {wanted}: {result[part]}"
            )
    for part in ("awards", "earnings"):
        if part in case:
            assert len(result[part]) == len(case[part]), result[part]
            for wanted, found in zip(case[part], result[part], strict=True):
                assert _agrees(wanted, found), f"{part}: expected {wanted}, found {found}"
    if "total" in case:
        total = sum((Decimal(line["amount"]) for line in result["earnings"]), Decimal(0))
        assert total == Decimal(case["total"])
    if "outcomes" in case:
        assert {name: result["outcomes"][name] for name in case["outcomes"]} == case["outcomes"]


def _agrees(wanted: dict, found: dict) -> bool:
    return all(_same(name, value, found[name]) for name, value in wanted.items())


def _same(name: str, wanted: object, found: object) -> bool:
    if name == "cause":
        return wanted == found["id"]
    if name in _NUMBERS and found is not None:
        return Decimal(wanted) == Decimal(found)
    return wanted == found
