"""Whatever is wrong with a JSON record, its reader raises the one error that callers pass over or name."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pytest

from schemas.blocks import BlockError, decode_block
from schemas.dead_letters import decode_dead_letter
from schemas.payouts import decode_payment, decode_payout
from schemas.results import decode_award
from sinks.alerts.delivery import decode_delivery

DEEP = b"[" * 100_000


@pytest.mark.parametrize("decode", [decode_award, decode_dead_letter, decode_delivery, decode_payment, decode_payout])
@pytest.mark.parametrize("value", [None, b"", b"{", b'{"plan":"\xff"}', b'{"unknown":' + DEEP, b"{}", b"[]"])
def test_one_error_for_all_that_is_wrong(decode, value):
    with pytest.raises(msgspec.DecodeError):
        decode(value)


def test_metadata_of_a_block_may_be_anything():
    sink = pa.BufferOutputStream()
    schema = pa.schema([("a", pa.int64())], {b"kpistream": DEEP})
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch([pa.array([1])], schema=schema))
    with pytest.raises(BlockError):
        decode_block(sink.getvalue().to_pybytes())
