"""The naive reference for limits on events of one customer: counted in a list, one credit after the other."""

from __future__ import annotations

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
