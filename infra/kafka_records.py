"""kafka-python's consumer, reading whatever brokers take in (runtime/plain_records.py): import it from here."""

from __future__ import annotations

from kafka import KafkaConsumer
from kafka.record.default_records import ControlRecord, DefaultRecord, DefaultRecordBatch

from runtime.plain_records import record_at

__all__ = ["KafkaConsumer"]


def _read(batch: DefaultRecordBatch) -> DefaultRecord | ControlRecord:
    row = batch._next_record_index
    one, end = record_at(batch._buffer, batch._pos)
    if batch.records_count == batch.last_offset_delta + 1:
        offset = batch.base_offset + row  # whatever the record says: runtime/record_batches.py
    else:
        offset = batch.base_offset + one.after
    appended = batch.timestamp_type == batch.LOG_APPEND_TIME
    time = batch.max_timestamp if appended else batch.first_timestamp + one.since
    size, headers = end - batch._pos, list(one.headers)
    batch._pos = end
    make = ControlRecord if batch.is_control_batch else DefaultRecord
    return make(size, offset, time, batch.timestamp_type, one.key, one.value, headers)


DefaultRecordBatch._read_msg = _read
