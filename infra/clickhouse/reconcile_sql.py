"""The queries of reconcile. One row per thing compared: (differs, description). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infra.clickhouse.kpi_history import Cut
from infra.clickhouse.kpi_sql import Query
from schemas.plan import Kpi
from schemas.plan_units import UNIT_KINDS

_NOT_DEAD = """(topic, partition, offset) NOT IN (
        SELECT topic, partition, offset FROM kpistream.dead_letters FINAL
    )"""

_ABOUT_SALES = "type IN ('refund', 'correction', 'cancellation')"

#: Of events in the currency that they were credited in, and of types that no plan (``capped``) has put a cap on: the
#: facts do not say what a rate or a cap made of the others, nor what a correction changes. Overlays are beside it.
CREDITED_AMOUNTS = f"""
SELECT
    f.expected != c.credited AS differs,
    concat(f.source, ' ', f.id, ': the event says ', toString(f.expected), ', credits sum to ',
        toString(c.credited)) AS description
FROM
(
    SELECT event_hash, source, id, currency,
        if(type = 'refund', -assumeNotNull(amount), assumeNotNull(amount)) AS expected
    FROM kpistream.facts FINAL
    WHERE isNotNull(amount) AND type != 'correction' AND type NOT IN %(capped)s AND {_NOT_DEAD}
) AS f
INNER JOIN
(
    SELECT event_hash, any(currency) AS credited_in, sumIf(ifNull(amount, 0), bitTest(unit_first, 3) = 0) AS credited
    FROM kpistream.credits FINAL
    GROUP BY event_hash
) AS c ON c.event_hash = f.event_hash
WHERE f.currency <=> c.credited_in"""

#: One row: refunds (and what else is about sales) and other events without credits and dead letter, refunds without
#: credits whose first copy is a dead letter (a replayed one may be parked), parked by the outcomes, examples of the
#: others.
UNCREDITED = f"""
SELECT
    countIf({_ABOUT_SALES} AND {_NOT_DEAD}) AS refunds,
    countIf(NOT {_ABOUT_SALES} AND {_NOT_DEAD}) AS others,
    countIf({_ABOUT_SALES} AND NOT {_NOT_DEAD}) AS dead_refunds,
    (SELECT sum(parked) FROM kpistream.outcomes FINAL) AS parked,
    groupArrayIf(10)(concat(source, ' ', id), NOT {_ABOUT_SALES} AND {_NOT_DEAD}) AS examples
FROM kpistream.facts FINAL
WHERE (employee != '' OR isNotNull(splits) OR {_ABOUT_SALES})
    AND event_hash NOT IN (SELECT event_hash FROM kpistream.credits)"""

#: Events that credits or dead letters of crediting speak of must be there. By identity: of an event that came
#: again, as in a replay, facts keeps the first copy only, and the letter may be about another.
MISSING_EVENTS = """
SELECT
    event_hash NOT IN (SELECT event_hash FROM kpistream.facts) AS differs,
    concat(any(source), ' ', any(id), ': credits, but no event') AS description
FROM kpistream.credits
GROUP BY event_hash
UNION ALL
SELECT
    (source, id) NOT IN (SELECT source, id FROM kpistream.facts) AS differs,
    concat(source, ' ', id, ': a dead letter of crediting, but no event') AS description
FROM
(
    SELECT DISTINCT JSONExtractString(raw, 'source') AS source, JSONExtractString(raw, 'id') AS id
    FROM kpistream.dead_letters
    WHERE stage = 'crediting'
)"""

#: One row: events with credits, dead letters; applied, dead-lettered by the outcomes. Whatever is applied has
#: a payee and so credits; a copy of it that came before and was a dead letter changes nothing about that.
COUNTS = """
SELECT
    (SELECT uniqExact(event_hash) FROM kpistream.credits),
    (SELECT count() FROM kpistream.dead_letters FINAL),
    sum(applied), sum(dead_lettered)
FROM kpistream.outcomes FINAL"""

CONSERVATION = """
SELECT
    unaccounted != 0 AS differs,
    concat(topic, ', partition ', toString(partition), ': ', toString(accounted), ' accounted for,',
        ' next offset ', toString(next_offset)) AS description
