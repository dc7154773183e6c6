"""What of a sale's fields is kept for what comes about it later: the values that filters of the plan tell apart.

A profile is one number. Each plan has a range of them, one for every combination of values that its filters name, or of
none of these; so a number depends on the sale and on the plans applied before it alone, and the memory needs no table
of combinations.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from schemas.event_fields import BUILT_IN, FOLLOWING
from schemas.plan import Plan
from schemas.plan_spiff import Spiff
from streams.crediting.segments import Segment

#: Nothing is known of the sale's fields.
UNKNOWN = -1
#: Texts that a sale and all that is about one may have. A customer or channel of another event type is another thing.
_FIELDS = tuple(
    name
    for name, kind in BUILT_IN["sale"].items()
    if kind == "string" and name != "currency" and all(name in BUILT_IN[one] for one in FOLLOWING)
)
#: Fields are left out from where their combinations would become more.
_MOST = 1 << 24


class Named(NamedTuple):
    """The values that a plan's filters name, by field; ``first``: the number of its first profile."""

    first: int
    values: dict[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """How many profiles there are."""
        return int(np.prod([len(words) + 1 for words in self.values.values()], dtype=np.int64))


class Profiles:
    """The ranges of all plans that were applied, in their order."""

    def __init__(self) -> None:
        self.all: list[Named] = []

    def of(self, plan: Plan) -> Named:
        """The range of ``plan``, that of an earlier one whose filters name the same."""
        values = named_values(plan)
        for known in self.all:
            if known.values == values:
                return known
        last = self.all[-1] if self.all else Named(0, {})
        self.all.append(Named(last.first + last.size, values))
        return self.all[-1]

    def known(self, profile: int) -> dict[str, tuple[str | None, tuple[str, ...]]]:
        """By field what the sale had, None for a value that no filter named, and the values that some did."""
        if profile == UNKNOWN:
            return {}
        named = self.all[bisect_right(self.all, profile, key=lambda one: one.first) - 1]
        rest, found = profile - named.first, {}
        for name, words in named.values.items():
            rest, digit = divmod(rest, len(words) + 1)
            found[name] = (words[digit - 1] if digit else None, words)
        return found


def named_values(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The values of a sale's fields that filters of KPIs and SPIFFs name, by field."""
    filters = [kpi.where for kpi in plan.kpis] + [rule.where for rule in plan.awards if isinstance(rule, Spiff)]
    filters += [part.where for kpi in plan.kpis for part in (kpi.numerator, kpi.denominator) if part]
    found: dict[str, set[str]] = {}
    for where in filters:
        for name in _FIELDS:
            if name in where:
                wanted = where[name]
                found.setdefault(name, set()).update(map(str, wanted if isinstance(wanted, tuple) else (wanted,)))
    values, size = {}, 1
    for name in sorted(found, key=lambda name: (len(found[name]), name)):
        size *= len(found[name]) + 1
        if size > _MOST:
            break
        values[name] = tuple(sorted(found[name]))
    return values


def profiles_of(segment: Segment, named: Named) -> np.ndarray | None:
    """int32 profile of every row as if it were a sale; None where filters name nothing."""
    if not named.values:
        return None
    found = np.full(len(segment), named.first, np.int64)
    weight = 1
    for name, words in named.values.items():
        if f"data.{name}" in segment.table.schema.names:
            column = segment.table.column(f"data.{name}").chunk(0)
            digit_of = {word: digit for digit, word in enumerate(words, start=1)}
            digits = np.array([*(digit_of.get(word, 0) for word in column.dictionary.to_pylist()), 0], np.int64)
            codes = column.indices.fill_null(-1) if column.indices.null_count else column.indices
            found += weight * digits[codes.to_numpy()]
        weight *= len(words) + 1
    return found.astype(np.int32)


def inherited(own: list[str | None], known: list[tuple[str | None, tuple[str, ...]] | None]) -> list[str | None]:
    """The values of a field for credits that are about sales, given their own and what is known of each sale's.

    The sale decides. Where it had a value that no filter named, an own one stays if no filter names that either.
    """
    return [
        have if sale is None else sale[0] if sale[0] is not None or have in sale[1] else have
        for have, sale in zip(own, known, strict=True)
    ]
