"""The fiscal calendar: a year of the company's own, in months or in weeks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.plan_fields import Model

FISCAL_KINDS = ("fiscal_month", "fiscal_quarter", "fiscal_year")


class Fiscal(Model):
    """Brings the period kinds ``fiscal_month``, ``fiscal_quarter`` and ``fiscal_year``.

    With ``weeks`` a year begins on the Monday nearest to the 1st of its first month, and its quarters have months of
    so many weeks; the 53rd week of a long year belongs to the last month.
    """

    #: Number of the calendar month with which the year begins.
    year_start: Annotated[int, Field(ge=1, le=12)] = 1
    weeks: Literal["4-4-5", "4-5-4", "5-4-4"] | None = None
    #: The calendar year after which a fiscal year is called: the one it begins or the one it ends in.
    named: Literal["start", "end"] = "end"
