"""What caused a result: the credited event, or the plan change, and its place in the log."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from schemas.event_fields import FOLLOWING
from schemas.event_identity import event_hash
from schemas.results import Cause, Position
from streams.performance.columns import distinct
from streams.performance.credit_rows import CreditRows

#: Columns of credits and earning lines that name an event.
CAUSE = ["source", "id", "event_time"]


class Origins:
    """Origins of the rows of one batch."""

    def __init__(self, partition: int, rows: CreditRows, arrived: dict[int, tuple[int, int]] | None = None) -> None:
        """``arrived``: by credits offset, the record's day and the floor of what is remembered (``PaidSales``)."""
        self._partition, self._rows, self._arrived = partition, rows, arrived or {}
        #: By block, as awards ask for them: names and codes of sources, and the events' ids.
        self._named: dict[int, tuple[list[str], np.ndarray, pa.StringArray]] = {}

    @property
    def rows(self) -> CreditRows:
        """The rows of the batch."""
        return self._rows

    def event_of(self, row: int) -> bytes:
        """The hash of a row's event."""
        block, at = self._rows.locate(row)
        return block.column("event_hash")[at].as_py()

    def sale_of(self, row: int) -> tuple[bytes, bool, tuple[int, int]]:
        """The sale that a row is about (its event hash), whether it changes it (a refund, …), and when it arrived."""
        block, at = self._rows.locate(row)
        arrived = self._arrived[int(self._rows.offset[row])]
        if block.column("type")[at].as_py() not in FOLLOWING:
            return block.column("event_hash")[at].as_py(), False, arrived
        names = block.schema.names
        source = block.column("data.sale_source")[at].as_py() if "data.sale_source" in names else None
        source = source or block.column("source")[at].as_py()
        return event_hash(source, block.column("data.sale_id")[at].as_py()), True, arrived

    def of(self, row: int) -> tuple[Cause, Position]:
        """The event behind a row and the row's place in the credits log."""
        rows = self._rows
        block, at = rows.locate(row)
        if id(block) not in self._named:
            sources = block.column("source")
            self._named[id(block)] = sources.dictionary.to_pylist(), sources.indices.to_numpy(), block.column("id")
        names, codes, ids = self._named[id(block)]
        type_ = rows.type_names.names[rows.type[row]]
        cause = Cause(names[codes[at]], ids[at].as_py(), type_, int(rows.event_time[row]))
        return cause, Position(self._partition, int(rows.offset[row]), at)

    def positions(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int64 offsets and indices of ``rows``."""
        return self._rows.offset[rows], self._rows.index[rows]

    def causes(self, rows: np.ndarray) -> pa.RecordBatch:
        """source, id and event_time of ``rows`` (ascending, one at least)."""
        firsts = np.array([first for first, _ in self._rows.blocks])
        block_of = np.searchsorted(firsts, rows, side="right") - 1
        found = []
        for number in distinct(block_of).tolist():
            block = self._rows.blocks[number][1].select(CAUSE)
            found.append(block.take(pa.array(self._rows.index[rows[block_of == number]])))
        return found[0] if len(found) == 1 else _together(found)


def _together(blocks: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(blocks).unify_dictionaries().combine_chunks().to_batches()[0]


class PlanOrigin:
    """The one origin of everything that a control record causes; ``reason`` stands on lines that settle a value."""

    def __init__(self, partition: int, offset: int, cause: Cause, reason: str = "plan_change") -> None:
        self._cause, self._position, self.reason = cause, Position(partition, offset), reason

    def of(self, row: int) -> tuple[Cause, Position]:
        """The plan change."""
        return self._cause, self._position

    def positions(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The control record's place for every row."""
        return np.full(len(rows), self._position.offset), np.zeros(len(rows), np.int64)

    def causes(self, rows: np.ndarray) -> pa.RecordBatch:
        """As Origins.causes."""
        cause = self._cause
        one = [pa.array([cause.source]).dictionary_encode(), pa.array([cause.id]), pa.array([cause.time])]
        return pa.RecordBatch.from_arrays(one, names=CAUSE).take(pa.array(np.zeros(len(rows), np.int64)))
