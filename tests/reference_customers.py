"""The naive reference for limits on events of one customer: counted in a list, one credit after the other."""

from __future__ import annotations

from dataclasses import replace

from tests.reference_credits import FOLLOWING, Credit


class CustomerLimits:
    """``values`` knows days and periods."""

    def __init__(self, values) -> None:
        self.values = values
        self.guards = [guard for guard in values.plan.crediting.guards if guard.same_customer is not None]
        self.counted: list[Credit] = []
        self.left_out: set[tuple[str, str, str]] = set()  # employee, source, id

    def admits(self, one: Credit) -> bool:
        """Whether a credit counts; ask once for each, in the order of the log."""
        if one.event["type"] in FOLLOWING:
            source = one.fields.get("sale_source") or one.event["source"]
            return (one.employee, source, one.fields["sale_id"]) not in self.left_out
        if any(self._full(guard, one) for guard in self.guards):
            self.left_out.add((one.employee, one.event["source"], one.event["id"]))
            return False
        self.counted.append(one)
        return True

    def _full(self, guard, one: Credit) -> bool:
        period = self.values.period(guard.per, self.values.day(one.time))
        if one.event["type"] not in guard.events or "customer" not in one.fields or period is None:
            return False
        same = [
            each
            for each in self.counted
            if each.employee == one.employee
            and each.event["type"] in guard.events
            and each.fields.get("customer") == one.fields["customer"]
            and self.values.period(guard.per, self.values.day(each.time)) == period
        ]
        return len(same) >= guard.same_customer


def by_those_who_count(credits: list[Credit]) -> list[Credit]:
    """``credits``, which count, with the first of them in each unit as the one who brings the event there, or the sale
    that a correction is about.
    """
    return [replace(one, **_brings(one, credits)) for one in credits]


def _brings(one: Credit, credits: list[Credit]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"first_in": set(), "first_before": set(), "moved_in": set()}
    event = one.event["source"], one.event["id"]
    people = [each for each in credits if (each.event["source"], each.event["id"]) == event and not each.overlay]
    for kind in ("team", "department", "company") if not one.overlay else ():
        inside = [each for each in people if kind == "company" or getattr(each, kind) == getattr(one, kind)]
        found["first_in"] |= {kind} if inside[0] is one else set()
        had = [each for each in inside if each.had is not None and (each.moved or 0) <= 0]
        had.sort(key=lambda each: kind not in each.first_before)
        found["first_before"] |= {kind} if had and had[0] is one else set()
        comes, goes = (any(each.moved == step for each in inside) for step in (1, -1))
        stays = any(each.moved == 0 for each in inside)
        moved = [each for each in inside if each.moved]
        found["moved_in"] |= {kind} if comes != goes and not stays and moved[0] is one else set()
    return found
