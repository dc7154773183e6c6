"""What reconcile says, and the one sentence of commands that find no ClickHouse."""

from __future__ import annotations

from infra.clickhouse.reconcile import Check, Report
from infra.reconcile_cli import as_json, as_text

GOOD = Check("credits sum to their event", 1200, 0)
BAD = Check("days of revenue", 30, 2, ("E1 2026-03-01: 5 in the table, 6 by the credits",))


def test_agreement_closes_with_what_was_compared():
    assert as_text(Report((GOOD, GOOD))).splitlines() == [
        "credits sum to their event: 1200 compared, agrees",
        "credits sum to their event: 1200 compared, agrees",
        "Everything agrees: 2,400 comparisons in 2 checks.",
    ]


def test_differences_are_shown_and_counted():
    text = as_text(Report((GOOD, BAD)))
    assert "  E1 2026-03-01: 5 in the table, 6 by the credits" in text.splitlines()
    assert text.endswith("2 differences in 1 of 2 checks.")
    assert as_json(Report((GOOD, BAD))) == {
        "checks": [
            {"name": GOOD.name, "compared": 1200, "differences": 0, "examples": ()},
            {"name": BAD.name, "compared": 30, "differences": 2, "examples": BAD.examples},
        ],
        "differences": 2,
    }


def test_empty_tables_are_no_agreement():
    assert as_text(Report((Check("days of revenue", 0, 0),))).endswith(
        "Nothing to compare: the tables are empty."
    )
