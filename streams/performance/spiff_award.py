"""SPIFFs: each event pays by itself, and what follows a sale takes back its part of what that was paid.

There is no value to recompute, so a change of plan changes nothing that was paid: it holds for what comes after it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from schemas.event_fields import FOLLOWING
from schemas.money import SCALE, WHOLE, minor_step, round_half_up, to_fixed
from schemas.plan import Plan
from schemas.plan_spiff import Spiff
from streams.performance.award_records import AwardWriter
from streams.performance.award_states import AwardStates
from streams.performance.calendar import NO_PERIOD, Calendar, day_of
from streams.performance.credit_rows import CreditRows
from streams.performance.decisions import Decisions, Lines
from streams.performance.filters import where_mask
from streams.performance.period_view import PeriodView
from streams.performance.running import key_parts, period_key


class SpiffRule:
    """One SPIFF."""

    def __init__(
        self,
        index: int,
        rule: Spiff,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ) -> None:
        self.index, self.rule, self.states, self.writer = index, rule, states, writer
        self._calendar = Calendar(plan)
        self._step = minor_step(plan.currency)
        self._cap = None if rule.cap is None else to_fixed(rule.cap) // self._step * self._step  # no part of a cent
        self._first = None if rule.start is None else day_of(rule.start)
        self._end = None if rule.end is None else day_of(rule.end)

    def decide(self, decisions: Decisions, origins) -> None:
        """Pay for the batch's events, and take back for what follows sales, in the order of the log."""
        rows: CreditRows = origins.rows
        wanted = _of_types(rows, self.rule.events)
        following = _of_types(rows, FOLLOWING)
        fits = np.zeros(len(rows), bool)
        if wanted.any() or rows.moved is not None:
            fits = where_mask(self.rule.where, rows.as_sold, rows.strings, len(rows))
        touched = (wanted & fits) | following
        if rows.left_out is not None:
            touched &= ~rows.left_out
        places = np.flatnonzero(touched)
        if not len(places):
            return
        ordinals = self._calendar.ordinals(self.rule.period, decisions.days[places])
        places, ordinals = places[ordinals != NO_PERIOD], ordinals[ordinals != NO_PERIOD]
        keys = period_key(rows.employee[places], ordinals)
        eligible = self.writer.people.eligible(self.rule.roles, self.rule.period, keys)
        found, came = [], set()
        for row, key, ours in zip(places.tolist(), keys.tolist(), eligible.tolist(), strict=True):
            if rows.moved is not None and (number := _cell(rows, "moved", row)) is not None:
                event = key, origins.event_of(row)
                if number < 0 and event in came:
                    continue  # an overlay of the sale shares it now: one line has been both
                if number > 0:
                    came.add(event)
                line = self._restate(rows, row, key, origins, number, bool(ours and fits[row]))
            elif following[row]:
                line = self._reverse(rows, row, key, origins)
            elif ours and self._in_time(_cell(rows, "event_time", row)):
                line = self._pay(rows, row, key, origins)
            else:
                continue
            if line is not None:
                found.append((row, key, *line))
        if found:
            columns = (np.array(column, np.int64) for column in zip(*found, strict=True))
            decisions.lines.append(Lines(self.index, *columns, reason="spiff"))

    def _in_time(self, time: int) -> bool:
        """Whether the event's own day lies between the dates; ``time``: ms."""
        if self._first is None and self._end is None:
            return True
        day = int(self._calendar.days(np.array([time]))[0])
        return (self._first is None or day >= self._first) and (self._end is None or day < self._end)

    def _pay(self, rows: CreditRows, row: int, key: int, origins) -> tuple[int, int, int] | None:
        """Amount, basis and sum of the period with an event's line; None where it pays nothing."""
        share = Fraction(_cell(rows, "share", row), WHOLE)
        basis = round_half_up(SCALE * share, 1) if self.rule.field is None else _number(rows, self.rule.field, row)
        holder, money = self._holder(key), self._due(share, basis)
        room = self._room(holder)
        if room is not None:
            money = min(money, room)
        # nothing follows other events; a sale that is paid nothing may be paid once it is shared otherwise
        if rows.type[row] == rows.type_names.find("sale") and (money or self.rule.field in (None, "amount")):
            sale, _, (day, _) = origins.sale_of(row)
            self.states.paid_sales.pay(holder[:2], sale, day, money, _number(rows, "amount", row))
        return (money, basis, self.states.spiffs.add(*holder, money)) if money else None

    def _due(self, share: Fraction, basis: int) -> int:
        """What an event pays for a share of it and the value of the field."""
        due = Fraction(to_fixed(self.rule.amount or 0)) * share
        if self.rule.field is not None:
            # the amount of a credit is the person's part already
            due += Fraction(self.rule.rate) * basis * (1 if self.rule.field == "amount" else share)
        return round_half_up(due, self._step)

    def _restate(
        self, rows: CreditRows, row: int, key: int, origins, number: int, fits: bool
    ) -> tuple[int, int, int] | None:
        """As ``_pay``, where a correction says who has a sale: as if it had said so from the beginning.

        Of the sale its amount is known: what is a part of another field pays nothing to whoever comes to it.
        """
        sold, share = _cell(rows, "sale_amount", row), Fraction(_cell(rows, "share", row), WHOLE)
        holder, basis = self._holder(key), _number(rows, "amount", row)
        sale, _, arrived = origins.sale_of(row)
        fits = fits and "sale" in self.rule.events and self._in_time(_cell(rows, "sale_time", row))
        of_amount = self.rule.field in (None, "amount")
        if number == 0 and not (fits and of_amount and self.states.paid_sales.shared_otherwise(holder[:2], sale, sold)):
            return self._reverse(rows, row, key, origins)
        paid = self._due(share, sold if of_amount else 0) if number >= 0 and fits else 0
        money = self.states.paid_sales.restate(
            holder[:2], sale, arrived, paid, (sold, basis), self._step, self._room(holder), self.rule.amount is None,
            comes=number > 0,
        )
        return (money, basis, self.states.spiffs.add(*holder, money)) if money else None

    def _reverse(self, rows: CreditRows, row: int, key: int, origins) -> tuple[int, int, int] | None:
        """As ``_pay``, for what follows a sale."""
        holder, basis = self._holder(key), _number(rows, "amount", row)
        sale, _, (_, floor) = origins.sale_of(row)
        room, raises = self._room(holder), self.rule.amount is None
        taken = self.states.paid_sales.reverse(holder[:2], sale, floor, -basis, self._step, room, raises)
        return (taken, basis, self.states.spiffs.add(*holder, taken)) if taken else None

    def _room(self, holder: tuple[str, str, str]) -> int | None:
        """What the cap leaves in the period; None without one."""
        return None if self._cap is None else max(self._cap - self.states.spiffs.paid(*holder), 0)

    def _holder(self, key: int) -> tuple[str, str, str]:
        code, ordinal = key_parts(key)
        return self.rule.id, self.writer.people.id(code), self.writer.period_text(self.rule.period, ordinal)

    def reconsider(self, earned_before: dict, decisions: Decisions, origins) -> None:
        """What was paid stays paid."""

    def finalise(self, ordinal: int, decisions: Decisions, origins) -> None:
        """Nothing waits for the end of a period."""

    def earned(self) -> dict:
        """Nothing follows a value."""
        return {}


def _of_types(rows: CreditRows, events) -> np.ndarray:
    return np.isin(rows.type, [rows.type_names.find(name) for name in sorted(events)])


def _cell(rows: CreditRows, name: str, row: int) -> int | None:
    """A number of a row's block; None where it has none."""
    block, at = rows.locate(row)
    return block.column(name)[at].as_py() if name in block.schema.names else None


def _number(rows: CreditRows, name: str, row: int) -> int:
    """A number field of a row; 0 where it is missing."""
    column = rows.fields.get(name)
    return int(column.values[row]) if column is not None and column.kind == "number" and column.valid[row] else 0
