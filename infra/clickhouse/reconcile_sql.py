"""The queries of reconcile. One row per thing compared: (differs, description). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infra.clickhouse.kpi_sql import UNIT_KINDS, Query
from schemas.plan import Kpi

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


def days_query(kpi: Kpi, definitions: Sequence[Query]) -> tuple[str, dict[str, object]]:
    """Day cells recomputed from the credits against kpi_days. A cell that is all zero equals one that is
    absent.

    ``definitions``: what kpi_sql made of each definition that the KPI had, over the credits it held for.
    """
    parts = _COMPARED.get(kpi.aggregate, _PARTS)
    sums = [f"sumIf({name}, side = {side}) AS {word}_{name}" for name in parts for side, word in _SIDES]
    extremes = [
        f"{pick}If({name}, side = {side}) AS {word}_{name}"
        for name, pick in _EXTREMES
        for side, word in _SIDES
    ]
    members = [
        f"arraySort(groupUniqArrayArrayIf(members, side = {side})) AS {word}_members" for side, word in _SIDES
    ]
    differing = [f"expected_{name} != found_{name}" for name in (*parts, "members")]
    differing += [f"NOT (expected_{name} <=> found_{name})" for name, _ in _EXTREMES]
    shown = (*parts, *(name for name, _ in _EXTREMES))
    told = [
        f"if(expected_{name} <=> found_{name}, '', concat(' {name} ', ifNull(toString(expected_{name}), "
        "'none'), "
        f"' by the credits, ', ifNull(toString(found_{name}), 'none'), ' kept;'))"
        for name in shown
    ]
    expected = [
        f"""SELECT 0 AS side, {_CELL}, {", ".join(parts)}, CAST(low AS Nullable(Decimal(18, 4))) AS low,
            CAST(high AS Nullable(Decimal(18, 4))) AS high, CAST(members AS Array(UInt64)) AS members
        FROM ({definition.text}
        )
        UNION ALL"""
        for definition in definitions
    ]
    text = f"""
SELECT
    {" OR ".join(differing)} AS differs,
    concat(employee, ' ', team, ' ', toString(day), ':', {", ".join(told)},
        if(expected_members != found_members, ' other members', '')) AS description
FROM
(
    SELECT
        {_CELL},
        {", ".join([*sums, *extremes, *members])}
    FROM
    (
        {" ".join(expected)}
        SELECT 1 AS side, {_CELL}, {", ".join(parts)}, low, high, members
        FROM kpistream.kpi_days FINAL
        WHERE kpi = %(kpi)s
    )
    GROUP BY {_CELL}
)"""
    parameters: dict[str, object] = {"kpi": kpi.id}
    for definition in definitions:
        parameters |= definition.parameters
    return text, parameters


_SIDES = ((0, "expected"), (1, "found"))
_EXTREMES = (("low", "min"), ("high", "max"))


#: Numerator of a period from its days, by aggregate; the others are sums.
_OVER_DAYS = {
    "min": "minIf(d.numerator, d.denominator > 0)",
    "max": "maxIf(d.numerator, d.denominator > 0)",
    "distinct": "toDecimal128(uniqExactArray(d.members), 4)",
}


def periods_query(kpi: Kpi, kinds: Sequence[str]) -> tuple[str, dict[str, object]]:
    """Published periods of ``kinds`` against the sum of their days. Of rolling windows only the one published
    last is kept up.
    """
    text = f"""
SELECT
    expected_numerator != numerator OR expected_denominator != denominator AS differs,
    concat(employee, ' ', period_kind, ' ', period, ': ', toString(expected_numerator), ' / ',
        toString(expected_denominator), ' by its days, ', toString(numerator), ' / ',
        toString(denominator), ' kept') AS description
FROM
(
    SELECT
        p.employee AS employee, p.period_kind AS period_kind, p.period AS period, p.numerator AS numerator,
        p.denominator AS denominator,
        {_OVER_DAYS.get(kpi.aggregate, "sum(d.numerator)")} AS expected_numerator,
        sum(d.denominator) AS expected_denominator
    FROM
    (
        SELECT employee, period_kind, period, first_day, last_day, numerator, denominator
        FROM kpistream.kpi_periods FINAL
        WHERE kpi = %(kpi)s AND period_kind IN %(kinds)s
        ORDER BY version DESC, last_day DESC
        LIMIT 1 BY employee, period_kind, if(startsWith(period_kind, 'rolling_'), '', period)
    ) AS p
    LEFT JOIN
    (
        SELECT employee, day, numerator, denominator, members
        FROM kpistream.kpi_days FINAL
        WHERE kpi = %(kpi)s
    ) AS d ON d.employee = p.employee AND d.day >= p.first_day AND d.day <= p.last_day
    GROUP BY employee, period_kind, period, numerator, denominator
)"""
    return text, {"kpi": kpi.id, "kinds": tuple(kinds)}
