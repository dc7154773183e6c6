"""Derived ids: stable for good, and different wherever any field differs."""

from __future__ import annotations

from schemas.identity import award_id, line_id

AWARD = ("plan", "rule", "E1", "month", "2026-03", 1, 1)
LINE = ("plan", "rule", "E1", "month", "2026-03", 0, 17, 3, 1, "")


def test_ids_never_change_between_releases():
    assert award_id(*AWARD) == "58640d666deec1dc5839e9606b82d586"
    assert line_id(*LINE) == "94793b93a931c6f5a666ec41ff1b0bb3"


def test_every_field_counts():
    for make, fields in ((award_id, AWARD), (line_id, LINE)):
        others = [
            make(*fields[:n], f"{field}x" if isinstance(field, str) else field + 1, *fields[n + 1 :])
            for n, field in enumerate(fields)
        ]
        assert len({make(*fields), *others}) == len(fields) + 1


def test_fields_do_not_run_into_each_other():
    assert award_id("a", "bc", *AWARD[2:]) != award_id("ab", "c", *AWARD[2:])
