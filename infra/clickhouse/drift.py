"""A streamed value that differs from its recomputation, and the cell of an adjustment that sets it right. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.control import CellAdjusted, CellValue
from schemas.money import to_fixed
from schemas.plan import Kpi
from schemas.plan_units import UNIT_KINDS
from streams.performance.calendar import day_of

DAY, PERIOD, UNIT = "day", "period", "unit"
_EXTREMES = ("min", "max")


@dataclass(frozen=True)
class Drift:
    """``row``: columns of the query of its level, in infra/clickhouse/reconcile_sql.py."""

    kpi: Kpi
    level: str
    row: dict

    @property
    def entity(self) -> str:
        """Whose value it is."""
        return f"{self.row['unit_kind']}:{self.row['unit']}" if self.level == UNIT else self.row["employee"]

    @property
    def period(self) -> str:
        """Of which day or period."""
        return str(self.row["day"]) if self.level == DAY else self.row["period"]

    @property
    def difference(self) -> Decimal:
        """Streamed less recomputed numerator, in the KPI's unit; where these agree, of the denominators."""
        row = self.row
        if self.level != DAY:
            return row["numerator"] - row["expected_numerator"]
        return (
            row["found_numerator"] - row["expected_numerator"]
            or row["found_denominator"] - row["expected_denominator"]
        )

    def cell(self) -> CellAdjusted:
        """Of a day: what sets it right."""
        row = self.row
        return CellAdjusted(
            kpi=self.kpi.id,
            employee=row["employee"],
            team=row["team"],
            department=row["department"],
            day=day_of(row["day"]),
            found=cell_value(self.kpi, row, "found_"),
            should=cell_value(self.kpi, row, "expected_"),
        )


def cell_value(kpi: Kpi, row: dict, prefix: str = "") -> CellValue:
    """A cell from columns of kpi_days."""
    own = tuple(to_fixed(row[f"{prefix}{part}"]) for part in ("numerator", "denominator"))
    units = tuple(
        own if kpi.aggregate in _EXTREMES
        else tuple(to_fixed(row[f"{prefix}{unit}_{part}"]) for part in ("numerator", "denominator"))
        for unit in UNIT_KINDS
    )
    return CellValue(numerator=own[0], denominator=own[1], units=units, members=tuple(row[f"{prefix}members"]))
