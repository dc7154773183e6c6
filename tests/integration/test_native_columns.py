"""Columns in ClickHouse's native format against a real server: what was sent is what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from infra.local.clickhouse import ClickHouseServer
from sinks.columns import KINDS, concatenate, constant, from_arrow, native, native_objects
from sinks.connection import connect_binary
from sinks.insert import NativeColumns
from tests.integration.clickhouse_server import running_server, settings_of

#: What tells a stored value from another, whatever the driver would make of it.
_SHOWN = {
    "text": "{}", "hash": "{}", "int": "{}", "uint": "{}", "fixed": "reinterpretAsInt64({})",
    "time": "reinterpretAsInt64({})", "day": "toUInt16({})", "flag": "toUInt8({})", "uints": "{}", "texts": "{}",
}  # fmt: skip
_TEXTS = [b"", b"a", b"\0", b"a\0", "客户".encode(), b"\xff\xfe", b"'\\"]
_TEXTS += [b"x" * size for size in (127, 128, 16_383, 16_384)]
_NUMBERS = [0, 1, -1, 127, -(2**63), 2**63 - 1]
_HASHES = [bytes(range(16)), bytes(16), b"\0" * 15 + b"x", b"x" + b"\0" * 15]
_VALUES = {
    "text": _TEXTS, "hash": _HASHES, "int": _NUMBERS, "uint": [0, 1, 2**64 - 1], "fixed": _NUMBERS,
    "time": [0, 1_774_972_800_001, -1], "day": [0, 20_000, 65_535], "flag": [0, 1],
    "uints": [[], [1], [], [2**64 - 1, 0, 3], []], "texts": [[], [b"sale"], [], [b"", b"x" * 200]],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


def _stored(server: ClickHouseServer, kind: str, sent: tuple[str, bytes], count: int) -> list:
    type_, content = sent
    rows = native("int", pa.array(range(count), pa.int64()))[1]
    declared = type_.replace("'", "\\'")
    with connect_binary(settings_of(server)) as client:
        client.execute("DROP TABLE IF EXISTS kpistream.tried")
        client.execute(f"CREATE TABLE kpistream.tried (n Int64, v {type_}) ENGINE = MergeTree ORDER BY n")
        client.execute(
            f"INSERT INTO kpistream.tried (n, v) SELECT w0, w1 FROM input('w0 Int64, w1 {declared}') FORMAT Native",
            NativeColumns(count, (rows, content)),
        )
        found = client.execute(f"SELECT n, {_SHOWN[kind].format('v')} FROM kpistream.tried ORDER BY n")
        [(parts,)] = client.execute("SELECT uniqExact(_part) FROM kpistream.tried")
        client.execute("DROP TABLE kpistream.tried")
    assert [row for row, _ in found] == list(range(count))
    assert parts == (1 if count else 0)  # an insert is one block
    return [list(value) if isinstance(value, (list, tuple)) else value for _, value in found]


@pytest.mark.parametrize("times", [1, 30])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_column_arrives_as_it_was(server: ClickHouseServer, kind: str, times: int) -> None:
    values = _VALUES[kind] * times
    array = from_arrow(kind, pa.array(values, KINDS[kind].arrow))
    assert _stored(server, kind, native(kind, array), len(values)) == values
    assert _stored(server, kind, native(kind, array[1:-1]), len(values) - 2) == values[1:-1]  # not from its start
    if kind not in ("hash", "uints"):
        assert _stored(server, kind, native_objects(kind, values), len(values)) == values
    if "Array" not in KINDS[kind].type:
        some = [None, *values, None]
        assert _stored(server, kind, native(kind, pa.array(some, KINDS[kind].arrow)), len(some)) == some


def test_null_is_an_empty_list(server: ClickHouseServer) -> None:
    array = from_arrow("uints", pa.array([None, [1, 2], None, [3]], pa.list_(pa.uint64())))
    assert _stored(server, "uints", native("uints", array), 4) == [[], [1, 2], [], [3]]


def test_what_lies_under_a_null_does_not_travel(server: ClickHouseServer) -> None:
    ends, mask = pa.py_buffer(b"".join(end.to_bytes(4, "little") for end in range(0, 202, 2))), b"\xfe" + b"\xff" * 12
    array = pa.Array.from_buffers(pa.binary(), 100, [pa.py_buffer(mask), ends, pa.py_buffer(b"ab" * 100)])
    assert _stored(server, "text", native("text", array), 100) == [None] + [b"ab"] * 99


@pytest.mark.parametrize("words", [1, 40, 255, 256, 257, 65_535, 65_536, 65_537])
def test_words_of_a_dictionary_arrive(server: ClickHouseServer, words: int) -> None:
    texts = [*_TEXTS, *(f"word {number}".encode() for number in range(words))][-words:]
    codes = [number % words for number in range(max(words, 50))]
    plain = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(texts, pa.binary()))
    assert _stored(server, "text", native("text", plain), len(codes)) == [texts[code] for code in codes]
    some = pa.DictionaryArray.from_arrays(pa.array([None, *codes, None], pa.int32()), pa.array(texts, pa.binary()))
    found = _stored(server, "text", native("text", some), len(codes) + 2)
    assert found == [None, *(texts[code] for code in codes), None]


def test_columns_of_several_records_are_one(server: ClickHouseServer) -> None:
    first = from_arrow("text", pa.array(["a", "b", None] * 20).dictionary_encode())
    second = from_arrow("text", pa.array(["b", "c", ""] * 20).dictionary_encode())
    plain = from_arrow("text", pa.array(["d", None]))
    parts = [(first, 60), (None, 2), (constant("text", b"topic", 3), 3), (second, 60)]
    wanted = [b"a", b"b", None] * 20 + [None] * 2 + [b"topic"] * 3 + [b"b", b"c", b""] * 20
    assert _stored(server, "text", native("text", concatenate("text", parts)), 125) == wanted
    parts.append((plain, 2))
    assert _stored(server, "text", native("text", concatenate("text", parts)), 127) == [*wanted, b"d", None]


def test_no_rows_are_no_block(server: ClickHouseServer) -> None:
    for kind in KINDS:
        assert _stored(server, kind, native(kind, pa.array([], KINDS[kind].arrow)), 0) == []


def test_a_null_word_is_null(server: ClickHouseServer) -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 40, pa.int8()), pa.array(["a", None]))
    assert _stored(server, "text", native("text", from_arrow("text", array)), 80) == [b"a", None] * 40


def test_other_types_are_refused() -> None:
    for kind, array in (("int", pa.array(["1"])), ("hash", pa.array([b"1"])), ("uints", pa.array([1]))):
        with pytest.raises(TypeError, match="values, found"):
            from_arrow(kind, array)


def test_booleans_and_numbers_of_other_widths_are_taken() -> None:
    assert from_arrow("flag", pa.array([2, 0, None], pa.int64())).to_pylist() == [1, 0, None]
    assert from_arrow("flag", pa.array([True, None])).to_pylist() == [1, None]
    assert from_arrow("int", pa.array([1, -2], pa.int8())).to_pylist() == [1, -2]
