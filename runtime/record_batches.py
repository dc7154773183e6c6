"""Kafka's record batches as columns, without an object for each record; and whatever brokers take in can be read.

aiokafka's fetcher walks through batches and gives out their records one by one. To a consumer that asks for columns it
gives, as one record, all of a batch: everything about transactions, checksums and positions stays its own.

All consumers of a process, Faust's among them, have checksums computed by the processor, which takes a quarter of what
aiokafka's table takes, and records that aiokafka's parser refuses read by runtime/plain_records.py.

A record says where in its batch it stands, and brokers do not look at it, so it may say anything: records of a batch
that has them all are numbered in their order. Where compaction has removed some, brokers have seen to the numbers.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from itertools import islice

import cramjam
import numpy as np
import pyarrow as pa
from aiokafka import codec
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatch
from aiokafka.record.legacy_records import _LegacyRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

from runtime.native import LIBRARY, SOURCE
from runtime.plain_records import record_at
from runtime.record_columns import RecordColumns
from schemas.native import load
from schemas.texts import Texts

#: Of a batch's header: attributes, place of the last record, first and largest time stamp, number of records.
_HEADER = struct.Struct(">21xhiqq14xi")
_MAGIC = 16
_CHECKSUM = struct.Struct(">17xI")  # of all that follows
_ATTRIBUTES = 22
_COMPRESSION, _APPEND_TIME, _NOT_PLAIN = 0x07, 0x08, 0x37  # compressed, of a transaction, control
#: aiokafka's own copy what they have decoded, which the last two need not.
_DECODERS = {1: codec.gzip_decode, 2: codec.snappy_decode, 3: cramjam.lz4.decompress, 4: cramjam.zstd.decompress}
_COLUMNS = 8  # of records.c: offsets, time stamps, and where keys, values and headers begin and end
_MOST = 40_000  # records that are read at once: no more than anybody takes at once, and memory for them


def _loaded() -> ctypes.CDLL | None:
    library = load(LIBRARY, SOURCE)
    if library is None:
        return None
    address, number = ctypes.c_void_p, ctypes.c_int64
    library.kpistream_records.argtypes = (address, *[number] * 6, address)
    library.kpistream_plain_count.argtypes = (address, number, number)
    library.kpistream_plain.argtypes = (address, number, number, address, number * 2)
    library.kpistream_plain_count.restype = library.kpistream_plain.restype = number
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
    attributes, last_place, first, last, count = _HEADER.unpack_from(piece)
    if not count:
        return None
    content = pa.py_buffer(_content(piece, attributes))
    if not 0 < count <= content.size:  # a record takes more than a byte
        raise CorruptRecordException(f"{count} records in {content.size} bytes")
    table = np.empty((_COLUMNS, count), np.int64)
    appended = last if attributes & _APPEND_TIME else -1
    numbered = count == last_place + 1
    into = table.ctypes.data
    if not _LIBRARY.kpistream_records(
        content.address, content.size, count, batch.base_offset, first, appended, numbered, into
    ):
        raise CorruptRecordException("the records of a batch are not what its header says")
    return _columns(content, table)


def _columns(content: pa.Buffer, table: np.ndarray) -> RecordColumns:
    offsets, timestamps, *places = table
    owners = (content,)
    return RecordColumns(offsets, timestamps, *(Texts(owners, *places[at : at + 2]) for at in (0, 2, 4)))


def read_records(batch, piece: memoryview) -> Iterator[DefaultRecord]:
    """The same one by one, without compiled code, as aiokafka has records."""
    attributes, last_place, first, last, count = _HEADER.unpack_from(piece)
    content, at, appended = bytes(_content(piece, attributes)), 0, attributes & _APPEND_TIME
    for row in range(count):
        try:
            one, at = record_at(content, at)
        except ValueError as error:
            raise CorruptRecordException(f"the records of a batch are not what its header says: {error}") from error
        offset = batch.base_offset + (row if count == last_place + 1 else one.after)
        time = last if appended else _signed(first + one.since)
        yield DefaultRecord(offset, time, int(bool(appended)), one.key, one.value, list(one.headers))


def _signed(number: int) -> int:
    """As 64 bits have it: a batch may say any first time stamp, and a record any difference to it."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _content(piece: memoryview, attributes: int) -> memoryview | bytes:
    decode = _DECODERS.get(attributes & _COMPRESSION)
    content = piece[_HEADER.size :]
    return content if decode is None else decode(content)


