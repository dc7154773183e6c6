"""Records as columns are the records that aiokafka itself gives, whatever the batches and however they are taken."""

from types import SimpleNamespace
from unittest import mock

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from runtime import record_batches
from runtime.light_records import as_parsed
from runtime.record_batches import as_columns
from runtime.record_columns import OneRecord, RecordColumns
from tests.depth import examples

PARTITION = TopicPartition("events", 0)
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
ABORT, COMMIT = b"\x00\x00\x00\x00", b"\x00\x00\x00\x01"

_bytes = st.none() | st.binary(max_size=300)
_record = st.tuples(
    st.integers(0, 2**42), _bytes, _bytes, st.lists(st.tuples(st.text(max_size=5), _bytes), max_size=2)
)


def batch(first, records, codec=0, producer=-1, transactional=False, control=False, append_time=False, gap=0):
    """The bytes of one batch with these (timestamp, key, value, headers), offsets from ``first`` on."""
    builder = DefaultRecordBatchBuilder(2, codec, transactional, producer, 0, 0, 1 << 20)
    for number, (timestamp, key, value, headers) in enumerate(records):
        assert builder.append(number, timestamp, key, value, headers) is not None
    made = builder.build()
    made[:8] = first.to_bytes(8, "big")
    made[22] |= 0x20 * control | 0x08 * append_time
    made[23:27] = (len(records) - 1 + gap).to_bytes(4, "big")  # what compaction removed from the end
    made[17:21] = _crc(made).to_bytes(4, "big")
    return bytes(made)


def _crc(made):
    from aiokafka.record.util import calc_crc32c

    return calc_crc32c(bytes(made[21:]))


def take(fetched, deserializer, sizes, start=0, aborted=(), level=fetcher.READ_COMMITTED):
    """Everything that ``getall`` gives for the bytes, ``sizes`` at a time, and the position after each."""
    records = fetcher.PartitionRecords(
        PARTITION, fetcher.MemoryRecords(fetched), list(aborted), start, None, deserializer, True, level
    )
    state = SimpleNamespace(paused=False, position=start)
    state.consumed_to = lambda position: setattr(state, "position", position)
    assignment = SimpleNamespace(active=True, state_value=lambda partition: state)
    result = fetcher.FetchResult(PARTITION, assignment=assignment, partition_records=records, backoff=0)
    found, positions = [], []
    while result.has_more():
        part = result.getall(sizes[len(positions) % len(sizes)])
        assert len(part) <= sizes[len(positions) % len(sizes)]
        found += [OneRecord(one.offset, one.timestamp, one.key, one.value, tuple(one.headers)) for one in part]
        positions.append(state.position)
    return found, positions[-1]


def test_it_is_compiled():
    assert record_batches.available(), "make setup says what is missing"


@given(st.data())
@examples(120, derandomize=True)
def test_the_same_records_as_aiokafka(data):
    fetched, aborted, first = b"", [], data.draw(st.integers(0, 2**40))
    start = first
    for _ in range(data.draw(st.integers(1, 6))):
        records = data.draw(st.lists(_record, min_size=1, max_size=6))
        codec, gap = data.draw(st.sampled_from(sorted(CODECS.values()))), data.draw(st.sampled_from([0, 0, 3]))
        kind = data.draw(st.sampled_from(["plain", "plain", "committed", "aborted"]))
        how = {"codec": codec, "append_time": data.draw(st.booleans()), "gap": gap}
        if kind != "plain":
            how |= {"transactional": True, "producer": 7}
        fetched += batch(first, records, **how)
        if kind == "aborted":
            aborted.append((7, first))
        first += len(records) + gap
        if kind != "plain":
            marker = [(0, ABORT if kind == "aborted" else COMMIT, b"\x00" * 6, [])]
            fetched += batch(first, marker, transactional=True, producer=7, control=True)
            first += 1
    start += data.draw(st.integers(0, 5))
    sizes = data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=3))
    wanted = take(fetched, None, sizes, start, aborted)
    with mock.patch.object(record_batches, "_MOST", data.draw(st.integers(1, 20))):
        assert take(fetched, as_columns, sizes, start, aborted) == wanted
    assert take(fetched, as_parsed, sizes, start, aborted) == wanted


