"""All periods of a plan that are listed rather than computed: its own calendars and the fiscal one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from schemas.plan import CustomPeriod, Plan
from schemas.plan_fiscal import FISCAL_KINDS, Fiscal

#: Fiscal years that begin in these calendar years are known.
_YEARS = range(1969, 2111)

_Calendars = dict[str, tuple[CustomPeriod, ...]]


def calendars_of(plan: Plan) -> _Calendars:
    """The periods of every listed kind, in order of time."""
    return plan.calendars if plan.fiscal is None else {**plan.calendars, **fiscal_periods(plan.fiscal)}


@lru_cache(maxsize=8)
def fiscal_periods(fiscal: Fiscal) -> _Calendars:
    """The periods of the fiscal kinds."""
    starts: dict[str, list[tuple[str, date]]] = {kind: [] for kind in FISCAL_KINDS}
    for begun in _YEARS:
        year = begun + (fiscal.named == "end" and fiscal.year_start > 1)
        for number, start in enumerate(_month_starts(fiscal, begun)):
            starts["fiscal_month"].append((f"{year:04d}-F{number + 1:02d}", start))
            if number % 3 == 0:
                starts["fiscal_quarter"].append((f"{year:04d}-FQ{number // 3 + 1}", start))
            if number == 0:
                starts["fiscal_year"].append((f"FY{year:04d}", start))
    after = next(_month_starts(fiscal, _YEARS.stop))
    return {kind: tuple(_periods(listed, after)) for kind, listed in starts.items()}


def _periods(listed: list[tuple[str, date]], after: date) -> Iterator[CustomPeriod]:
    ends = [start for _, start in listed[1:]] + [after]
    for (key, start), end in zip(listed, ends, strict=True):
        yield CustomPeriod(key=key, start=start, end=end)


def _month_starts(fiscal: Fiscal, begun: int) -> Iterator[date]:
    """First days of the twelve months of the year that begins in the calendar year ``begun``."""
    first = date(begun, fiscal.year_start, 1)
    if fiscal.weeks is None:
        months = range(fiscal.year_start - 1, fiscal.year_start + 11)
        yield from (date(begun + month // 12, month % 12 + 1, 1) for month in months)
        return
    monday = first + timedelta(3 - (first.weekday() + 3) % 7)
    lengths = [int(weeks) for weeks in fiscal.weeks.split("-")] * 4
    yield from (monday + timedelta(weeks=weeks) for weeks in accumulate(lengths[:-1], initial=0))
