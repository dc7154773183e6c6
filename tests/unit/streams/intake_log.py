"""Records of a business topic for intake, and what comes out of it, read back."""
from dataclasses import dataclass
from itertools import islice

from runtime.records import RecordBatch
from schemas.blocks import decode_block, kind_of
from schemas.dead_letters import decode_dead_letter
from schemas.facts import sources_of
from streams.intake import Intake
from tests.unit.schemas.event_rows import rows_of
from tests.unit.schemas.event_texts import TYPES

NOW = 1_775_000_000_000


@dataclass(slots=True)
class Taken:
    offset: int
    value: bytes | None
    timestamp: int = NOW
    key: bytes | None = None
    headers: tuple = ()


def records(values, start=0):
    return [Taken(start + place, value) for place, value in enumerate(values)]


def blocks(outs, target=None):
    """(what it tells of a source, its rows) for every source of the facts blocks among ``outs``."""
    found = [out for out in outs if out.topic == "facts" and target in (None, out.partition)]
    assert all(kind_of(out.headers) == "facts" for out in found)
    told = []
    for table, meta in (decode_block(out.value) for out in found):
        rows = iter(rows_of(table))
        told += [(source, list(islice(rows, source.rows))) for source in sources_of(meta, table.num_rows)]
    return told


def letters(outs):
    found = [out for out in outs if out.topic == "dead-letters"]
    assert all(out.partition is None for out in found)
    return [decode_dead_letter(out.value) for out in found]


def fold(values, topic="events.sales", partitions=1, **options):
    return Intake(partitions, TYPES, **options).fold(RecordBatch(topic, 3, records(values)))
