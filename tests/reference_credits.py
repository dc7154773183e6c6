"""The naive reference, first part: who is credited for what, in plain loops over dictionaries.

Valid events in the order of the log go in. A history here is shorter than ``horizon_days``.
Numbers are integers of ten-thousandths throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from schemas.event_fields import payload_fields
from schemas.events import BUILT_IN
from schemas.money import minor_step, round_half_up, split_largest_remainder, to_fixed
from schemas.plan import Plan
from schemas.plan_filters import Comparison

FOLLOWING = ("refund", "correction", "cancellation")


@dataclass
class Credit:
    """One payee's part of one event."""

    event: dict  # source, id, type, time (ms)
    time: int  # ms: the time that counts
    employee: str
    team: str
    department: str
    fields: dict  # number → ten-thousandths, text, flag; ``amount`` is the payee's part
    first_in: set[str]  # of team, department, company: whether this is the event's first credit there
    overlay: bool = False  # outside the totals of units
    ppm: int = 1_000_000  # the payee's share
    sold: int | None = None  # of what is about a sale: the payee's part of it as it came
    moved: int | None = None  # 1, 0, -1: a correction says that the sale is theirs now, still, no more
    moved_in: set[str] = field(default_factory=set)  # units that get or lose it with this credit
    sold_at: int = 0  # ms
    now: int | None = None  # of what is about a sale: the payee's part of it as last corrected
    before: int | None = None  # of a correction: that part before it, None for who comes to it
    had: int | None = None  # of a correction: what was left of it
    held: int | None = None  # of a correction: the how manieth he was who had the sale before, overlays aside
    first_before: set[str] = field(default_factory=set)  # as first_in, of those who had it before

    def seen(self, sold: bool = False) -> dict:
        """The fields as filters see them; ``sold``: of a sale as it came."""
        amount = self.sold if sold else self.now
        return self.fields if amount is None else self.fields | {"amount": amount}

    def was_seen(self) -> dict | None:
        """The fields as filters saw them before a correction, None where they did not."""
        return None if self.before is None else self.fields | {"amount": self.before}


@dataclass
class Crediting:
    """What became of the events."""

    credits: list[Credit] = field(default_factory=list)
    so_far: list[int] = field(default_factory=lambda: [0])  # how many of them none, one, two … of the events made
    outcomes: dict[int, str] = field(default_factory=dict)  # by place in the list
    dead_letters: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Terms:
    """What decides on the credit for an amount, and when it counts."""

    currency: str
    rate: Fraction | None  # None: nobody knows
    step: int
    caps: list[int]
    hold: int  # ms

    def credit(self, amount: int) -> int:
        if self.rate != 1:
            amount = round_half_up(amount * self.rate, self.step)
        return min([amount, *self.caps])


@dataclass
class _Sale:
    event: dict
    payees: list[Place]
    ppm: list[int]
    amount: int
    terms: Terms
    sold: int = 0  # its amount when it came
    refunded: int = 0
    cancelled: bool = False
    overlays: list[tuple[Place, int]] = field(default_factory=list)  # and their ppm

    def left(self, step: int) -> tuple[list[int], list[int]]:
        """What payees and overlays have of it: a part of what is credited for its amount, less a part of what refunds
        take back, which is what is credited less what the rest would be credited with.
        """
        whole = self.terms.credit(self.amount)
        taken = whole - self.terms.credit(self.amount - self.refunded)
        if self.cancelled:
            whole = taken = 0
        had, back = (split_largest_remainder(total, self.ppm, 1_000_000, step) for total in (whole, taken))
        more = [overlaid(whole, ppm, step) - overlaid(taken, ppm, step) for _, ppm in self.overlays]
        return [part - one for part, one in zip(had, back, strict=True)], more

    def came(self, step: int) -> list[tuple[Place, bool, int]]:
        """What everybody who has it now would have been credited with when it came."""
        now = (self.amount, self.refunded, self.cancelled)
        self.amount, self.refunded, self.cancelled = self.sold, 0, False
        found = [(place, overlay, part) for place, overlay, _, part in self.had(step)]
        self.amount, self.refunded, self.cancelled = now
        return found

    def stands(self, step: int) -> list[tuple[Place, bool, int]]:
        """What everybody who has it now would have, had nothing been taken back."""
        now = (self.refunded, self.cancelled)
        self.refunded, self.cancelled = 0, False
        found = [(place, overlay, part) for place, overlay, _, part in self.had(step)]
        self.refunded, self.cancelled = now
        return found

    def had(self, step: int) -> list[tuple[Place, bool, int, int]]:
        """(who, whether an overlay, millionths, what of the sale) of everyone who has some of it."""
        parts, more = self.left(step)
        direct = [(place, False, ppm, part) for place, ppm, part in zip(self.payees, self.ppm, parts, strict=True)]
        return direct + [(place, True, ppm, part) for (place, ppm), part in zip(self.overlays, more, strict=True)]


