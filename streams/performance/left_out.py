"""Which credits a limit on events of the same customer leaves out, told by their places in the log."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from streams.performance.credit_rows import CreditRows

KIND = "left-out"
#: Columns of credits that name the fact's place, beside its partition, which all credits of a record share.
_OF_FACTS = ("offset", "index", "payee")


def left_out_block(rows: CreditRows, meta: dict) -> bytes | None:
    """A row for each credit of ``rows`` that does not count: credits offset, and the fact's place. None for none."""
    if rows.left_out is None or not rows.left_out.any():
        return None
    places = np.flatnonzero(rows.left_out)
    located = map(rows.locate, places.tolist())
    told = [[block.column(name)[at].as_py() for name in _OF_FACTS] for block, at in located]
    return _block(rows.offset[places].tolist(), *zip(*told, strict=True), meta=meta)


def beginning_block(meta: dict) -> bytes:
    """No rows: the word that from ``since`` (a credits offset) on every credit that is left out is told."""
    return _block([], [], [], [], meta=meta)


def _block(credits_offset, facts_offset, facts_index, payee, meta: dict) -> bytes:
    columns = {
        "credits_offset": pa.array(credits_offset, pa.int64()),
        "facts_offset": pa.array(facts_offset, pa.int64()),
        "facts_index": pa.array(facts_index, pa.int32()),
        "payee": pa.array(payee, pa.int16()),
    }
    return encode_block(pa.RecordBatch.from_pydict(columns), meta)
