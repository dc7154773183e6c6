"""Sorted credits → one credits block per target partition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from runtime.records import Out
from schemas.blocks import encode_block, kind_header
from schemas.money import WHOLE
from schemas.topics import CREDITS
from streams.crediting.credits import ALWAYS, Credits
from streams.crediting.in_order import RefundCredits
from streams.crediting.profiles import inherited
from streams.crediting.segments import Segment
from streams.crediting.splits import OVERLAY
from streams.organisation import Assignments

KIND = "credits"
_HEADERS = kind_header(KIND)
#: A block above this is cut, where it covers more than one facts record; brokers refuse records that are too
#: large.
MAX_BYTES = 4_000_000
#: It gives sales to others, which nobody need share.
_RENAMES = "correction"
#: Dictionaries up to this many strings are sent as they are, used or not.
_SMALL_DICTIONARY = 32
#: Up to so many credits texts are looked at one by one; of more their codes are.
_FEW = 2_000


def credit_blocks(
    segment: Segment,
    table: pa.Table,
    credits: Credits,
    refunds: RefundCredits,
    assignments: Assignments,
    facts_partition: int,
    limited: frozenset[str],
) -> list[Out]:
    """Blocks of ``credits`` (sorted by target, position, payee); ``table`` holds the rows that ``data``
    points at, ``refunds`` those that ``refund`` does. ``limited``: types that a limit on the same customer is on.
    """
    if not len(credits):
        return []
    rows = _columns(segment, table, credits, refunds, assignments) | _organisation(credits.assignment, assignments)
    rows |= _about_sales(credits, refunds) | _limited(rows["type"], credits, limited)
    targets = assignments.partition[credits.assignment]
    starts = np.flatnonzero(np.concatenate([[True], targets[1:] != targets[:-1]]))
    ends = np.append(starts[1:], len(targets))
    whole = pa.RecordBatch.from_pydict(rows)
    # each target gets its own strings of large dictionaries, and only the fields that it has; all else is cut in one go
    own = {name: _by_target(column, starts, ends) for name, column in rows.items() if _large(column)}
    optional = [name for name, column in rows.items() if column.null_count]
    outs = []
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        block = whole.slice(start, end - start)
        for name, parts in own.items():
            block = block.set_column(block.schema.get_field_index(name), name, parts[number])
        absent = [name for name in optional if block.column(name).null_count == end - start]
        block = block.drop_columns(absent) if absent else block
        for value in _encode(block, segment.first, segment.last, facts_partition):
            outs.append(Out(CREDITS.name, value, partition=int(targets[start]), headers=_HEADERS))
    return outs


def _columns(
    segment: Segment, table: pa.Table, credits: Credits, refunds: RefundCredits, assignments: Assignments
) -> dict[str, pa.Array]:
    """Every column but those of the organisation, in order."""
    fields = [name for name in table.schema.names if name.startswith("data.")]
    taken = table.select(["event_hash", "source", "id", "type", "time", *fields])
    if not np.array_equal(credits.data, np.arange(table.num_rows)):  # most often every row is a credit
        taken = taken.take(pa.array(credits.data))
    taken = {
        name: column.combine_chunks() for name, column in zip(taken.schema.names, taken.columns, strict=True)
    }
    rows = {
        "offset": pa.array(segment.offset[credits.at]),
        "index": pa.array(segment.index[credits.at]),
        "payee": pa.array(credits.payee),
        "time": taken["time"],
        "event_time": taken.pop("time"),
        "share": pa.array(credits.ppm),
        "unit_first": pa.array(credits.first),
        **taken,
    }
    if credits.refund is not None:
        rows |= _of_sales(rows, credits, refunds)
    if credits.own.any():
        rows["time"] = pa.array(credits.time)
    always = credits.own == ALWAYS
    if "data.currency" in rows or always.any():
        rows["data.currency"] = _credited_in(rows.get("data.currency"), always, credits.assignment, assignments)
    if always.any() or (credits.own.any() and "data.amount" in rows):
        rows["data.amount"] = pa.array(credits.amount, mask=_missing(rows.get("data.amount"), always))
    return rows


def _of_sales(rows: dict[str, pa.Array], credits: Credits, refunds: RefundCredits) -> dict[str, pa.Array]:
    """Fields that credits have from the sale that they are about, as whole columns."""
    places = np.flatnonzero(credits.refund >= 0)
    known = [refunds.known[number] for number in credits.refund[places].tolist()]
    columns = {}
    for name in sorted({name for one in known for name in one}):
        column = rows.get(f"data.{name}")
        own = [None] * len(places) if column is None else column.take(pa.array(places)).to_pylist()
        now = inherited(own, [one.get(name) for one in known])
        if now != own:
            columns[f"data.{name}"] = _with_texts(column, len(credits), places, now)
    return columns


def _with_texts(
    column: pa.DictionaryArray | None, rows: int, places: np.ndarray, values: list[str | None]
) -> pa.DictionaryArray:
    """``column`` (None: nothing in any of so many rows) with ``values`` at ``places``."""
    words = sorted({value for value in values if value is not None})
    codes, dictionary = np.full(rows, -1, np.int32), pa.array(words, pa.string())
    if column is not None:
        codes = np.array(column.indices.fill_null(-1), np.int32)
        dictionary = pa.concat_arrays([column.dictionary, dictionary])
    first = len(dictionary) - len(words)
    code_of = {None: -1} | {word: first + number for number, word in enumerate(words)}
    codes[places] = [code_of[value] for value in values]
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), dictionary)


def _about_sales(credits: Credits, refunds: RefundCredits) -> dict[str, pa.Array]:
    """What credits say of the sale that they are about."""
    if credits.refund is None:
        return {}
    places = pa.array(credits.refund, mask=credits.refund < 0)
    values = {
        "sale_amount": pa.array(refunds.sold, pa.int64()),
        "sale_now": pa.array(refunds.now, pa.int64()),
        "sale_before": pa.array(refunds.before, pa.int64()),
        "sale_had": pa.array(refunds.had, pa.int64()),
        "moved": pa.array(refunds.moved, pa.int8()),
        "sale_time": pa.array(refunds.sold_at, pa.int64()),
    }
    return {name: column.take(places) for name, column in values.items() if column.null_count < len(column)}


def _limited(types: pa.DictionaryArray, credits: Credits, limited: frozenset[str]) -> dict[str, pa.Array]:
    """Of what several may share, whether a limit is on it: all of its people are then treated alike, wherever the plan
    has come to by then.
    """
    names, codes = np.array(types.dictionary.to_pylist(), object), types.indices.to_numpy()
    shared = (credits.ppm < WHOLE) & (credits.first & OVERLAY == 0)
    if _RENAMES in names:
        shared |= (names == _RENAMES)[codes]
    if not shared.any():
        return {}
    return {"limited": pa.array(np.isin(names, sorted(limited))[codes], mask=~shared)}


def _credited_in(
    column: pa.DictionaryArray | None, always: np.ndarray, assignment: np.ndarray, assignments: Assignments
) -> pa.Array:
    """The currency that a credit is in: the plan's when the event, or a refund's sale, was credited."""
    names = assignments.names["currency"]
    same = column is not None and len(column.dictionary) == 1 and column.dictionary.equals(names)
    if same and not (column.null_count and always.any()):
        return column
    codes = pa.array(assignments.columns["currency"][assignment], mask=_missing(column, always))
    return pa.DictionaryArray.from_arrays(codes, names)


def _missing(column: pa.Array | None, always: np.ndarray) -> np.ndarray | None:
    """Bool per credit: its event has no such field, and it is not ``always`` given; None where nothing is missing."""
    if column is None:
        return ~always
    return column.is_null().to_numpy(zero_copy_only=False) & ~always if column.null_count else None


def _organisation(assignment: np.ndarray, assignments: Assignments) -> dict[str, pa.Array]:
    return {
        name: pa.DictionaryArray.from_arrays(
            pa.array(assignments.columns[name].take(assignment)), assignments.names[name]
        )
        for name in Assignments.PLACE
    }


def _large(column: pa.Array) -> bool:
    return pa.types.is_dictionary(column.type) and len(column.dictionary) > _SMALL_DICTIONARY


def _by_target(column: pa.DictionaryArray, starts: np.ndarray, ends: np.ndarray) -> list[pa.DictionaryArray]:
    """The column's parts from ``starts`` to before ``ends``, each with only the strings in use there."""
    if len(column) < _FEW:
        texts, lengths = column.dictionary.take(column.indices), ends - starts
        return [texts.slice(*at).dictionary_encode() for at in zip(starts.tolist(), lengths.tolist(), strict=True)]
    valid = column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None
    codes = (column.indices.fill_null(0) if column.null_count else column.indices).to_numpy()
    words = len(column.dictionary)
    keys = np.repeat(np.arange(len(starts)) * words, ends - starts) + codes
    used = keys if valid is None else keys[valid]
    if len(used) * 8 < len(starts) * words:
        # with the inverse, asked for or not: without it numpy fills a hash set, several times as slow as sorting
        distinct, renumbered = np.unique(used, return_inverse=True)
        if valid is not None:
            renumbered = np.searchsorted(distinct, keys)
    else:
        marked = np.zeros(len(starts) * words, bool)
        marked[used] = True
        distinct = np.flatnonzero(marked)
        renumbered = (np.cumsum(marked) - 1)[keys]
    strings = column.dictionary.take(pa.array(distinct % words))
    firsts = np.searchsorted(distinct, np.arange(len(starts) + 1) * words).tolist()
    renumbered = renumbered.astype(np.int32)
    parts = []
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        first, after = firsts[number : number + 2]
        missing = None if valid is None else ~valid[start:end]
        indices = pa.array(renumbered[start:end] - np.int32(first), mask=missing)
        dictionary = strings.slice(first, after - first)
        parts.append(pa.DictionaryArray.from_arrays(indices, dictionary, safe=False))
    return parts


def _encode(block: pa.RecordBatch, first: int, last: int, facts_partition: int) -> Iterator[bytes]:
    """One block or, above MAX_BYTES, several that each cover facts records ``first`` to ``last`` of their
    own: a reader's high-water mark is ``last``, so a facts record must never be cut in two.
    """
    value = encode_block(block, {"partition": facts_partition, "first": first, "last": last})
    offsets = block.column("offset").to_numpy()
    if len(value) <= MAX_BYTES or offsets[0] == offsets[-1]:
        yield value
        return
    middle = int(np.searchsorted(offsets, offsets[len(offsets) // 2]))
    middle = middle or int(np.searchsorted(offsets, offsets[0], "right"))
    boundary = int(offsets[middle])
    yield from _encode(block.slice(0, middle), first, boundary - 1, facts_partition)
    yield from _encode(block.slice(middle), boundary, last, facts_partition)