@dataclass(frozen=True)
class Place:
    """Where an employee stands."""

    employee: str
    team: str
    department: str
    role: str


def place_of(plan: Plan, employee: str, day: date | None) -> Place | None:
    """Where an employee stands on a day, None: after the last move; None for somebody who is not in the plan."""
    departments = {team.id: one.id for one in plan.organisation.departments for team in one.teams}
    for department in plan.organisation.departments:
        for team in department.teams:
            for one in team.employees:
                if one.id == employee:
                    now, role = team.id, one.role
                    for move in one.moves:
                        if day is None or move.date <= day:
                            now, role = move.team or now, move.role or role
                    return Place(employee, now, departments[now], role)
    return None


def overlays_of(plan: Plan, event: dict, fields: dict, payees: list[Place], day: date) -> list[tuple[Place, int]]:
    """Who is credited beside ``payees``, each once, and how many millionths."""
    had, found = {payee.employee for payee in payees}, []
    everyone = [one.id for part in plan.organisation.departments for team in part.teams for one in team.employees]
    for overlay in plan.crediting.overlays:
        if event["type"] not in overlay.events or not all(holds(fields, *one) for one in overlay.where.items()):
            continue
        for place in (place_of(plan, employee, day) for employee in everyone):
            near = overlay.within == "company" or any(
                getattr(payee, overlay.within) == getattr(place, overlay.within) for payee in payees
            )
            wanted = place.employee == overlay.employee or (place.role == overlay.role and near)
            if wanted and place.employee not in had:
                had.add(place.employee)
                found.append((place, int(overlay.share * 1_000_000)))
    return found


def overlaid(total: int, ppm: int, step: int) -> int:
    """An overlay's part."""
    return round_half_up(Fraction(total * ppm, 1_000_000), step)


def credit(plan: Plan, events: list[dict]) -> Crediting:
    """Credits and outcomes of CloudEvents (dictionaries), in order."""
    return _Ledger(plan).run(events)