FROM bi.conservation"""

_PARTS = tuple(
    f"{unit}{part}"
    for unit in ("", *(f"{kind}_" for kind in UNIT_KINDS))
    for part in ("numerator", "denominator")
)
#: What of a cell is compared, by aggregate, where not all parts: a unit's extremes and members are merged by
#: the views.
_COMPARED = {"distinct": ("denominator",), "min": ("denominator",), "max": ("denominator",)}
_CELL = "employee, team, department, day"
_SIDES = ((0, "expected"), (1, "found"))
_EXTREMES = (("low", "min"), ("high", "max"))
#: Columns of days_query beside the cell: each part as the credits say and as it is kept.
DAY_PARTS = tuple(f"{word}_{name}" for _, word in _SIDES for name in (*_PARTS, "members"))


def beyond(column: str, cut: Cut) -> str:
    """Whether a row of a credits partition is newer than the cut, as an expression. Positions are our own."""
    if cut is None:
        return "0"
    partitions, offsets = list(cut), list(cut.values())
    last = f"transform(credits_partition, {partitions}, {offsets}, -1)" if cut else "-1"
    return f"toInt64({column}) > toInt64({last})"


def days_query(kpi: Kpi, definitions: Sequence[Query], cut: Cut = None) -> tuple[str, dict[str, object]]:
    """Day cells recomputed from the credits against kpi_days: one row each, with differs, description, the cell and
    DAY_PARTS. A cell that is all zero equals one that is absent; one that is newer than the ``cut`` is left out.
    Cells of nobody's are rollups' own.

    ``definitions``: what kpi_sql made of each definition that the KPI had, over the credits it held for.
    """
    compared = _COMPARED.get(kpi.aggregate, _PARTS)
    sums = [f"sumIf({name}, side = {side}) AS {word}_{name}" for name in _PARTS for side, word in _SIDES]
    extremes = [
        f"{pick}If({name}, side = {side}) AS {word}_{name}" for name, pick in _EXTREMES for side, word in _SIDES
    ]
    members = [
        f"arraySort(groupUniqArrayArrayIf(members, side = {side})) AS {word}_members" for side, word in _SIDES
    ]
    differing = [f"expected_{name} != found_{name}" for name in (*compared, "members")]
    differing += [f"NOT (expected_{name} <=> found_{name})" for name, _ in _EXTREMES]
    told = [
        f"if(expected_{name} <=> found_{name}, '', concat(' {name} ', ifNull(toString(expected_{name}), 'none'), "
        f"' by the credits, ', ifNull(toString(found_{name}), 'none'), ' kept;'))"
        for name in (*compared, *(name for name, _ in _EXTREMES))
    ]
    expected = [
        f"""SELECT 0 AS side, {_CELL}, {", ".join(_PARTS)}, CAST(low AS Nullable(Decimal(18, 4))) AS low,
            CAST(high AS Nullable(Decimal(18, 4))) AS high, CAST(members AS Array(UInt64)) AS members, 0 AS newer
        FROM ({definition.text}
        )
        UNION ALL"""
        for definition in definitions
    ]
    text = f"""
SELECT
    {" OR ".join(differing)} AS differs,
    concat(employee, ' ', team, ' ', toString(day), ':', {", ".join(told)},
        if(expected_members != found_members, ' other members', '')) AS description,
    {_CELL}, {", ".join(DAY_PARTS)}
FROM
(
    SELECT
        {_CELL},
        {", ".join([*sums, *extremes, *members])}
    FROM
    (
        {" ".join(expected)}
        SELECT 1 AS side, {_CELL}, {", ".join(_PARTS)}, low, high, members, {beyond("version", cut)} AS newer
        FROM kpistream.kpi_days FINAL
        WHERE kpi = %(kpi)s AND employee != ''
    )
    GROUP BY {_CELL}
    HAVING max(newer) = 0
)"""
    parameters: dict[str, object] = {"kpi": kpi.id}
    for definition in definitions:
        parameters |= definition.parameters
    return text, parameters


#: Numerator of a period from its days, by aggregate; the others are sums.
_OVER_DAYS = {
    "min": "minIf(d.numerator, d.denominator > 0)",
    "max": "maxIf(d.numerator, d.denominator > 0)",
    "distinct": "toDecimal128(uniqExactArray(d.members), 4)",
}
_LATEST = "if(startsWith(period_kind, 'rolling_'), '', period)"


def periods_query(kpi: Kpi, kinds: Sequence[str], cut: Cut = None) -> tuple[str, dict[str, object]]:
    """Published periods of ``kinds`` against the sum of their days. Of rolling windows only the one published
    last is kept up. Beside differs and description: employee, period_kind, period, and a day of the KPI in it.
    """
    text = f"""
