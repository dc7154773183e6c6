"""Kafka's record batches as columns, without an object for each record.

aiokafka's fetcher walks through batches and gives out their records one by one. To a consumer that asks for columns it
gives, as one record, all of a batch: everything about transactions, checksums and positions stays its own. Everybody
else's consumers, Faust's among them, are not touched.

Consumers of ours, these and those of light_records.py, also have checksums computed by the processor, which takes a
quarter of what aiokafka's table takes.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator

import cramjam
import numpy as np
import pyarrow as pa
from aiokafka import codec
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords

from runtime.light_records import as_parsed
from runtime.native import LIBRARY, SOURCE
from runtime.record_columns import RecordColumns
from schemas.native import load
from schemas.texts import Texts

#: Of a batch's header: magic, attributes, first and largest time stamp, number of records.
_HEADER = struct.Struct(">16xb4xh4xqq14xi")
_LENGTH = struct.Struct(">8xi")
_CHECKSUM = struct.Struct(">17xI")  # of all that follows
_COMPRESSION, _APPEND_TIME, _CONTROL = 0x07, 0x08, 0x20
#: aiokafka's own copy what they have decoded, which the last two need not.
_DECODERS = {1: codec.gzip_decode, 2: codec.snappy_decode, 3: cramjam.lz4.decompress, 4: cramjam.zstd.decompress}
_PLACES = ("offsets", "timestamps", "key_starts", "key_ends", "value_starts", "value_ends", "header_starts",
           "header_ends")


class _Columns(ctypes.Structure):
    """As in records.c."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("base_offset", "first_timestamp", "append_timestamp")),
        *((name, ctypes.c_void_p) for name in _PLACES),
    )


def _loaded() -> ctypes.CDLL | None:
    library = load(LIBRARY, SOURCE)
    if library is None:
        return None
    library.kpistream_records.argtypes = (
        ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.POINTER(_Columns),
    )  # fmt: skip
    library.kpistream_crc32c.argtypes = (ctypes.c_void_p, ctypes.c_int64)
    library.kpistream_crc32c.restype = ctypes.c_int64
    return library


_LIBRARY = _loaded()


def as_columns(value: bytes) -> bytes:
    """Give this to a consumer as ``value_deserializer`` and its records come as RecordColumns; it is never called."""
    return value


def available() -> bool:
    """Whether records.c was compiled."""
    return _LIBRARY is not None


def read_columns(batch, piece: memoryview) -> RecordColumns | None:
    """The records of a batch of format 2, whose bytes are ``piece``; None for none. Raises CorruptRecordException."""
    _, attributes, first, last, count = _HEADER.unpack_from(piece)
    if not count:
        return None
    decode = _DECODERS.get(attributes & _COMPRESSION)
    content = piece[_HEADER.size :]
    content = pa.py_buffer(content if decode is None else decode(content))
    if not 0 < count <= content.size:  # a record takes more than a byte
        raise CorruptRecordException(f"{count} records in {content.size} bytes")
    made = {name: np.empty(count, np.int64) for name in _PLACES}
    appended = last if attributes & _APPEND_TIME else -1
    into = _Columns(batch.base_offset, first, appended, *(made[name].ctypes.data for name in _PLACES))
    if not _LIBRARY.kpistream_records(content.address, content.size, count, into):
        raise CorruptRecordException("the records of a batch are not what its header says")
    texts = (Texts((content,), made[f"{name}_starts"], made[f"{name}_ends"]) for name in ("key", "value", "header"))
    return RecordColumns(made["offsets"], made["timestamps"], *texts)


class _Checked:
    """A batch of format 2 whose checksum is computed faster."""

    def __init__(self, batch, piece: memoryview) -> None:
        self._batch, self._piece = batch, piece

    def __getattr__(self, name: str):
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator:
        return iter(self._batch)

    def validate_crc(self) -> bool:
        """Whether the bytes are those that were sent."""
        content = np.frombuffer(self._piece, np.uint8, offset=_CHECKSUM.size)
        found = _LIBRARY.kpistream_crc32c(content.ctypes.data, len(content))
        return found == _CHECKSUM.unpack_from(self._piece)[0] if found >= 0 else self._batch.validate_crc()


class _Whole(_Checked):
    """A batch, for the fetcher one record with the batch's last offset."""

    def __iter__(self) -> Iterator[_Piece]:
        columns = read_columns(self._batch, self._piece)
        if columns is not None:
            yield _Piece(columns)


class _Piece:
    """What the fetcher takes for a record."""

    def __init__(self, columns: RecordColumns) -> None:
        self.columns, self.offset = columns, int(columns.offsets[-1])


class _KeptRecords(MemoryRecords):
    """Fetched bytes that can still be had."""

    def __init__(self, fetched: bytes) -> None:
        super().__init__(fetched)
        self.fetched = fetched


class _Batches:
    """In place of MemoryRecords: batches that are given out ``whole``, or only checked faster."""

    def __init__(self, records: _KeptRecords, whole: bool) -> None:
        self._records, self._at, self._whole = records, 0, whole

    def has_next(self) -> bool:
        return self._records.has_next()

    def next_batch(self):
        batch = self._records.next_batch()
        end = self._at + 12 + _LENGTH.unpack_from(self._records.fetched, self._at)[0]
        piece = memoryview(self._records.fetched)[self._at : end]
        self._at = end
        magic, attributes, *_ = _HEADER.unpack_from(piece)
        if magic < 2 and self._whole:
            raise CorruptRecordException(f"a batch of message format {magic}, which brokers of today convert")
        if magic < 2 or attributes & _CONTROL:
            return batch
        return _Whole(batch, piece) if self._whole else _Checked(batch, piece)


_unpacked = fetcher.PartitionRecords._unpack_records
_one = fetcher.PartitionRecords._consumer_record
_all = fetcher.FetchResult.getall


def _unpack_records(self):
    if self._value_deserializer in (as_columns, as_parsed) and available():
        self._records = _Batches(self._records, whole=self._value_deserializer is as_columns)
    return _unpacked(self)


def _consumer_record(self, partition, record):
    if self._value_deserializer is not as_columns:
        return _one(self, partition, record)
    columns = record.columns  # a fetch begins with the whole batch that the position lies in
    return columns[int(np.searchsorted(columns.offsets, self.next_fetch_offset)) :]


def _getall(self, max_records=None):
    records = self._partition_records
    if records is None or records._value_deserializer is not as_columns:
        return _all(self, max_records)
    if not self.check_assignment(self._topic_partition):
        return []
    taken, left = [], np.inf if max_records is None else max_records
    rest = getattr(records, "rest", None)
    records.rest = None
    while left:
        part = rest if rest is not None else next(records, None)
        if part is None:
            self._partition_records = None
            break
        rest = None
        if len(part) > left:
            part, records.rest = part[:left], part[left:]
        taken.append(part)
        left -= len(part)
        if records.rest is not None or not left:  # the fetcher itself only knows of whole batches
            records.next_fetch_offset = int(part.offsets[-1]) + 1
    self._assignment.state_value(self._topic_partition).consumed_to(records.next_fetch_offset)
    return RecordColumns.joined(taken) if taken else []


fetcher.MemoryRecords = _KeptRecords
fetcher.PartitionRecords._unpack_records = _unpack_records
fetcher.PartitionRecords._consumer_record = _consumer_record
fetcher.FetchResult.getall = _getall