class _Ledger:
    def __init__(self, plan: Plan):
        self.plan, self.kinds, self.zone = plan, payload_fields(plan), ZoneInfo(plan.timezone)
        self.step = minor_step(plan.currency)
        self.applied: set[tuple[str, str]] = set()
        self.sales: dict[tuple[str, str], _Sale] = {}
        self.parked: dict[tuple[str, str], list[tuple[int, dict]]] = {}
        self.result = Crediting()

    def run(self, events: list[dict]) -> Crediting:
        for place, event in enumerate(events):
            self._take(place, event)
            self.result.so_far.append(len(self.result.credits))
        return self.result

    def _take(self, place: int, event: dict) -> None:
        identity = (event["source"], event["id"])
        if identity in self.applied or identity in self._waiting():
            self.result.outcomes[place] = "duplicate"
            return
        self._decide(place, event, self._one)
        if identity in self.sales:
            for number, refund in self.parked.pop(identity, []):
                self._decide(number, refund, self._refund)

    def _decide(self, place: int, event: dict, decide) -> None:
        """Keep the outcome of an event. What was dead-lettered may come again, mended, under the same id."""
        self.result.outcomes[place] = decide(place, event)
        if self.result.outcomes[place] == "applied":
            self.applied.add((event["source"], event["id"]))

    def _waiting(self) -> set[tuple[str, str]]:
        return {(event["source"], event["id"]) for parked in self.parked.values() for _, event in parked}

    def _one(self, place: int, event: dict) -> str:
        if event["type"] in FOLLOWING:
            return self._refund(place, event)
        day = self._day(event)
        payees, ppm = self._named(event, day)
        if None in payees:
            return self._dead(place, "unknown_employee")
        fields = self._fields(event)
        terms = self._terms(event["type"], fields.get("currency", self.plan.currency), day)
        if terms.rate is None:
            return self._dead(place, "currency")
        parts = [None] * len(payees)
        if "amount" in fields:
            parts = split_largest_remainder(terms.credit(fields["amount"]), ppm, 1_000_000, self.step)
        if event["type"] == "sale":
            amount = fields["amount"]
            self.sales[event["source"], event["id"]] = _Sale(event, payees, ppm, amount, terms, amount)
        self._give(event, ms_of(event["time"]) + terms.hold, payees, parts, fields, ppm)
        overlays = overlays_of(self.plan, event, fields, payees, day)
        if event["type"] == "sale":
            self.sales[event["source"], event["id"]].overlays = overlays
        parts = [None] * len(overlays)
        if "amount" in fields:
            whole = terms.credit(fields["amount"])
            parts = [overlaid(whole, ppm, self.step) for _, ppm in overlays]
        self._lay_over(event, ms_of(event["time"]) + terms.hold, overlays, fields, parts)
        return "applied"

    def _day(self, event: dict) -> date:
        return datetime.fromtimestamp(ms_of(event["time"]) // 1000, self.zone).date()

    def _named(self, event: dict, day: date) -> tuple[list[Place | None], list[int]]:
        """Where those whom an event names stand on a day, None for somebody unknown; and their parts."""
        data = event["data"]
        people, ppm = [data["employee"]] if data.get("employee") else [], [1_000_000]
        if data.get("splits"):
            people = [split["employee"] for split in data["splits"]]
            ppm = [int(Decimal(str(split["percent"])) * 10_000) for split in data["splits"]]
        return [place_of(self.plan, one, day) for one in people], ppm[: len(people)]

    def _terms(self, type_: str, currency: str, day: date) -> Terms:
        """The strictest of the guards, and the latest rate up to the event's day."""
        guards = [one for one in self.plan.crediting.guards if not one.events or type_ in one.events]
        caps = [to_fixed(one.cap) for one in guards if one.cap is not None]
        hold = max((one.hold_days for one in guards), default=0) * 86_400_000
        rate = Fraction(1) if currency == self.plan.currency else None
        for one in sorted(self.plan.rates, key=lambda one: one.date):
            if one.currency == currency and one.date <= day:
                rate = Fraction(one.rate)
        return Terms(currency, rate, self.step, caps, hold)

    def _refund(self, place: int, event: dict) -> str:
        data = event["data"]
        of = (data.get("sale_source") or event["source"], data["sale_id"])
        fields = self._fields(event)
        known = {None, self.plan.currency, *(one.currency for one in self.plan.rates)}
        if fields.get("currency") not in known:
            return self._dead(place, "currency")
        if of not in self.sales:
            if of in self.applied:
                return self._dead(place, "not_a_sale")
            self.parked.setdefault(of, []).append((place, event))
            return "parked"
        sale = self.sales[of]
        if "currency" in fields and fields["currency"] != sale.terms.currency:
            return self._dead(place, "currency")
        if sale.cancelled:
            return self._dead(place, "cancelled")
        if event["type"] == "refund" and sale.refunded + fields["amount"] > sale.amount:
            return self._dead(place, "exceeds_sale")
        if event["type"] == "correction" and fields["amount"] < sale.refunded:
            return self._dead(place, "below_refunds")
        named, ppm = self._named(event, self._day(sale.event)) if event["type"] == "correction" else ([], [])
        if None in named:
            return self._dead(place, "unknown_employee")
        fields = self._inherited(fields, self._fields(sale.event))
        before, came, stood = sale.had(self.step), sale.came(self.step), sale.stands(self.step)
        if event["type"] == "refund":
            sale.refunded += fields["amount"]
        elif event["type"] == "correction":
            sale.amount = fields["amount"]
            if named:
                sale.payees, sale.ppm = named, ppm
                people = [payee.employee for payee in named]
                sale.overlays = [one for one in sale.overlays if one[0].employee not in people]
        else:
            sale.cancelled = True
        after = sale.had(self.step)
        changes = [
            (place, overlay, ppm, have - sum(had for one, aside, _, had in before if (one, aside) == (place, overlay)))
            for place, overlay, ppm, have in after
        ]
        now = [(place, overlay) for place, overlay, *_ in after]
        changes += [(place, overlay, ppm, -had) for place, overlay, ppm, had in before if (place, overlay) not in now]
        own, counted = ms_of(event["time"]), ms_of(sale.event["time"]) + sale.terms.hold
        settings = self.plan.crediting
        dated = settings.refund_date if event["type"] == "refund" else settings.correction_date
        time = counted if dated == "sale" else max(own, counted) if sale.terms.hold else own
        fields["currency"] = self.plan.currency
        start = len(self.result.credits)
        direct = [one for one in changes if not one[1]]
        parts = [change for *_, change in direct]
        self._give(event, time, [one[0] for one in direct], parts, fields, [one[2] for one in direct])
        aside = [one for one in changes if one[1]]
        self._lay_over(event, time, [(place, ppm) for place, _, ppm, _ in aside], fields, [one[3] for one in aside])
        told = list(zip(self.result.credits[start:], [one[:2] for one in (*direct, *aside)], strict=True))
        told.sort(key=lambda one: [each[:2] for each in changes].index(one[1]))  # all who have it now come first
        self.result.credits[start:] = [credit for credit, _ in told]
        for credit, holder in told:
            credit.sold = next(part for *one, part in [*sale.came(self.step), *came] if tuple(one) == holder)
            credit.now = next(part for *one, part in [*sale.stands(self.step), *stood] if tuple(one) == holder)
            if event["type"] == "correction":
                credit.before = next((part for *one, part in stood if tuple(one) == holder), None)
                credit.had = next((part for *one, _, part in before if tuple(one) == holder), 0)
        if event["type"] == "correction":
            self._tell_firsts(told, [place for place, overlay, *_ in before if not overlay])
        if named:
            self._move(told, [one[:2] for one in before], now, ms_of(sale.event["time"]))
        return "applied"

    def _tell_firsts(self, told: list, held: list[Place]) -> None:
        """Who came first in each unit of those who had a sale before a correction."""
        for credit, (place, overlay) in told:
            if not overlay and place in held:
                credit.held = held.index(place)
                for kind in ("team", "department"):
                    others = [getattr(one, kind) for one in held[: credit.held]]
                    credit.first_before |= {kind} if getattr(place, kind) not in others else set()
                credit.first_before |= {"company"} if credit.held == 0 else set()

    def _inherited(self, own: dict, of_sale: dict) -> dict:
        """With the sale's texts that filters name; a named one of its own that the sale had not is none of its."""
        filters = [kpi.where for kpi in self.plan.kpis] + [getattr(rule, "where", {}) for rule in self.plan.awards]
        filters += [part.where for kpi in self.plan.kpis for part in (kpi.numerator, kpi.denominator) if part]
        for name in ("customer", "product", "channel"):
            named = []
            for where in filters:
                wanted = where.get(name, ())
                named += wanted if isinstance(wanted, tuple) else [wanted]
            if of_sale.get(name) in named:
                own = own | {name: of_sale[name]}
            elif own.get(name) in named:
                own = {key: value for key, value in own.items() if key != name}
        return own

    def _move(self, told: list, before: list[tuple[Place, bool]], now: list[tuple[Place, bool]], sold_at: int) -> None:
        """Say who has the sale from here on; of a unit that gets or loses it as a whole one credit says so."""
        met = set()
        for credit, (place, overlay) in told:
            credit.sold_at = sold_at
            credit.moved = ((place, overlay) in now) - ((place, overlay) in before)
            others = before if credit.moved > 0 else now  # a unit that has it before and after has nothing new
            for kind in ("team", "department") if credit.moved and not overlay else ():
                unit = (kind, getattr(place, kind), credit.moved)
                if unit[1] not in [getattr(one, kind) for one, aside in others if not aside] and unit not in met:
                    credit.moved_in.add(kind)
                    met.add(unit)

    def _give(self, event: dict, time: int, payees: list[Place], parts: list, fields: dict, ppm: list[int]) -> None:
        """A credit for each payee, in order, in the plan's currency; ``time`` (ms) is the one that counts."""
        fields = fields | ({"currency": self.plan.currency} if "currency" in fields else {})
        met: set[tuple[str, str]] = set()
        about = {name: event[name] for name in ("source", "id", "type")} | {"time": ms_of(event["time"])}
        for payee, part, share in zip(payees, parts, ppm, strict=True):
            units = {("team", payee.team), ("department", payee.department), ("company", "")}
            own = fields if part is None else fields | {"amount": part}
            self.result.credits.append(
                Credit(
                    about,
                    time,
                    payee.employee,
                    payee.team,
                    payee.department,
                    own,
                    {kind for kind, _ in units - met},
                    ppm=share,
                )
            )
            met |= units

    def _lay_over(self, event: dict, time: int, places: list[tuple[Place, int]], fields: dict, parts: list) -> None:
        """A credit for each overlay, outside of units."""
        fields = fields | ({"currency": self.plan.currency} if "currency" in fields else {})
        about = {name: event[name] for name in ("source", "id", "type")} | {"time": ms_of(event["time"])}
        for (place, share), part in zip(places, parts, strict=True):
            own = fields if part is None else fields | {"amount": part}
            self.result.credits.append(Credit(about, time, place.employee, "", "", own, set(), True, share))

    def _fields(self, event: dict) -> dict:
        data = event["data"]
        if event["type"] in BUILT_IN:
            data = BUILT_IN[event["type"]].model_validate(data).model_dump()
        kinds = self.kinds[event["type"]]
        given = {name: data[name] for name in kinds if data.get(name) is not None}
        return {
            name: to_fixed(Decimal(str(value))) if kinds[name] == "number" else value
            for name, value in given.items()
        }

    def _dead(self, place: int, reason: str) -> str:
        self.result.dead_letters.append((place, reason))
        return "dead_lettered"


def holds(fields: dict, name: str, wanted) -> bool:
    """Whether a filter holds; an event without the field never matches."""
    if name not in fields:
        return False
    has = fields[name]
    if isinstance(wanted, Comparison):
        return (
            (wanted.gt is None or has > to_fixed(wanted.gt))
            and (wanted.gte is None or has >= to_fixed(wanted.gte))
            and (wanted.lt is None or has < to_fixed(wanted.lt))
            and (wanted.lte is None or has <= to_fixed(wanted.lte))
        )
    options = wanted if isinstance(wanted, tuple) else (wanted,)
    if isinstance(has, (str, bool)):
        return has in options
    return has in [to_fixed(Decimal(option)) for option in options]


def ms_of(time: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 time; finer digits are cut off."""
    return (datetime.fromisoformat(time) - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