@pytest.mark.parametrize("codec", CODECS)
def test_many_records_of_every_codec(codec):
    records = [(n, b"k%d" % n, b"value %d" % n * 20, [("kind", b"x")]) for n in range(3000)]
    fetched = batch(5, records, CODECS[codec]) + batch(3005, records, CODECS[codec])
    assert take(fetched, as_columns, [777]) == take(fetched, as_parsed, [777])


@given(st.integers(61, 400), st.integers(0, 255))
@examples(200, derandomize=True)
def test_damaged_records_are_refused_or_read_as_they_are(place, byte):
    made = bytearray(batch(0, [(n, b"key", b"value" * 5, [("a", b"b")]) for n in range(8)]))
    made[place % len(made) if place % len(made) >= 61 else 61] = byte
    made[17:21] = _crc(made).to_bytes(4, "big")

    def outcome(deserializer):
        try:
            return take(bytes(made), deserializer, [100])
        except (CorruptRecordException, UnicodeDecodeError):
            return "corrupt"

    ours, theirs = outcome(as_columns), outcome(as_parsed)
    # aiokafka passes over offsets that do not ascend, which only a broken batch has
    assert ours == theirs or theirs == "corrupt" or (ours == "corrupt" and len(theirs[0]) < 8)


@pytest.mark.parametrize("deserializer", [as_columns, as_parsed])
@pytest.mark.parametrize("length", range(17))
def test_a_checksum_that_is_wrong_is_refused(deserializer, length):
    made = batch(0, [(0, None, b"v" * length, [])])
    assert take(made, deserializer, [10])[0][0].value == b"v" * length
    for place in range(61, len(made)):
        damaged = bytearray(made)
        damaged[place] ^= 1
        with pytest.raises(CorruptRecordException, match="CRC"):
            take(bytes(damaged), deserializer, [10])


@pytest.mark.parametrize("place", [17, 57, 61])  # checksum, number of records, a record's length
def test_of_batches_in_a_row_those_ahead_of_a_damaged_one_are_read(place):
    three = [batch(at, [(at, b"k", b"value %d" % at, [])] * 2) for at in (0, 2, 4)]
    damaged = bytearray(three[1])
    damaged[place] ^= 1
    if place != 17:
        damaged[17:21] = _crc(damaged).to_bytes(4, "big")
    whole = fetcher.PartitionRecords(
        PARTITION, fetcher.MemoryRecords(three[0] + damaged + three[2]), [], 0, None, as_columns, True, 0
    )
    assert [one.value for one in next(whole)] == [b"value 0"] * 2
    assert whole.next_fetch_offset == 2
    with pytest.raises(CorruptRecordException):
        next(whole)


def test_without_the_instruction_aiokafka_computes_the_checksum(monkeypatch):
    monkeypatch.setattr(record_batches, "_LIBRARY", SimpleNamespace(kpistream_crc32c=lambda *_: -1))
    made = bytearray(batch(0, [(0, None, b"value", [])]))
    assert take(bytes(made), as_parsed, [10]) == take(bytes(made), None, [10])
    made[-2] ^= 1
    with pytest.raises(CorruptRecordException, match="CRC"):
        take(bytes(made), as_parsed, [10])


def test_the_number_of_records_is_believed_only_where_they_are():
    made = bytearray(batch(0, [(0, None, b"value", [])]))
    made[57:61] = (2**31 - 1).to_bytes(4, "big")
    made[17:21] = _crc(made).to_bytes(4, "big")
    with pytest.raises(CorruptRecordException, match="2147483647 records"):
        take(bytes(made), as_columns, [10])


def test_columns_of_objects_are_the_same_objects():
    objects = [OneRecord(3, 5, b"k", None, ()), OneRecord(4, 6, None, b"v", ()), OneRecord(9, 7, b"", b"", ())]
    columns = RecordColumns.of(objects)
    assert list(columns) == objects
    assert list(columns[1:]) == objects[1:]
    assert RecordColumns.of(columns) is columns
