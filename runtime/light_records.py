"""Records as the protocol parser leaves them.

aiokafka copies every record it has parsed into a Python object of eleven fields, which costs more than all that intake
does with one. The parser's own record has the five that we read (runtime.records.Record), so consumers that ask for
it get that one. Everybody else's consumers, Faust's among them, are not touched.
"""

from __future__ import annotations

from aiokafka.consumer.fetcher import PartitionRecords


def as_parsed(value: bytes) -> bytes:
    """Give this to a consumer as ``value_deserializer`` and its records come as parsed; it is never called."""
    return value


_copied = PartitionRecords._consumer_record


def _consumer_record(self, partition, record):
    return record if self._value_deserializer is as_parsed else _copied(self, partition, record)


PartitionRecords._consumer_record = _consumer_record
