"""What the stages ahead of one leave for it: each folds its input once, in pieces of any size, without faults."""

from __future__ import annotations

from random import Random

from runtime.records import Out, RecordBatch
from schemas.blocks import kind_header
from schemas.control import KIND, Control, encode_control
from schemas.event_types import EventTypes
from schemas.topics import CREDITS, FACTS, KPI_UPDATES
from streams.backtest import MemoryRecord
from streams.intake import Intake
from streams.performance.stage import Performance
from streams.stage_folds import CreditingFold, IntakeFold
from tests.simulation.kafka import APPENDED

#: Stages that others feed, and what they read, in the order of the flow.
INPUTS = {"crediting": FACTS.name, "performance": CREDITS.name, "rollups": KPI_UPDATES.name}
_SOURCES = 2
_MOST = 8  # records that a stage folds at once


def left_for(stage: str, values: list[bytes], controls: list[Control], partitions: int, dice: Random) -> list[Out]:
    """The input of ``stage`` in the order of its records. ``controls`` stand in it, and in what came before, at any
    place in their order; the first ahead of all.
    """
    folds = [IntakeFold("events.sales", at, 0, Intake(partitions, EventTypes({}))) for at in range(_SOURCES)]
    logs = [[Out("events.sales", value, at) for value in values[at::_SOURCES]] for at in range(_SOURCES)]
    makers = {"crediting": CreditingFold, "performance": Performance}
    for reader, topic in INPUTS.items():
        width = 1 if topic == KPI_UPDATES.name else partitions
        outs = [out for out in _folded(folds, logs, dice) if out.topic == topic]
        outs = _with(outs, [_everywhere(control, topic, width) for control in controls], dice)
        if reader == stage:
            break
        folds = [makers[reader](at, partitions) for at in range(width)]
        logs = [[out for out in outs if out.partition == at] for at in range(width)]
    return outs


def _folded(folds: list, logs: list[list[Out]], dice: Random) -> list[Out]:
    """What comes of all logs, a piece of one of them after a piece of another."""
    outs: list[Out] = []
    begun, left = [0] * len(folds), [at for at, log in enumerate(logs) if log]
    while left:
        at = dice.choice(left)
        end = begun[at] + dice.randint(1, _MOST)
        piece = [
            MemoryRecord(offset, out.value, out.headers, out.key, APPENDED)
            for offset, out in enumerate(logs[at][begun[at] : end], start=begun[at])
        ]
        begun[at] += len(piece)
        outs += folds[at].fold(RecordBatch("", at, piece))
        done = begun[at] == len(logs[at])
        if done:
            left.remove(at)
        if done or dice.random() < 0.5:
            outs += folds[at].updates()
    return outs


def _everywhere(control: Control, topic: str, partitions: int) -> list[Out]:
    record = encode_control(control)
    return [Out(topic, record, at, headers=kind_header(KIND)) for at in range(partitions)]


def _with(outs: list[Out], controls: list[list[Out]], dice: Random) -> list[Out]:
    places = [0, *sorted(dice.randint(0, len(outs)) for _ in controls[1:])]
    found: list[Out] = []
    for control, first, end in zip(controls, places, [*places[1:], len(outs)], strict=True):
        found += control + outs[first:end]
    return found
