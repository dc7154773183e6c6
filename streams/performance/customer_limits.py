"""Guards that limit how many events of one customer count for a person in a period: the rows that are over it."""

from __future__ import annotations

import numpy as np

from schemas.event_fields import FOLLOWING
from schemas.plan import Plan
from schemas.plan_crediting import Guard
from streams.performance.calendar import NO_PERIOD, Calendar
from streams.performance.credit_rows import CreditRows
from streams.performance.customer_counts import CustomerCounts

#: The field that names the customer.
FIELD = "customer"


def limited_events(plan: Plan) -> frozenset[str]:
    """Event types that a limit is on, and what is about sales where these are among them."""
    guards = (guard for guard in plan.crediting.guards if guard.same_customer is not None)
    events = frozenset().union(*(guard.events for guard in guards))
    return events | FOLLOWING if "sale" in events else events


class CustomerLimits:
    """The limits of one plan on what ``counts`` remembers. Falsy where the plan has none and nothing was left out.

    What several share is limited for all of them or for none: as crediting had it, which meets the plan once for all.
    """

    def __init__(self, plan: Plan, calendar: Calendar, counts: CustomerCounts) -> None:
        self.events = limited_events(plan)
        self._guards = [guard for guard in plan.crediting.guards if guard.same_customer is not None]
        self._calendar, self._counts = calendar, counts

    def __bool__(self) -> bool:
        return bool(self._guards or self._counts.left_out)

    def over(self, rows: CreditRows, day: np.ndarray, origins) -> np.ndarray | None:
        """Bool per row: it does not count, being over a limit or about a sale that was; None where all count.

        Row by row in the order of the log; what does not count takes no room in any limit.
        """
        limited = self._limited(rows)
        about, sales = self._of_types(rows, FOLLOWING), self._of_types(rows, ("sale",))
        places = np.flatnonzero(np.logical_or.reduce([about, *limited]))
        if not len(places):
            return None
        found = np.zeros(len(rows), bool)
        periods = [self._calendar.ordinals(guard.per, day[places]).tolist() for guard in self._guards]
        employees, customers = rows.employee[places].tolist(), self._customers(rows, places)
        for at, row in enumerate(places.tolist()):
            employee = rows.names["employee"].names[employees[at]]
            if about[row]:
                sale, _, (_, floor) = origins.sale_of(row)
                found[row] = self._counts.was_left_out(employee, sale, floor)
                continue
            held = [
                (_name(guard), self._calendar.key(guard.per, period[at]), guard.same_customer)
                for guard, mask, period in zip(self._guards, limited, periods, strict=True)
                if mask[row] and period[at] != NO_PERIOD
            ]
            event, _, arrived = origins.sale_of(row)
            found[row] = not self._counts.take(employee, customers[at], held, arrived)
            if found[row] and sales[row]:
                self._counts.leave_out(employee, event, arrived[0])
        return found

    def _limited(self, rows: CreditRows) -> list[np.ndarray]:
        """Rows of each guard: of its types, with a customer."""
        column = rows.fields.get(FIELD)
        if column is None:
            return [np.zeros(len(rows), bool) for _ in self._guards]
        may = column.valid if rows.limited is None else column.valid & (rows.limited != 0)
        return [self._of_types(rows, guard.events) & may for guard in self._guards]

    def _of_types(self, rows: CreditRows, events) -> np.ndarray:
        codes = [rows.type_names.find(name) for name in sorted(events)]
        return np.isin(rows.type, codes)

    def _customers(self, rows: CreditRows, places: np.ndarray) -> list[str]:
        column = rows.fields.get(FIELD)
        if column is None:
            return [""] * len(places)
        names = rows.strings[FIELD].names
        return [names[code] if code >= 0 else "" for code in column.values[places].tolist()]


def _name(guard: Guard) -> str:
    """By what a limit is known over changes of the plan: another number goes on from the same count."""
    return ",".join(sorted(guard.events)) + "/" + guard.per
