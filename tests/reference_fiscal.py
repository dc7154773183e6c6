"""The naive reference: the fiscal period of a day, found by walking from the beginning of its year."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, partial

from schemas.plan_fiscal import Fiscal


def fiscal_period(fiscal: Fiscal, kind: str, day: date) -> str:
    """The key of the fiscal month, quarter or year in which ``day`` lies."""
    return _periods(fiscal, day)[kind]


@cache
def _periods(fiscal: Fiscal, day: date) -> dict[str, str]:
    begin = partial(_begin, fiscal.year_start, fiscal.weeks is not None)
    begun = max(year for year in range(day.year - 1, day.year + 2) if begin(year) <= day)
    name = begun if fiscal.named == "start" or fiscal.year_start == 1 else begun + 1
    if fiscal.weeks is None:
        month = (day.month - fiscal.year_start) % 12 + 1
    else:
        week = (day - begin(begun)).days // 7 + 1
        lengths, month = [int(digit) for digit in fiscal.weeks[::2]], 1
        while month < 12 and week > lengths[(month - 1) % 3]:
            week -= lengths[(month - 1) % 3]
            month += 1
    quarter = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2, 7: 3, 8: 3, 9: 3}.get(month, 4)
    month_key, quarter_key = f"{name}-F{month:02d}", f"{name}-FQ{quarter}"
    return {"fiscal_month": month_key, "fiscal_quarter": quarter_key, "fiscal_year": f"FY{name}"}


@cache
def _begin(month: int, by_weeks: bool, year: int) -> date:
    first = date(year, month, 1)
    if not by_weeks:
        return first
    near = [first + timedelta(days) for days in range(-3, 4)]
    return next(day for day in near if day.isoweekday() == 1)
