"""Rows of the topics that hold one JSON record each: awards, dead letters, outcomes, alerts, the ledger's. Pure."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from schemas.dead_letters import decode_dead_letter
from schemas.json_decoding import decoder
from schemas.money import to_fixed
from schemas.payouts import decode_payment, decode_payout
from schemas.results import decode_award
from sinks.alerts.delivery import decode_delivery
from sinks.columns import columns
from sinks.insert import Objects, Origin, Table

AWARDS = Table(
    "awards",
    columns(
        "award_id:text plan:text plan_version:int rule:text kind:text name_en:text name_zh:text "
        "employee:text "
        "employee_name:text team:text department:text period_kind:text period:text tier:int threshold:text "
        "sequence:int "
        "state:text amount:fixed? currency:text evidence:text cause_source:text cause_id:text "
        "cause_type:text "
        "cause_time:time position_partition:int position_offset:int position_index:int position_payee:int "
        "next_tier:text? gap:text? unit_kind:text unit:text late:flag version:uint processed_at:time"
    ),
)
DEAD_LETTERS = Table(
    "dead_letters",
    columns(
        "dead_letter_id:text stage:text topic:text partition:int offset:int index:int reason:text "
        "detail:text raw:text "
        "key:text? record_time:time version:uint processed_at:time"
    ),
)
OUTCOMES = Table(
    "outcomes",
    columns(
        "facts_partition:int topic:text partition:int applied:uint duplicate:uint dead_lettered:uint "
        "parked:uint "
        "gaps:uint last_offset:int version:uint processed_at:time"
    ),
)

ALERTS = Table(
    "alerts",
    columns(
        "alert_id:text award_id:text award_state:text employee:text channel:text state:text attempts:uint "
        "error:text version:uint processed_at:time"
    ),
)

PAYOUTS = Table(
    "payouts",
    columns(
        "plan:text period_kind:text period:text payout_version:uint employee:text unit:text currency:text lines:uint "
        "earned:fixed guarantee:fixed advance:fixed recovery:fixed outstanding:fixed draw:text plan_version:int "
        "version:uint processed_at:time"
    ),
)

PAYMENTS = Table(
    "payments",
    columns(
        "plan:text period_kind:text period:text payout_version:uint employee:text unit:text currency:text amount:fixed "
        "version:uint processed_at:time"
    ),
)

_PAYOUT_MONEY = tuple(column.name for column in PAYOUTS.columns if column.kind == "fixed")


class Outcome(msgspec.Struct, frozen=True):
    """Absolute counts: what became of the records of one source partition in one facts partition."""

    facts_partition: int
    topic: str
    partition: int
    applied: int
    duplicate: int
    dead_lettered: int
    parked: int
    gaps: int
    last_offset: int
    version: int


_OUTCOME = decoder(Outcome)


def rows_from_dicts(table: Table, dicts: list[dict], origin: Origin) -> Objects:
    """Rows of ``table`` from one dict per row; version and processed_at come from ``origin`` unless given.

    Raises OverflowError for a number that the table has no room for, here where the record is known.
    """
    loaded = {"version": origin.offset, "processed_at": origin.timestamp}
    rows = [table.row(loaded | one) for one in dicts]
    for row in rows:
        for place, column, room in table.numbers:
            if row[place] is not None and row[place] not in room:
                raise OverflowError(f"{column.name}: {row[place]} is too large or too small")
    return Objects(table, rows)


def award_rows(value: bytes, origin: Origin) -> list[Objects]:
    """One award. Its version is the place of its cause in the credits log: a copy sent late is no later state."""
    award = decode_award(value)
    row = msgspec.structs.asdict(award) | {
        "name_en": award.name.get("en", ""),
        "name_zh": award.name.get("zh", ""),
        "amount": None if award.amount is None else to_fixed(Decimal(award.amount)),
        "evidence": msgspec.json.encode(award.evidence),
        "cause_source": award.cause.source,
        "cause_id": award.cause.id,
        "cause_type": award.cause.type,
        "cause_time": award.cause.time,
        "position_partition": award.position.partition,
        "position_offset": award.position.offset,
        "position_index": award.position.index,
        "position_payee": award.position.payee,
        "version": (award.position.offset << 20) + award.position.index,
    }
    return [rows_from_dicts(AWARDS, [row], origin)]


#: 2300-01-01, from which on ClickHouse has no times. A record may say any 64 bits for its own, -1 for none.
_TIMES_END = 10_413_792_000_000


def dead_letter_rows(value: bytes, origin: Origin) -> list[Objects]:
    """One dead letter, with its raw bytes."""
    letter = decode_dead_letter(value)
    row = msgspec.structs.asdict(letter) | {
        "dead_letter_id": letter.dead_letter_id,
        "record_time": letter.timestamp if 0 <= letter.timestamp < _TIMES_END else 0,
    }
    return [rows_from_dicts(DEAD_LETTERS, [row], origin)]


def outcome_rows(value: bytes, origin: Origin) -> list[Objects]:
    """One line of counts; its own version is the facts offset up to which was counted."""
    return [rows_from_dicts(OUTCOMES, [msgspec.structs.asdict(_OUTCOME(value))], origin)]


def alert_rows(value: bytes, origin: Origin) -> list[Objects]:
    """One delivery of an alert. All of one alert lie in one partition, so the latest offset is the latest state."""
    delivery = decode_delivery(value)
    row = msgspec.structs.asdict(delivery) | {"state": delivery.status, "processed_at": delivery.at}
    return [rows_from_dicts(ALERTS, [row], origin)]


def payout_rows(value: bytes, origin: Origin) -> list[Objects]:
    """A payee's row of a payout, the same that the command wrote to the table itself."""
    payout = msgspec.structs.asdict(decode_payout(value))
    money = {name: to_fixed(Decimal(payout[name])) for name in _PAYOUT_MONEY}
    made = {"version": payout["made_at"], "processed_at": payout["made_at"]}
    return [rows_from_dicts(PAYOUTS, [payout | money | made], origin)]


def payment_rows(value: bytes, origin: Origin) -> list[Objects]:
    """One payment; when it was recorded is its version, so a copy of it sent late changes nothing."""
    payment = decode_payment(value)
    row = msgspec.structs.asdict(payment) | {
        "amount": to_fixed(Decimal(payment.amount)), "version": payment.paid_at, "processed_at": payment.paid_at,
    }  # fmt: skip
    return [rows_from_dicts(PAYMENTS, [row], origin)]
