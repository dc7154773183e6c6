"""AdventureWorks attainment and commission per person and quarter as plain SQL over the published files.

Everything is a whole number of ten-thousandths: SQLite's integers are exact. Money is rounded half-up once, to cents.
"""

from __future__ import annotations

import csv
import sqlite3
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

#: The published quota dates lie this many days after the scale of the order dates.
SHIFT = timedelta(days=4017)

#: Tier bounds in percent of the quota, and rates in hundredths of a percent: the tiers that the mapping ships.
TIERS = ((0, 50), (80, 100), (100, 200), (120, 300))

_SCHEMA = """
CREATE TABLE orders (person TEXT, day TEXT, amount INTEGER);
CREATE TABLE quotas (person TEXT, start TEXT, quota INTEGER);
CREATE TABLE tiers (bound INTEGER, upper INTEGER, rate INTEGER);
"""

_SOLD = """
CREATE TABLE quarters AS
SELECT start, lead(start, 1, '9999-12-31') OVER (ORDER BY start) AS following FROM (SELECT DISTINCT start FROM quotas);
CREATE TABLE sold AS
SELECT q.person, q.start, q.quota, sum(o.amount) AS value
FROM quotas AS q
JOIN quarters AS k ON k.start = q.start
JOIN orders AS o ON o.person = q.person AND o.day >= k.start AND o.day < k.following
GROUP BY q.person, q.start, q.quota
"""

# attainment: ten-thousandths, half-up; money: amount (1/10,000) × percent bound (1/100) × rate (1/10,000), to cents
_MARGINAL = """
SELECT s.person, s.start, s.value, s.quota, (2 * s.value * 10000 + s.quota) / (2 * s.quota) AS attainment,
    (2 * sum(t.rate * max(0, min(s.value * 100, t.upper * s.quota) - t.bound * s.quota)) + 100000000) / 200000000 * 100
FROM sold AS s CROSS JOIN tiers AS t
GROUP BY s.person, s.start
"""
_SLAB = """
SELECT s.person, s.start, s.value, s.quota, (2 * s.value * 10000 + s.quota) / (2 * s.quota) AS attainment,
    (2 * max(t.rate) * s.value + 1000000) / 2000000 * 100
FROM sold AS s JOIN tiers AS t ON s.value * 100 >= t.bound * s.quota
GROUP BY s.person, s.start
"""


def quarters_by_sql(folder: Path, pays: str) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """(employee, first day of the quarter) → value, quota, attainment, commission in ten-thousandths."""
    base = sqlite3.connect(":memory:")
    base.executescript(_SCHEMA)
    with (folder / "sales_orders.csv").open(encoding="utf-8-sig") as file:
        base.executemany(
            "INSERT INTO orders VALUES (?, ?, ?)",
            [
                (f"SP{row['SalesPersonID']}", row["OrderDate"][:10], _fixed(row["SubTotal"]))
                for row in csv.DictReader(file)
            ],
        )
    with (folder / "SalesPersonQuotaHistory.csv").open(encoding="utf-8-sig") as file:
        base.executemany(
            "INSERT INTO quotas VALUES (?, ?, ?)",
            [
                (f"SP{row[0]}", (date.fromisoformat(row[1][:10]) - SHIFT).isoformat(), _fixed(row[2]))
                for row in csv.reader(file, delimiter="\t")
            ],
        )
    uppers = [bound for bound, _ in TIERS[1:]] + [10**6]
    base.executemany(
        "INSERT INTO tiers VALUES (?, ?, ?)",
        [(bound, upper, rate) for (bound, rate), upper in zip(TIERS, uppers, strict=True)],
    )
    base.executescript(_SOLD)
    rows = base.execute({"marginal": _MARGINAL, "slab": _SLAB}[pays])
    return {(person, start): tuple(figures) for person, start, *figures in rows}


def _fixed(text: str) -> int:
    scaled = Decimal(text) * 10_000
    assert scaled == int(scaled)
    return int(scaled)
