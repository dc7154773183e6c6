"""Whatever a broker takes in, every reader of ours reads: aiokafka's with compiled code and without, kafka-python's."""

import re
from pathlib import Path

import pytest
from aiokafka import codec
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.util import calc_crc32c
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords

from infra import kafka_records
from runtime import record_batches
from runtime.light_records import as_parsed
from runtime.record_batches import as_columns
from tests.odd_records import batch, old_batch, record
from tests.unit.runtime.test_record_batches import CODECS, take
from tests.unit.runtime.test_record_batches import batch as ordinary

_ENCODERS = {
    "none": bytes, "gzip": codec.gzip_encode, "snappy": codec.snappy_encode, "lz4": codec.lz4_encode,
    "zstd": codec.zstd_encode,
}  # fmt: skip
LAST = 2**63 - 1
#: Batches from offset 7 on, and (offset, time, key, value, headers) as they are read.
ODD = {
    "the name of a header is no UTF-8": (
        batch([record(0, b"k", b"a"), record(1, None, b"b", [(b"\xff\xc3", b"x"), (b"kind", b"y")])], 7, 5),
        [(7, 5, b"k", b"a", ()), (8, 5, None, b"b", (("\ufffd\ufffd", b"x"), ("kind", b"y")))],
    ),
    "a header has no value": (
        batch([record(0, b"", None, [(b"kind", None), (b"", b"")])], 7, 5),
        [(7, 5, b"", None, (("kind", None), ("", b"")))],
    ),
    "the attributes look like a longer number": (
        batch([record(0, b"k", b"a", attributes=0xFF), record(1, b"k", b"b")], 7, 5),
        [(7, 5, b"k", b"a", ()), (8, 5, b"k", b"b", ())],
    ),
    "all say that they are the first": (
        batch([record(0, None, b"a"), record(0, None, b"b"), record(0, None, b"c")], 7, 5),
        [(7, 5, None, b"a", ()), (8, 5, None, b"b", ()), (9, 5, None, b"c", ())],
    ),
    "one says that it lies far away": (
        batch([record(1000, None, b"a"), record(-3, None, b"b")], 7, 5),
        [(7, 5, None, b"a", ()), (8, 5, None, b"b", ())],
    ),
    "no time": (batch([record(0, None, b"a")], 7, -1), [(7, -1, None, b"a", ())]),
    "a time beyond all numbers": (
        batch([record(0, None, b"a", [(b"\xff", None)], since=1)], 7, LAST),
        [(7, -LAST - 1, None, b"a", (("\ufffd", None),))],
    ),
}


def read_by_kafka_python(fetched: bytes, start: int) -> list[tuple]:
    """What KafkaConsumer.poll gives of fetched bytes."""
    part = Fetcher.PartitionRecords(start, TopicPartition("events", 0), MemoryRecords(fetched))
    return [(one.offset, one.timestamp, one.key, one.value, tuple(one.headers)) for one in part.take()]


@pytest.fixture(params=["compiled", "not compiled"])
def built(request, monkeypatch):
    """With records.c and without."""
    if request.param != "compiled":
        monkeypatch.setattr(record_batches, "_LIBRARY", None)
    return request.param


@pytest.mark.parametrize("odd", ODD)
def test_it_is_read(odd: str, built: str):
    fetched, wanted = ODD[odd]
    fetched += batch([record(0, None, b"next")], 7 + len(wanted), 5)
    wanted = [*wanted, (7 + len(wanted), 5, None, b"next", ())]
    deserializers = [None, as_parsed, as_columns] if built == "compiled" else [None, as_parsed]
    for deserializer in deserializers:
        for level in (fetcher.READ_COMMITTED, fetcher.READ_UNCOMMITTED):
            assert take(fetched, deserializer, [1], 7, level=level) == (wanted, wanted[-1][0] + 1)
            assert take(fetched, deserializer, [10], 8, level=level)[0] == wanted[1:]


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd != "a time beyond all numbers"])
def test_kafka_python_reads_it(odd: str):
    fetched, wanted = ODD[odd]
    fetched += batch([record(0, None, b"next")], 7 + len(wanted), 5)
    assert read_by_kafka_python(fetched, 7) == [*wanted, (7 + len(wanted), 5, None, b"next", ())]
    assert read_by_kafka_python(fetched, 8)[:-1] == wanted[1:]


@pytest.mark.parametrize("compression", CODECS)
def test_compressed(compression: str, built: str):
    records = [(5, b"k%d" % number, b"value" * number, [("a" * 9, b"x")]) for number in range(50)]
    made = bytearray(ordinary(7, records))
    made = made.replace(b"a" * 9, b"a" * 8 + b"\xff")
    content = bytes(made[61:])
    made[61:] = _ENCODERS[compression](content)
    made[8:12] = (len(made) - 12).to_bytes(4, "big")
    made[22] |= CODECS[compression]
    made[17:21] = calc_crc32c(bytes(made[21:])).to_bytes(4, "big")
    names = {one.headers[0][0] for one in take(bytes(made), as_parsed, [100], 7)[0]}
    assert names == {"a" * 8 + "\ufffd"}
    assert [one[3] for one in read_by_kafka_python(bytes(made), 7)] == [value for _, _, value, _ in records]


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("compression", [0, 1])
def test_batches_of_old_formats_come_as_columns(magic: int, compression: int):
    values = [(b"k", b"a"), (None, b"b"), (b"", None)]
    fetched = old_batch(magic, values, 7, compression) + batch([record(0, None, b"new", [(b"h", b"x")])], 10, 5)
    time = -1 if magic == 0 else 5
    wanted = [(7 + number, time, *value, ()) for number, value in enumerate(values)]
    wanted.append((10, 5, None, b"new", (("h", b"x"),)))
    assert take(fetched, as_columns, [2], 7) == (wanted, 11)
    assert take(fetched, as_columns, [10], 8)[0] == wanted[1:]


@pytest.mark.parametrize("length", range(1, 19))
def test_what_ends_early_is_refused(length: int, built: str):
    whole = record(0, b"key", b"value", [(b"\xff", b"x")])
    assert len(whole) == 19
    fetched = batch([whole[:length]], 7)
    with pytest.raises(CorruptRecordException):
        take(fetched, as_columns if built == "compiled" else as_parsed, [10], 7)
    with pytest.raises(CorruptRecordError):
        read_by_kafka_python(fetched, 7)


def test_nobody_imports_another_consumer():
    ours = Path(kafka_records.__file__)
    others = [path for path in ours.parent.rglob("*.py") if path != ours]
    assert others
    for path in others:
        assert not re.search(r"from kafka import .*KafkaConsumer", path.read_text()), path  # but infra.kafka_records
