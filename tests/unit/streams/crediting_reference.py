"""Crediting said in the plainest way, one event after the other, and helpers that write and read its log."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import xxhash

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, encode_block, kind_header
from schemas.control import PlanApplied, encode_control
from schemas.dead_letters import decode_dead_letter
from schemas.money import minor_step, round_half_up, split_largest_remainder, to_fixed
from schemas.plan import Plan

MINUTE, DAY = 60_000, 86_400_000
_MISMATCH = "currency_mismatch"
FOLLOWING = ("refund", "correction", "cancellation")
START = 1_767_225_600_000  # 2026-01-01


@dataclass
class Record:
    offset: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int = 0
    key: bytes | None = None


@dataclass
class Event:
    """A facts row before it is one. ``data`` holds fixed numbers, strings, booleans."""

    id: str
    type: str = "sale"
    time: int = START
    employee: str = ""
    splits: list | None = None
    data: dict[str, Any] = field(default_factory=dict)
    source: str = "shop"
    subject: str = ""

    @property
    def hash(self) -> bytes:
        return xxhash.xxh3_128_digest(f"{self.source}\0{self.id}".encode())

    @property
    def sale_hash(self) -> bytes:
        source = self.data.get("sale_source") or self.source
        return xxhash.xxh3_128_digest(f"{source}\0{self.data['sale_id']}".encode())


@dataclass
class Block:
    """What intake found in a range of one source partition: (offset, event), rejected, gaps."""

    partition: int
    rows: list[tuple[int, Event]]
    rejected: list[list] = field(default_factory=list)
    gaps: list[list] = field(default_factory=list)

    @property
    def arrived(self) -> int:
        """When the broker took it, ms: as if the newest event had come at once."""
        return max((event.time for _, event in self.rows), default=0)


@dataclass
class Together:
    """Blocks of several source partitions in one record, of one and the same fields each."""

    blocks: list[Block]

    @property
    def arrived(self) -> int:
        return max(block.arrived for block in self.blocks)


Step = Block | Together | PlanApplied


def blocks_in(log: list[Step]) -> list[Block]:
    """Every block, also those that stand together."""
    return [block for step in log if not isinstance(step, PlanApplied) for block in getattr(step, "blocks", [step])]


def make_plan(
    teams: dict[str, list[str]],
    currency: str = "CNY",
    moves: dict[str, list[dict]] | None = None,
    timezone: str = "UTC",
    rates: list[tuple[str, str, str]] = (),
    backdated: str = "keep",
    where: dict | None = None,
    **crediting: Any,
) -> Plan:
    """A plan with ``teams`` (id → employees) in department d1, but those whose id begins with x in d2."""
    departments = [
        {
            "id": name,
            "teams": [
                {"id": team, "employees": [_employee(one, team, moves or {}) for one in members]}
                for team, members in teams.items()
                if team.startswith("x") == (name == "d2")
            ],
        }
        for name in ("d1", "d2")
    ]
    kpi = {"id": "sales", "name": "Sales", "aggregate": "sum", "events": ["sale"], "field": "amount"}
    kpi["where"] = where or {}
    return Plan.model_validate(
        {
            "plan": "p",
            "timezone": timezone,
            "currency": currency,
            "crediting": crediting,
            "rates": [{"currency": code, "date": day, "rate": rate} for code, day, rate in rates],
            "kpis": [kpi],
            "organisation": {"company": "c", "departments": departments, "backdated": backdated},
        }
    )


def _employee(id_: str, team: str, moves: dict[str, list[dict]]) -> dict:
    return {"id": id_, "role": f"role-{team}", "moves": moves.get(id_, [])}


def as_records(log: list[Step]) -> list[Record]:
    return [_record(offset, step) for offset, step in enumerate(log)]


def _record(offset: int, step: Step) -> Record:
    if isinstance(step, PlanApplied):
        return Record(offset, encode_control(step), kind_header("control"))
    blocks = blocks_in([step])
    rows = [row for block in blocks for row in block.rows]
    meta = _meta(blocks[0]) if isinstance(step, Block) else {  # as older programs have it, and as it is now
        "sources": [_meta(block) | {"rows": len(block.rows)} for block in blocks]
    }
    return Record(offset, encode_block(_table(rows), meta), kind_header("facts"), step.arrived)


def _meta(block: Block) -> dict:
    offsets = [at for at, _ in block.rows] + [at for at, *_ in block.rejected] + [at for at, *_ in block.gaps]
    return {
        "topic": "events",
        "partition": block.partition,
        "first": min(offsets, default=0),
        "last": max(offsets, default=0),
        "rejected": block.rejected,
        "gaps": block.gaps,
    }


def _table(rows: list[tuple[int, Event]]) -> pa.RecordBatch:
    events = [event for _, event in rows]
    columns: dict[str, pa.Array] = {
        "offset": pa.array([offset for offset, _ in rows], pa.int64()),
        "event_hash": pa.array([event.hash for event in events], pa.binary(16)),
        "source": _strings([event.source for event in events]),
        "id": pa.array([event.id for event in events], pa.string()),
        "type": _strings([event.type for event in events]),
        "time": pa.array([event.time for event in events], pa.int64()),
        "subject": pa.array([event.subject for event in events], pa.string()),
        "employee": _strings([event.employee for event in events]),
    }
    if any(event.splits for event in events):
        columns["splits"] = pa.array(
            [event.splits and json.dumps(event.splits) for event in events], pa.string()
        )
    for name in sorted({name for event in events for name in event.data}):
        values = [event.data.get(name) for event in events]
        textual = any(isinstance(value, str) for value in values)
        columns[f"data.{name}"] = _strings(values) if textual else pa.array(values)
    return pa.RecordBatch.from_pydict(columns)


def _strings(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string()).dictionary_encode()


@dataclass
class Result:
    """Credits per target in order, dead letters in order, last outcome per key."""

    credits: dict[int, list[dict]] = field(default_factory=dict)
    letters: list[dict] = field(default_factory=list)
    outcomes: dict[tuple[str, int], dict] = field(default_factory=dict)

    def add(self, outs: list[Out]) -> None:
        for out in outs:
            if out.topic == "credits":
                rows = [_without_nulls(row) for row in decode_block(out.value)[0].to_pylist()]
                self.credits.setdefault(out.partition, []).extend(rows)
            elif out.topic == "dead-letters":
                letter = decode_dead_letter(out.value)
                self.letters.append({"reason": letter.reason, "id": letter.dead_letter_id, "raw": letter.raw})
            else:
                outcome = msgspec.json.decode(out.value)
                self.outcomes[outcome["topic"], outcome["partition"]] = outcome

    @property
    def rows(self) -> list[dict]:
        """All credits by position."""
        every = [row for rows in self.credits.values() for row in rows]
        return sorted(every, key=lambda row: (row["offset"], row["index"], row["payee"]))


def _without_nulls(row: dict) -> dict:
    return {name: value for name, value in row.items() if value is not None}


def fold(crediting, records: list[Record], result: Result) -> None:
    """One batch into ``crediting``, its outputs into ``result``."""
    if records:
        result.add(crediting.fold(RecordBatch("facts", 0, records)))


class Reference:
    """The same decisions on dicts and lists, one row at a time. ``credits``: (target, row); ``letters``:
    (reason, id).
    """

    def __init__(self, credit_partitions: int) -> None:
        self.credit_partitions = credit_partitions
        self.plan: Plan | None = None
        self.applied_plans: set[str] = set()
        self.newest = self.floor = 0
        self.seen: dict[bytes, int] = {}
        self.sales: dict[bytes, dict] = {}
        self.parked: list[dict] = []
        self.marks: dict[int, int] = {}
        self.credits: list[tuple[int, dict]] = []
        self.letters: list[tuple[str, str]] = []

    def run(self, log: list[Step]) -> Reference:
        for offset, step in enumerate(log):
            if not isinstance(step, PlanApplied):
                self._record(offset, step)
            elif step.id not in self.applied_plans:
                self.applied_plans.add(step.id)
                self.plan = step.plan
        return self

    def _record(self, offset: int, step: Block | Together) -> None:
        rows = [(block.partition, *row) for block in blocks_in([step]) for row in block.rows]
        for index, (partition, source_offset, event) in enumerate(rows):
            if source_offset <= self.marks.get(partition, -1):
                continue
            self.marks[partition] = source_offset
            self.newest = max(self.newest, step.arrived)
            if self.plan:
                horizon = self.plan.crediting.horizon_days * 24 * 60
                self.floor = max(self.floor, self.newest // MINUTE - horizon)
            self._forget()
            self._event(event, (offset, index), f"events:{partition}:{source_offset}:0")

    def _forget(self) -> None:
        self.seen = {hash_: when for hash_, when in self.seen.items() if when >= self.floor}
        # a refund may come to have the id of a sale that is forgotten: what names that id then names no sale
        self.sales = {hash_: sale for hash_, sale in self.sales.items() if hash_ in self.seen}
        self.letters += [("sale_not_found", one["letter"]) for one in self.parked if one["seen"] < self.floor]
        self.parked = [one for one in self.parked if one["seen"] >= self.floor]

    def _event(self, event: Event, at: tuple[int, int], letter: str) -> None:
        if event.hash in self.seen or any(one["event"].hash == event.hash for one in self.parked):
            return
        reason = self._reason(event)
        if reason:
            self.letters.append((reason, letter))
            return
        when = self.newest // MINUTE
        if event.type in FOLLOWING:
            waiting = {"event": event, "letter": letter, "seen": when}
            if event.sale_hash not in self.seen:
                self.parked.append(waiting)
            else:
                self._refund(waiting, at, 0)
            return
        self.seen[event.hash] = when
        shares = event.splits or [[event.employee, 1_000_000]]
        terms = self._terms(event)
        whole = self._credited(event.data["amount"], terms) if "amount" in event.data else None
        step = minor_step(self.plan.currency)
        payees = [(self._member(employee, event.time), ppm) for employee, ppm in shares]
        payees += self._overlays(event, [member for member, _ in payees])
        parts = self._parts(whole or 0, payees, step)
        self._credit(event, at, 0, payees, parts if whole is not None else None, terms["time"])
        self.sales.pop(event.hash, None)
        if event.type != "sale":
            return
        self.sales[event.hash] = {
            "payees": payees,
            "amount": event.data["amount"],
            "terms": terms,
            "back": 0,
            "cancelled": False,
            "sold": event.data["amount"],
            "whole": whole,
            "known": {
                name: (event.data.get(name) if event.data.get(name) in words else None, words)
                for name, words in self._filtered().items()
            },
            "recapped": False,
        }
        mine = [one for one in self.parked if one["event"].sale_hash == event.hash]
        self.parked = [one for one in self.parked if one not in mine]
        number = len(payees)
        for one in mine:
            number += self._refund(one, at, number)

    def _refund(self, waiting: dict, at: tuple[int, int], number: int) -> int:
        event, sale = waiting["event"], self.sales.get(waiting["event"].sale_hash)
        reason = ""
        if sale is None:
            reason = "not_a_sale"
        elif "currency" in event.data and event.data["currency"] != sale["terms"]["currency"]:
            reason = "currency_mismatch"
        elif sale["cancelled"]:
            reason = "sale_cancelled"
        elif event.type == "correction" and event.data["amount"] < sale["back"]:
            reason = "correction_below_refunds"
        elif event.type == "refund" and sale["back"] + event.data["amount"] > sale["amount"]:
            reason = "refund_exceeds_sale"
        elif event.type == "correction" and None in (named := self._named(event, sale)):
            reason = "unknown_employee"
        elif event.type == "correction" and named and sale["terms"]["into"] != self.plan.currency:
            reason = "currency_mismatch"
        if reason:
            self.letters.append((reason, waiting["letter"]))
            return 0
        terms = sale["terms"]
        step = minor_step(terms["into"])
        held, before = self._payees(sale), self._left(sale, step)
        was = self._parts(self._credited(sale["amount"], terms), held, step)
        if event.type == "refund":
            sale["back"] += event.data["amount"]
        elif event.type == "correction":
            self._take_caps(sale)
            sale["amount"] = event.data["amount"]
            sale["payees"] = self._restated(held, named, event) or sale["payees"]
        else:
            sale["cancelled"] = True
        after = self._left(sale, step)
        # what each of those concerned has now, less what they had: first who has it, then who has it no more
        payees = self._payees(sale)
        moved, sold = [], self._parts(sale["whole"], payees, step)
        first_of = [one for one, _ in payees if not any(_same(one, other) for other, _ in held)]
        held_by = [one for one, _ in held]
        for member, _ in payees:
            moved.append(self._moves(member, first_of, held_by) if member in first_of else 0)
        changes = []
        for (member, _), have in zip(payees, after, strict=True):
            changes.append(have - sum(had for (one, _), had in zip(held, before, strict=True) if _same(one, member)))
        data = dict(event.data)
        for name, (value, words) in sale["known"].items():
            if value is not None or data.get(name) in words:
                data[name] = value
        gone, staying = [], list(payees)
        for (member, ppm), part in zip(held, before, strict=True):
            if not any(_same(member, one) for one, _ in staying):
                payees.append((member, ppm))
                changes.append(-part)
                gone.append(member)
        for member in gone:
            moved.append(-self._moves(member, gone, [one for one, _ in staying]))
            at_first = self._parts(sale["whole"], held, step)
            sold += [part for (one, _), part in zip(held, at_first, strict=True) if _same(one, member)]
        now = self._parts(self._credited(sale["amount"], terms), payees[: len(payees) - len(gone)], step)
        told = [
            [parts for (one, _), *parts in zip(held, was, before, strict=True) if _same(one, member)]
            for member, _ in payees
        ]
        renamed = event.type == "correction" and bool(named)
        about = [
            {"sale_amount": part} | ({"moved": number, "sale_time": self._sold_on(sale)} if renamed else {})
            for part, number in zip(sold, moved, strict=True)
        ]
        for at_payee, one in enumerate(about):
            one["sale_now"] = now[at_payee] if at_payee < len(now) else told[at_payee][0][0]
            if event.type == "correction":
                one["sale_had"] = sum(left for _, left in told[at_payee])
                one |= {"sale_before": told[at_payee][0][0]} if told[at_payee] else {}
                one["first_before"] = self._first_before(payees[at_payee][0], [member for member, _ in held])
        dated = self.plan.crediting.refund_date if event.type == "refund" else self.plan.crediting.correction_date
        if dated == "sale":
            time = terms["time"]
        elif any(guard.hold_days and (not guard.events or "sale" in guard.events) for guard in self._guards()):
            time = max(event.time, terms["time"])
        else:
            time = event.time
        self._credit(
            replace(event, data={name: value for name, value in data.items() if value is not None}),
            at,
            number,
            payees,
            changes,
            time,
            terms["into"],
            about,
        )
        self.seen[event.hash] = waiting["seen"]
        return len(payees)

    def _first_before(self, member: dict, held: list[dict]) -> int:
        """Bits of the units in which he was the first of those who had a sale."""
        if not member["team"] or not any(_same(member, one) for one in held):
            return 0
        ahead = held[: held.index(member)]
        teams, departments = [one["team"] for one in ahead], [one["department"] for one in ahead]
        return (member["team"] not in teams) + 2 * (member["department"] not in departments) + 4 * (not ahead)

    def _filtered(self) -> dict[str, list[str]]:
        """The values of texts that filters of KPIs name."""
        found: dict[str, list[str]] = {}
        for kpi in self.plan.kpis:
            for name, wanted in kpi.where.items():
                found.setdefault(name, []).extend(wanted if isinstance(wanted, tuple) else [wanted])
        return found

    def _moves(self, member: dict, moving: list[dict], others: list[dict]) -> int:
        """1, with 2 for a team and 4 for a department that only comes or goes with this one.

        ``others``: everybody who has the sale on the other side of the correction.
        """
        number = 1
        for name, bit in (("team", 2), ("department", 4)):
            there = [one[name] for one in others] + [one[name] for one in moving[: moving.index(member)]]
            number += bit * (bool(member["team"]) and member[name] not in there)
        return number

    def _sold_on(self, sale: dict) -> int:
        """A time on the day of the sale, as far as the plan in force can tell."""
        holds = [guard.hold_days for guard in self._guards() if not guard.events or "sale" in guard.events]
        return sale["terms"]["time"] - max(holds, default=0) * DAY

    def _named(self, event: Event, sale: dict) -> list:
        """Where those whom a correction names stand on the day of the sale; None for somebody unknown."""
        shares = event.splits or [[event.employee, 1_000_000]] * bool(event.employee)
        return [self._member(employee, self._sold_on(sale)) for employee, _ in shares]

    def _restated(self, held: list, named: list, event: Event) -> list:
        """Payees as a correction names them: who shared before stays in the old place, who is named is no overlay."""
        ppm = [share for _, share in event.splits or [["", 1_000_000]]]
        shared = {member["employee"]: member for member, _ in held if member["team"]}
        people = [one["employee"] for one in named]
        now = [(shared.get(one["employee"], one), share) for one, share in zip(named, ppm, strict=False)]
        kept = [one for one in held if not one[0]["team"] and one[0]["employee"] not in people]
        return [*now, *kept] if named else []

    def _payees(self, sale: dict) -> list:
        """Who shares the sale, where the plan in force has them on its day, if it may say so afterwards."""
        payees = []
        for member, ppm in sale["payees"]:
            now = self._member(member["employee"], self._sold_on(sale))
            same = not member["team"] or sale["terms"]["into"] != self.plan.currency
            keep = self.plan.organisation.backdated == "keep" or now is None or same
            payees.append((member if keep else now, ppm))
        return payees

    def _parts(self, total: int, payees: list, step: int) -> list[int]:
        """The direct payees share it to the last minor unit, each overlay has its part beside them."""
        direct = [ppm for member, ppm in payees if member["team"]]
        more = [ppm for member, ppm in payees if not member["team"]]
        parts = split_largest_remainder(total, direct, 1_000_000, step)
        return parts + [round_half_up(Fraction(total * ppm, 1_000_000), step) for ppm in more]

    def _overlays(self, event: Event, direct: list[dict]) -> list:
        """Who is credited beside the payees, each once, with nothing for teams and departments."""
        found, had = [], {member["employee"] for member in direct}
        teams = [team for department in self.plan.organisation.departments for team in department.teams]
        everyone = [one.id for team in teams for one in team.employees]
        for overlay in self.plan.crediting.overlays:
            fits = all(event.data.get(name) == wanted for name, wanted in overlay.where.items())
            for employee in everyone if fits and event.type in overlay.events else ():
                member = self._member(employee, event.time)
                near = overlay.within == "company" or any(
                    one[overlay.within] == member[overlay.within] for one in direct
                )
                wanted = employee == overlay.employee or (member["role"] == overlay.role and near)
                if wanted and employee not in had:
                    had.add(employee)
                    found.append((member | {"team": "", "department": ""}, int(overlay.share * 1_000_000)))
        return found

    def _reason(self, event: Event) -> str:
        if self.plan is None:
            return "no_plan"
        if event.type not in FOLLOWING:
            named = [employee for employee, _ in event.splits or []] + [event.employee] * bool(event.employee)
            if not named:
                return "no_employee"
            if any(self._member(employee, event.time) is None for employee in named):
                return "unknown_employee"
        currency = event.data.get("currency", self.plan.currency)
        if event.type in FOLLOWING:
            return "" if currency in {self.plan.currency, *(rate.currency for rate in self.plan.rates)} else _MISMATCH
        return _MISMATCH if self._rate(currency, event.time) is None else ""

    def _limited(self, name: str) -> bool:
        """Whether events of a type may be left out, being over a limit or about a sale that is."""
        mine = {one for guard in self._guards() if guard.same_customer for one in guard.events}
        return name in mine or (name in FOLLOWING and "sale" in mine)

    def _guards(self) -> tuple:
        return self.plan.crediting.guards

    def _rate(self, currency: str, time: int) -> Fraction | None:
        """What a unit is worth on the day of a time, None if nobody knows."""
        if currency == self.plan.currency:
            return Fraction(1)
        known = [one for one in self.plan.rates if one.currency == currency and one.date <= self._day(time)]
        return Fraction(max(known, key=lambda one: one.date).rate) if known else None

    def _terms(self, event: Event) -> dict:
        """All that decides what an amount of this event is credited with, and when."""
        mine = [guard for guard in self._guards() if not guard.events or event.type in guard.events]
        currency = event.data.get("currency", self.plan.currency)
        return {
            "currency": currency,
            "into": self.plan.currency,
            "rate": self._rate(currency, event.time),
            "caps": [to_fixed(guard.cap) for guard in mine if guard.cap is not None],
            "time": event.time + max((guard.hold_days for guard in mine), default=0) * DAY,
        }

    def _credited(self, amount: int, terms: dict) -> int:
        if terms["currency"] != terms["into"]:
            amount = round_half_up(amount * terms["rate"], minor_step(terms["into"]))
        return min([amount, *terms["caps"]])

    def _take_caps(self, sale: dict) -> None:
        """A sale that nothing had touched when it came gets the caps of today with its first correction."""
        terms = sale["terms"]
        plain = terms["currency"] == terms["into"] and self._credited(sale["sold"], terms) == sale["sold"]
        if plain and not sale["recapped"] and terms["into"] == self.plan.currency:
            caps = [guard.cap for guard in self._guards() if not guard.events or "sale" in guard.events]
            terms["caps"] = [to_fixed(cap) for cap in caps if cap is not None]
            sale["recapped"] = bool(terms["caps"])
        elif plain and not sale["recapped"]:
            terms["caps"] = []

    def _left(self, sale: dict, step: int) -> list[int]:
        """What each payee has of the sale: a part of what it is now, less a part of what was taken back."""
        now = self._parts(self._credited(sale["amount"], sale["terms"]), sale["payees"], step)
        back = self._parts(self._taken(sale), sale["payees"], step)
        return [0 if sale["cancelled"] else part - taken for part, taken in zip(now, back, strict=True)]

    def _taken(self, sale: dict) -> int:
        """What was credited for the sale less what is for that part of it that was not refunded."""
        left = sale["amount"] - sale["back"]
        return self._credited(sale["amount"], sale["terms"]) - self._credited(left, sale["terms"])

    def _day(self, time: int) -> date:
        return datetime.fromtimestamp(time // 1000, ZoneInfo(self.plan.timezone)).date()

    def _member(self, wanted: str, time: int) -> dict | None:
        """Where an employee stands at a time (ms)."""
        day = self._day(time)
        departments = {team.id: one.id for one in self.plan.organisation.departments for team in one.teams}
        for department in self.plan.organisation.departments:
            for team in department.teams:
                for one in team.employees:
                    if one.id == wanted:
                        now, role = team.id, one.role
                        for move in one.moves:
                            if move.date <= day:
                                now, role = move.team or now, move.role or role
                        return {"employee": one.id, "team": now, "department": departments[now], "role": role}
        return None

    def _credit(
        self, event: Event, at, number: int, payees: list, parts: list | None, time: int, currency: str = "",
        about: list | None = None,
    ) -> None:
        teams, departments = [], []
        for index, (member, ppm) in enumerate(payees):
            first = 8 if not member["team"] else (
                (member["team"] not in teams)
                + 2 * (member["department"] not in departments)
                + 4 * (index == 0)
            )
            teams.append(member["team"])
            departments.append(member["department"])
            data = {f"data.{name}": value for name, value in event.data.items()}
            if parts is not None:
                data["data.amount"] = parts[index]
            if "currency" in event.data or event.type in FOLLOWING:
                data["data.currency"] = currency or self.plan.currency
            row = {
                "offset": at[0],
                "index": at[1],
                "payee": number + index,
                "time": time,
                "event_time": event.time,
                "share": ppm,
                "unit_first": first + 16 * (about[index].pop("first_before", 0) if about else 0),
                "event_hash": event.hash,
                "source": event.source,
                "id": event.id,
                "type": event.type,
                **data,
                **member,
                **(about[index] if about else {}),
            }
            if event.type == "correction" or (first != 8 and ppm < 1_000_000):
                row["limited"] = self._limited(event.type)
            target = xxhash.xxh3_64_intdigest(member["employee"].encode()) % self.credit_partitions
            self.credits.append((target, row))


def _same(one: dict, other: dict) -> bool:
    """Whether two credits go to the same person in the same place."""
    return one == other
