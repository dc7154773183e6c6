"""The order in which values were published, from ClickHouse: as much of it as some credits need."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from schemas.control import PartitionClosed, PeriodClosed
from streams.explain.moments import Published, Timeline
from streams.rollups.alignment import Update

#: Of what was published only what went further than all before it.
_DAYS = """
SELECT credits_partition, credits_offset, updates_offset FROM
(
    SELECT credits_partition, credits_offset, updates_offset, min(updates_offset) OVER (
        PARTITION BY credits_partition ORDER BY credits_offset ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    ) AS earliest
    FROM kpistream.updates FINAL WHERE kind = 'days'
) WHERE updates_offset = earliest"""
#: For each credit, plan and adjustment the update that brought it.
_BRINGING = """
SELECT DISTINCT u.credits_partition AS credits_partition, u.credits_offset AS credits_offset,
    u.updates_offset AS updates_offset
FROM
(
    SELECT DISTINCT credits_partition, credits_offset FROM kpistream.credits WHERE {where}
    UNION DISTINCT SELECT credits_partition, credits_offset FROM kpistream.plan_positions
    UNION DISTINCT SELECT credits_partition, credits_offset FROM kpistream.adjustments
) AS c
ASOF JOIN ({days}) AS u ON c.credits_partition = u.credits_partition AND c.credits_offset <= u.credits_offset"""
#: Where the log begins for each partition, and whether it begins with the topic.
_KNOWN = """
SELECT count() AS sources, max(first) AS latest, min(first) AS earliest FROM
(
    SELECT min(updates_offset) AS first FROM kpistream.updates FINAL WHERE kind IN ('days', 'plan')
    GROUP BY kind, credits_partition
)"""


def timeline_of(
    rows: Callable[[str, dict], list[dict]], where: str, parameters: dict, causes: Iterable[str] = ()
) -> Timeline:
    """The moments that bring the credits ``where``, and those of ``causes`` (partition:offset), what awards and lines
    name as such; ``rows`` runs a query.
    """
    days = rows(_BRINGING.format(where=where, days=_DAYS), parameters)
    named = [tuple(map(int, cause.split(":"))) for cause in sorted(set(causes))]
    if named:
        days += rows(f"{_DAYS} AND (credits_partition, credits_offset) IN %(named)s", {"named": named})
    controls = rows("SELECT * FROM kpistream.updates FINAL WHERE kind IN ('close', 'plan')", {})
    log = {row["updates_offset"]: _update(row) for row in days}
    log |= {row["updates_offset"]: _control(row) for row in controls}
    (known,) = rows(_KNOWN, {})
    since = 2**63 if not known["sources"] else known["latest"] if known["earliest"] else 0
    return Timeline(itertools.starmap(Published, log.items()), since)


def _update(row: dict) -> Update:
    return Update(row["credits_partition"], row["credits_offset"])


def _control(row: dict) -> PartitionClosed | str:
    if row["kind"] == "plan":
        return row["control_id"]
    close = PeriodClosed(id=row["control_id"], kind=row["period_kind"], period=row["period"])
    place = {"partition": row["credits_partition"], "offset": row["credits_offset"]}
    return PartitionClosed(partitions=row["partitions"], close=close, **place)
