"""Facts blocks: the columns every one has, and blocks cut from a larger table. See docs/architecture.md."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.event_identity import HASH_BYTES

KIND = "facts"

#: Dictionaries up to this many words are sent as they are, used or not.
_SMALL_DICTIONARY = 32

_TEXT = pa.dictionary(pa.int32(), pa.string())
_COLUMNS = pa.schema([
    ("offset", pa.int64()), ("event_hash", pa.binary(HASH_BYTES)), ("source", _TEXT), ("id", pa.string()),
    ("type", _TEXT), ("time", pa.int64()), ("subject", pa.string()), ("employee", _TEXT),
])

#: A block without rows, which still carries what its metadata tells.
NO_FACTS = pa.RecordBatch.from_arrays([pa.array([], column.type) for column in _COLUMNS], schema=_COLUMNS)


class FactsSource(NamedTuple):
    """What a block holds of one source partition: ``rows`` rows, behind those of the sources named ahead of it, of the
    records ``first`` to ``last``. ``rejected``: [offset, reason] of dead letters; ``gaps``: [offset of the next record,
    how many are missing ahead of it].
    """

    topic: str
    partition: int
    first: int
    last: int
    rows: int
    rejected: Sequence[list] = ()
    gaps: Sequence[list] = ()


def meta_of(sources: Sequence[FactsSource]) -> dict:
    """The metadata of a block; lists that are empty are left out."""
    return {"sources": [{name: value for name, value in one._asdict().items() if value != ()} for one in sources]}


def sources_of(meta: dict, rows: int) -> list[FactsSource]:
    """From the metadata of a block of ``rows`` rows; older blocks are of one source. Raises TypeError or ValueError on
    anything else.
    """
    if "sources" not in meta:
        return [FactsSource(**{"rejected": (), "gaps": ()} | meta, rows=rows)]
    found = [FactsSource(**one) for one in meta["sources"]]
    if (told := sum(one.rows for one in found)) != rows or any(one.rows < 0 for one in found):
        raise ValueError(f"its sources tell of {told} rows, it has {rows}")
    return found


def facts_slice(rows: pa.RecordBatch, offsets: np.ndarray, start: int, end: int) -> pa.RecordBatch:
    """Rows ``start`` to ``end`` with their source offsets; no column without a value, few unused words."""
    columns = {"offset": pa.array(offsets[start:end])}
    for name, column in zip(rows.schema.names, rows.slice(start, end - start).columns, strict=True):
        if pa.types.is_dictionary(column.type) and len(column.dictionary) > _SMALL_DICTIONARY:
            column = _compact(column)
        if column.null_count < end - start:
            columns[name] = column
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _compact(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same values over a dictionary of only those that occur."""
    words = len(column.dictionary)
    if words > 2 * len(column):  # few of many words: cheaper by row than by word
        return column.dictionary_decode().dictionary_encode()
    codes = column.indices.fill_null(-1).to_numpy() if column.null_count else column.indices.to_numpy()
    occurs = np.zeros(words + 1, bool)
    occurs[codes] = True  # the last place takes the nulls' -1
    occurs = occurs[:words]
    if occurs.all():
        return column
    renumbered = np.append(np.cumsum(occurs, dtype=np.int32) - 1, -1).astype(np.int32)[codes]
    dictionary = column.dictionary.filter(pa.array(occurs))
    indices = pa.array(renumbered, mask=renumbered < 0) if column.null_count else pa.array(renumbered)
    return pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)
