"""States of every stage and format as earlier programs left them, and the log that goes on after them.

``python -m tests.state_corpus`` writes those of the present formats, beside those of older ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import msgspec

from runtime.checkpoints import Checkpoint
from runtime.records import Out, RecordBatch
from schemas.blocks import kind_header, kind_of
from schemas.control import KIND, PeriodClosed, PlanApplied, encode_control
from schemas.event_types import EventTypes
from schemas.plan import Plan
from schemas.plan_file import load_plan
from schemas.topics import CREDITS, FACTS, KPI_UPDATES
from streams.backtest import MemoryRecord
from streams.crediting.stage import Crediting
from streams.intake import Intake
from streams.performance.left_out import KIND as LEFT_OUT
from streams.performance.shared_counts import KIND as SHARED
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups
from streams.state_layouts import LAYOUTS

FOLDER = Path(__file__).parent / "examples" / "state"
INPUT = {"crediting": FACTS.name, "performance": CREDITS.name, "rollups": KPI_UPDATES.name}
_EVENTS, _HALF = 100, 50
#: Told to rollups only since its state was saved, at a place in a log without it. No credit is shared here.
_LATER = (LEFT_OUT, SHARED)


def make_fold(stage: str):
    """An empty fold of a stage, alone with one partition."""
    return {"crediting": lambda: Crediting(0, 1), "performance": lambda: Performance(0, 1), "rollups": Rollups}[stage]()


def saved(stage: str) -> list[Checkpoint]:
    """What earlier programs left of a stage, oldest format first."""
    files = sorted(FOLDER.glob(f"{stage}-*.msgpack"), key=lambda path: int(path.stem.rpartition("-")[2]))
    return [msgspec.msgpack.decode(path.read_bytes(), type=Checkpoint) for path in files]


@cache
def logs() -> dict[str, tuple[list[MemoryRecord], list[MemoryRecord]]]:
    """By topic: the records up to the saved states, and those after them."""
    plan = load_plan(FOLDER / "plan.yaml")
    intake = Intake(1, EventTypes(plan.events), {})
    folds = {stage: make_fold(stage) for stage in INPUT}
    outs = {topic: [_control(plan)] for topic in INPUT.values()}
    counts: dict[str, int] = {}
    for stage, topic in INPUT.items():
        _fold(folds, stage, topic, outs[topic], 0)
    events = list(_events(Random(11)))
    for half in (events[:_HALF], events[_HALF:]):
        for at, value in enumerate(half, start=events.index(half[0])):
            batch = RecordBatch("events.sales", 0, [MemoryRecord(at, value, timestamp=_time(at))])
            _pass_on(folds, outs, intake.fold(batch))
        counts = counts or {topic: len(kept) for topic, kept in outs.items()}
        if half[0] is events[0]:
            closed = _control(PeriodClosed.of(plan, "month", "2026-02"))
            for stage, topic in INPUT.items():
                outs[topic].append(closed)
                _fold(folds, stage, topic, [closed], len(outs[topic]) - 1)
    records = {topic: [_record(at, out) for at, out in enumerate(kept)] for topic, kept in outs.items()}
    return {topic: (kept[: counts[topic]], kept[counts[topic] :]) for topic, kept in records.items()}


def _pass_on(folds: dict, outs: dict[str, list[Out]], fresh: list[Out]) -> None:
    """Through the stages, each in its turn, with KPI values after every event."""
    for stage, topic in INPUT.items():
        mine = [out for out in fresh if out.topic == topic and kind_of(out.headers) not in _LATER]
        first = len(outs[topic])
        outs[topic] += mine
        fresh = fresh + (_fold(folds, stage, topic, mine, first) if mine else []) + updates_of(folds[stage])


def updates_of(fold) -> list[Out]:
    """Absolute values of a stage that has them."""
    return fold.updates() if hasattr(fold, "updates") else []


def _fold(folds: dict, stage: str, topic: str, outs: list[Out], first: int) -> list[Out]:
    records = [_record(first + at, out) for at, out in enumerate(outs)]
    return folds[stage].fold(RecordBatch(topic, 0, records))


def _record(offset: int, out: Out) -> MemoryRecord:
    return MemoryRecord(offset, out.value, out.headers, timestamp=_time(offset))


def _time(offset: int) -> int:
    return 1_774_400_000_000 + offset * 60_000


def _control(what: Plan | PeriodClosed) -> Out:
    record = PlanApplied(id="state:1", plan=what) if isinstance(what, Plan) else what
    return Out("control", encode_control(record), headers=kind_header(KIND))


def _events(dice: Random) -> Iterator[bytes]:
    """Sales, some twice, and what comes about them, at times ahead of them."""
    sold: list[str] = []
    for number in range(_EVENTS):
        kind = dice.choice(["sale"] * 5 + ["refund", "correction", "cancellation"]) if number > 3 else "sale"
        about = dice.choice([*sold, f"s{number + 5}"]) if kind != "sale" else ""
        data: dict[str, object] = {
            "sale": {"employee": dice.choice(["E1", "E2", "E3"]), "amount": dice.choice([9000, 20_000, 60_000]),
                     "currency": "CNY", "customer": dice.choice("abcd"), "product": dice.choice(["P7", "P8"])},
            "refund": {"sale_id": about, "amount": 500, "currency": "CNY"},
            "correction": {"sale_id": about, "amount": 8000, "currency": "CNY"},
            "cancellation": {"sale_id": about},
        }[kind]  # fmt: skip
        id_ = f"{kind[0]}{number}"
        if kind == "sale" and sold and dice.random() < 0.1:
            id_ = dice.choice(sold)
        sold += [id_] if kind == "sale" else []
        yield json.dumps({"specversion": "1.0", "source": "shop", "id": id_, "type": kind, "data": data,
                          "time": f"2026-03-{1 + number // 6:02}T10:00:00+08:00"}).encode()  # fmt: skip


def main() -> None:
    """Write the state of each stage before the second half of its log."""
    for stage, topic in INPUT.items():
        fold, (before, _) = make_fold(stage), logs()[topic]
        fold.fold(RecordBatch(topic, 0, before))
        rows = {key: value for key, value in fold.dirty_rows().items() if value}
        number = LAYOUTS[stage].format
        checkpoint = Checkpoint(stage, 0, before[-1].offset + 1, rows, number)
        (FOLDER / f"{stage}-{number}.msgpack").write_bytes(msgspec.msgpack.encode(checkpoint))


if __name__ == "__main__":
    main()