class _Checked:
    """A batch of format 2 whose checksum is computed faster, and whose records are read whatever is in them."""

    def __init__(self, batch, piece: memoryview) -> None:
        self._batch, self._piece = batch, piece

    def __getattr__(self, name: str):
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator:
        _, last_place, _, _, count = _HEADER.unpack_from(self._piece)
        offset = self._batch.base_offset if count == last_place + 1 else None
        given = 0
        try:
            for record in self._batch:
                if offset is not None and record.offset != offset + given:
                    break
                yield record
                given += 1
            else:
                return
        except (CorruptRecordException, UnicodeDecodeError):
            pass  # aiokafka's parser is stricter than brokers are
        yield from islice(read_records(self._batch, self._piece), given, None)

    def validate_crc(self) -> bool:
        """Whether the bytes are those that were sent."""
        content = pa.py_buffer(self._piece)
        size = content.size - _CHECKSUM.size
        found = _LIBRARY.kpistream_crc32c(content.address + _CHECKSUM.size, size) if available() else -1
        return found == _CHECKSUM.unpack_from(self._piece)[0] if found >= 0 else self._batch.validate_crc()


class _Old:
    """A batch of a message format before 2, of which brokers keep what they were sent then, as _Whole gives it."""

    def __init__(self, batch) -> None:
        self._batch = batch

    def __getattr__(self, name: str):
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[_Piece]:
        records = [*self._batch]
        if records:
            columns = RecordColumns.of(records)
            columns.headers = Texts.of([b"\0"] * len(columns))  # none each
            yield _Piece(columns)


class _Whole(_Checked):
    """A batch, for the fetcher one record with the batch's last offset."""

    def __iter__(self) -> Iterator[_Piece]:
        columns = read_columns(self._batch, self._piece)
        if columns is not None:
            yield _Piece(columns)


class _Plain:
    """Batches in a row that need nothing but to be read, for the fetcher one: many small ones took it 60 µs each."""

    is_control_batch = is_transactional = False
    producer_id = None

    def __init__(self, columns: RecordColumns, next_offset: int) -> None:
        self._columns, self.next_offset = columns, next_offset

    def validate_crc(self) -> bool:
        """All of them are right."""
        return True

    def __iter__(self) -> Iterator[_Piece]:
        yield _Piece(self._columns)


class _Piece:
    """What the fetcher takes for a record."""

    def __init__(self, columns: RecordColumns) -> None:
        self.columns, self.offset = columns, int(columns.offsets[-1])


class _Batches:
    """In place of MemoryRecords: batches that are given out ``whole``, or record by record."""

    def __init__(self, records: _MemoryRecordsPy, whole: bool) -> None:
        self._records, self._whole = records, whole

    def has_next(self) -> bool:
        return self._records.has_next()

    def next_batch(self):
        piece = self._records._next_slice
        if len(piece) < self._records.MIN_SLICE:
            raise CorruptRecordException(f"a batch of {len(piece)} bytes")
        if self._whole and (plain := self._plain(piece)) is not None:
            return plain
        self._records._cache_next()
        if piece[_MAGIC] < 2:
            old = _LegacyRecordBatchPy(piece, piece[_MAGIC])  # the compiled one fails at a record without a value
            return _Old(old) if self._whole else old
        batch = DefaultRecordBatch(piece)
        if batch.is_control_batch:
            return batch
        return _Whole(batch, piece) if self._whole else _Checked(batch, piece)

    def _plain(self, piece: memoryview) -> _Plain | None:
        """The batches from ``piece``, the next one, on; None where it is not plain."""
        records = self._records
        if piece[_MAGIC] < 2 or piece[_ATTRIBUTES] & _NOT_PLAIN:
            return None
        begin = records._pos - len(piece)
        content = pa.py_buffer(memoryview(records._buffer)[begin:])
        count = _LIBRARY.kpistream_plain_count(content.address, content.size, _MOST)
        table, read = np.empty((_COLUMNS, count), np.int64), (ctypes.c_int64 * 2)()
        size = _LIBRARY.kpistream_plain(content.address, content.size, count, table.ctypes.data, read)
        if not size:
            return None
        records._pos = begin + size
        records._cache_next()
        return _Plain(_columns(content, table[:, : read[0]]), read[1])


_unpacked = fetcher.PartitionRecords._unpack_records
_one = fetcher.PartitionRecords._consumer_record
_all = fetcher.FetchResult.getall


def _unpack_records(self):
    self._records = _Batches(self._records, whole=self._value_deserializer is as_columns)
    return _unpacked(self)


def _consumer_record(self, partition, record):
    if self._value_deserializer is not as_columns:
        return _one(self, partition, record)
    columns = record.columns  # a fetch begins with the whole batch that the position lies in
    if columns.offsets[0] >= self.next_fetch_offset:
        return columns
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


fetcher.MemoryRecords = _MemoryRecordsPy
fetcher.PartitionRecords._unpack_records = _unpack_records
fetcher.PartitionRecords._consumer_record = _consumer_record
fetcher.FetchResult.getall = _getall
