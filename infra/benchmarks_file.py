"""Benchmarks of an industry, as a CSV file with the columns kpi, value, source."""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

from streams.target_suggestions import Suggestion

_COLUMNS = ("kpi", "value", "source")


def read_benchmarks(path: Path, known: set[str]) -> dict[str, list[Suggestion]]:
    """Benchmarks by KPI; ValueError with file and line where something is wrong."""
    found: dict[str, list[Suggestion]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != _COLUMNS:
            raise ValueError(f"{path}:1: expected the columns {','.join(_COLUMNS)}")
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if row["kpi"] not in known:
                raise ValueError(f"{where}: no such KPI: {row['kpi']}")
            if not row["source"]:
                raise ValueError(f"{where}: a benchmark needs a source")
            try:
                value = Decimal(row["value"] or "")
            except InvalidOperation as error:
                raise ValueError(f"{where}: expected a number, not {row['value']!r}") from error
            if not value.is_finite():
                raise ValueError(f"{where}: expected a number, not {row['value']!r}")
            found.setdefault(row["kpi"], []).append(Suggestion("benchmark", Fraction(value), row["source"]))
    return found