SELECT
    expected_numerator != numerator OR expected_denominator != denominator AS differs,
    concat(employee, ' ', period_kind, ' ', period, ': ', toString(expected_numerator), ' / ',
        toString(expected_denominator), ' by its days, ', toString(numerator), ' / ',
        toString(denominator), ' kept') AS description,
    employee, period_kind, period, first_day, last_day, numerator, expected_numerator
FROM
(
    SELECT
        p.employee AS employee, p.period_kind AS period_kind, p.period AS period, p.numerator AS numerator,
        p.denominator AS denominator, p.first_day AS first_day, p.last_day AS last_day,
        {_OVER_DAYS.get(kpi.aggregate, "sum(d.numerator)")} AS expected_numerator,
        sum(d.denominator) AS expected_denominator
    FROM
    (
        SELECT employee, period_kind, period, first_day, last_day, numerator, denominator,
            {beyond("version", cut)} AS newer
        FROM kpistream.kpi_periods FINAL
        WHERE kpi = %(kpi)s AND period_kind IN %(kinds)s
        ORDER BY version DESC, last_day DESC
        LIMIT 1 BY employee, period_kind, {_LATEST}
    ) AS p
    LEFT JOIN
    (
        SELECT employee, day, numerator, denominator, members, {beyond("version", cut)} AS newer
        FROM kpistream.kpi_days FINAL
        WHERE kpi = %(kpi)s
    ) AS d ON d.employee = p.employee AND d.day >= p.first_day AND d.day <= p.last_day
    GROUP BY employee, period_kind, period, numerator, denominator, first_day, last_day
    HAVING max(p.newer) = 0 AND max(d.newer) = 0
)"""
    return text, {"kpi": kpi.id, "kinds": tuple(kinds)}


def units_query(
    kpi: Kpi, kinds: Sequence[str], company: str, cut: Cut = None, updates: int | None = None
) -> tuple[str, dict[str, object]]:
    """Published periods of teams, departments and the company against the sum of their days, as periods_query;
    ``unit_kind`` and ``unit`` in place of the employee. ``updates``: the end of kpi-updates at the cut.
    """
    newer = "0" if updates is None else f"version >= {updates}"
    cells = " UNION ALL ".join(
        f"""SELECT '{unit}' AS unit_kind, {name} AS unit, day, numerator AS own, denominator AS own_denominator,
            {unit}_numerator AS part, {unit}_denominator AS below, members,
            if(employee = '', {newer}, {beyond("version", cut)}) AS newer
        FROM kpistream.kpi_days FINAL
        WHERE kpi = %(kpi)s AND team != ''"""
        for unit, name in (("team", "team"), ("department", "department"), ("company", "%(company)s"))
    )
    over_days = {
        "min": "minIf(d.own, d.own_denominator > 0)",
        "max": "maxIf(d.own, d.own_denominator > 0)",
        "distinct": "toDecimal128(uniqExactArray(d.members), 4)",
    }
    text = f"""
SELECT
    expected_numerator != numerator OR expected_denominator != denominator AS differs,
    concat(unit_kind, ' ', unit, ' ', period_kind, ' ', period, ': ', toString(expected_numerator), ' / ',
        toString(expected_denominator), ' by its days, ', toString(numerator), ' / ',
        toString(denominator), ' kept') AS description,
    unit_kind, unit, period_kind, period, first_day, last_day, numerator, expected_numerator
FROM
(
    SELECT
        p.unit_kind AS unit_kind, p.unit AS unit, p.period_kind AS period_kind, p.period AS period,
        p.numerator AS numerator, p.denominator AS denominator, p.first_day AS first_day, p.last_day AS last_day,
        {over_days.get(kpi.aggregate, "sum(d.part)")} AS expected_numerator,
        sum(d.below) AS expected_denominator
    FROM
    (
        SELECT unit_kind, unit, period_kind, period, first_day, last_day, numerator, denominator, {newer} AS newer
        FROM kpistream.unit_periods FINAL
        WHERE kpi = %(kpi)s AND period_kind IN %(kinds)s AND unit_kind != 'manager'
        ORDER BY version DESC, last_day DESC
        LIMIT 1 BY unit_kind, unit, period_kind, {_LATEST}
    ) AS p
    LEFT JOIN ({cells}) AS d
        ON d.unit_kind = p.unit_kind AND d.unit = p.unit AND d.day >= p.first_day AND d.day <= p.last_day
    GROUP BY unit_kind, unit, period_kind, period, numerator, denominator, first_day, last_day
    HAVING max(p.newer) = 0 AND max(d.newer) = 0
)"""
    return text, {"kpi": kpi.id, "kinds": tuple(kinds), "company": company}
