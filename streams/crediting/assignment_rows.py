"""State rows of the assignments: each holds those that a plan added, as columns.

Read one by one, those of 1,000,000 people would take a start seconds.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from schemas.packing import pack, unpack
from streams.organisation import Assignments

#: How the keys begin; behind it the number of the first assignment of the row.
ASSIGNMENTS = "assignments/"


class _Row(msgspec.Struct, array_like=True):
    """Assignments in their order: employees, and of each other column of ``Assignments.COLUMNS`` the distinct words, as
    they appear, and which of them each is (int32, little-endian).
    """

    employees: list[str]
    others: list[tuple[list[str], bytes]]


def encoded(assignments: Assignments, first: int) -> bytes:
    """The row of those from number ``first`` on."""
    employees, *others = assignments.since(first)
    return _encoded(employees, others)


def _encoded(employees: pa.StringArray, others: list[pa.StringArray]) -> bytes:
    coded = [words.dictionary_encode() for words in others]
    parts = [(one.dictionary.to_pylist(), one.indices.to_numpy().tobytes()) for one in coded]
    return pack(msgspec.msgpack.encode(_Row(employees.to_pylist(), parts)))


def decoded(row: bytes) -> list[pa.Array]:
    """The columns of a row, as ``Assignments.with_columns`` takes them."""
    found = msgspec.msgpack.decode(unpack(row), type=_Row)
    others = (
        pa.DictionaryArray.from_arrays(np.frombuffer(codes, np.int32), pa.array(words, pa.string()))
        for words, codes in found.others
    )
    return [pa.array(found.employees, pa.string()), *others]


def by_column(row: bytes) -> bytes:
    """A row of format 4, which had them one by one, as of format 5."""
    found = msgspec.msgpack.decode(unpack(row), type=list[tuple[str, str, str, str, str]])
    employees, *others = (pa.array(column, pa.string()) for column in zip(*found, strict=True))
    return _encoded(employees, others)
