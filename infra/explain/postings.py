"""Lines that no event brought, or that another period has than the one they belong to. Pure."""

from __future__ import annotations

from collections import defaultdict

from infra.explain.speaking import Speaker
from schemas.wording import period as period_name
from streams.explain.history import Evidence


def posted_here(speaker: Speaker, evidence: Evidence, kind: str, key: str) -> list[str]:
    """What a person's statement of the period has of earlier ones, by rule and period."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for line in evidence.lines:
        if (line["period_kind"], line["posted_in"]) == (kind, key) and line["period"] != key:
            sums[line["rule"], line["period"]] += line["amount"]
    return [
        speaker.say(
            "posted here",
            name=speaker.rule_name(rule),
            period=period_name(kind, period, speaker.language),
            amount=speaker.money(amount),
            who=evidence.employee,
            key=period,
        )
        for (rule, period), amount in sums.items()
        if amount
    ]


def decided_otherwise(speaker: Speaker, evidence: Evidence, rule, key: str) -> list[str]:
    """What of a rule's money in the period no event brought, but a change of plan or an adjustment."""
    sums: dict[tuple[str, int], int] = defaultdict(int)
    for line in evidence.lines_of(rule, key):
        if line["reason"] in ("plan_change", "adjustment"):
            sums[line["reason"], line["plan_version"]] += line["amount"]
    return [
        speaker.say(f"by {reason}", amount=speaker.money(amount), version=version)
        for (reason, version), amount in sorted(sums.items())
        if amount
    ]


def posted_elsewhere(speaker: Speaker, evidence: Evidence, rule, key: str) -> list[str]:
    """What of a rule's money in the period the statements of later ones have."""
    sums: dict[str, int] = defaultdict(int)
    for line in evidence.lines_of(rule, key):
        sums[line["posted_in"]] += line["amount"]
    period = period_name(rule.period, key, speaker.language)
    return [
        speaker.say(
            "posted elsewhere",
            amount=speaker.money(amount),
            where=period_name(rule.period, where, speaker.language),
            period=period,
        )
        for where, amount in sums.items()
        if amount and where != key
    ]
