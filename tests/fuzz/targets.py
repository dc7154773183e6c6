"""Everything that parses bytes from outside: what it is fed with, and the errors that it may answer with."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from pydantic import ValidationError

from runtime.records import Out, RecordBatch
from schemas.blocks import BlockError, decode_block, kind_header, kind_of
from schemas.control import PeriodClosed, PlanApplied, decode_control, encode_control
from schemas.dead_letters import decode_dead_letter
from schemas.events import BUILT_IN
from schemas.payouts import Payment, Payout, decode_payment, decode_payout, encode_payout
from schemas.plan_file import check_plan, load_plan
from schemas.results import decode_award
from schemas.topics import AWARDS, DEAD_LETTERS
from sinks.rows import LOADED_TOPICS, SINKS, RowError, rows_of
from streams.backtest import Backtest, MemoryRecord
from streams.intake import Intake
from tests.unit.schemas.event_texts import TYPES
from tests.unit.streams.intake_log import blocks, letters, records

PLANS = Path(__file__).parent.parent.parent / "plans"
_INTAKE = Intake(1, TYPES)
_SMALL = PLANS / "examples" / "dual-threshold.yaml"


@dataclass(frozen=True)
class Target:
    """``feed`` must return, or raise one of ``errors``."""

    feed: Callable[[bytes], object]
    corpus: Callable[[], list[bytes]]
    errors: tuple[type[Exception], ...] = ()


def _events() -> list[bytes]:
    envelope = {"specversion": "1.0", "source": "shop", "time": "2026-03-05T10:00:00+08:00", "subject": "单号 7"}
    return [
        json.dumps(envelope | {"id": f"e-{name}", "type": name, "data": type_.example}, default=str).encode()
        for name, type_ in BUILT_IN.items()
    ]


def _take_event(value: bytes) -> None:
    outs = _INTAKE.fold(RecordBatch("events.sales", 0, records([value])))
    assert len(letters(outs)) + sum(len(rows) for _, rows in blocks(outs)) == 1, "neither a fact nor a dead letter"


def _plans() -> list[bytes]:
    return [path.read_bytes() for path in sorted((PLANS / "examples").glob("*.yaml"))]


class _Recording(Backtest):
    """Keeps what the stages send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Out] = []

    def _absorb(self, outs: list[Out]) -> list[Out]:
        self.sent += outs
        return super()._absorb(outs)


@cache
def _sent() -> tuple[Out, ...]:
    """What the stages send for sales with every field, some of them bad, under a plan with tiers."""
    backtest = _Recording()
    backtest.apply(load_plan(PLANS / "example.yaml"), "control")
    sale = {"specversion": "1.0", "source": "shop", "type": "sale", "time": "2026-03-05T10:00:00+08:00"}
    data = {"amount": "90000.01", "currency": "CNY", "customer": "C'1", "product": "p\\", "quantity": 2}
    backtest.feed(
        [json.dumps(sale | {"id": f"s{number}", "data": data | {"employee": employee}}).encode()
         for number, employee in enumerate(["E1001", "E1002", "E1003", "nobody"] * 3)]
        + [b"{"]
    )  # fmt: skip
    backtest.finish()
    return tuple(backtest.sent)


def _values(topic: str) -> list[bytes]:
    return [out.value for out in _sent() if out.topic == topic]


def _loaded() -> list[bytes]:
    outs = [out for out in _sent() if out.topic in LOADED_TOPICS]
    return [out.value for out in outs if out.value is not None]


_KINDS = sorted(SINKS)


def _rows() -> list[bytes]:
    """Records of every kind that the loader knows, behind a byte that names topic and kind."""
    kinds = [(out.topic, kind_of(out.headers)) for out in _sent()]
    return [
        bytes([_KINDS.index(kind)]) + out.value
        for out, kind in zip(_sent(), kinds, strict=True)
        if out.value is not None and kind in SINKS
    ]


def _take_row(value: bytes) -> None:
    topic, kind = _KINDS[(value or b"\0")[0] % len(_KINDS)]
    rows_of(topic, 0, MemoryRecord(5, value[1:], kind_header(kind), None, 0))


def _controls() -> list[bytes]:
    plan = load_plan(_SMALL)
    controls = PlanApplied(id="p-1", plan=plan), PeriodClosed.of(plan, "month", "2026-03")
    records = [encode_control(control) for control in controls]
    return [*records, *map(zlib.compress, records)]  # as large ones travel


_PAYOUT = Payout(
    "p", 3, "month", "2026-03", 2, "E1001", "", "CNY", 7, "12.3400", "0.0000", "87.6600", "0.0000", "100.0000",
    "87.6600", "base", 1_774_972_800_000,
)  # fmt: skip

_PAYMENT = Payment("p", "month", "2026-03", 2, "E1001", "", "CNY", "-12.3400", 1_774_972_800_000)

TARGETS = {
    "events": Target(_take_event, _events),
    "plans": Target(lambda value: check_plan(value.decode("utf-8", "replace")), _plans),
    "blocks": Target(decode_block, lambda: [value for value in _loaded() if value[:1] != b"{"], (BlockError,)),
    "rows": Target(_take_row, _rows, (RowError,)),
    "control": Target(decode_control, _controls, (ValidationError,)),
    "awards": Target(decode_award, lambda: _values(AWARDS.name), (msgspec.MsgspecError,)),
    "payouts": Target(decode_payout, lambda: [encode_payout(_PAYOUT)], (msgspec.MsgspecError,)),
    "payments": Target(decode_payment, lambda: [encode_payout(_PAYMENT)], (msgspec.MsgspecError,)),
    "dead letters": Target(decode_dead_letter, lambda: _values(DEAD_LETTERS.name), (msgspec.MsgspecError,)),
}
