"""What rates and caps make of sales, recomputed from the facts: whole sales, with all that came about them. Pure.

A sale counts with what is left of it: its amount, as last corrected, less its refunds; nothing once it is cancelled.
Converted at the rate of its day, rounded once, and capped, that is what all credits about it sum to. Which plan was in
force when it was credited is not in the tables, so the terms of any version are good: mostly they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from schemas.event_fields import FOLLOWING, payload_fields
from schemas.money import SCALE, minor_step, to_fixed
from schemas.plan import Plan
from schemas.plan_crediting import RATE_SCALE

_FIRST, _LAST = date(1970, 1, 1), date(2149, 6, 6)
#: No cap.
_MOST = (1 << 63) - 1

_FOLLOWING = ", ".join(f"'{name}'" for name in sorted(FOLLOWING))

#: One row per sale, or other event with an amount, and what came about it: (differs, description).
CREDITED_SALES = f"""
SELECT
    NOT has(groupUniqArray(expected), any(credited)) AS differs,
    concat(source, ' ', id, ': by its rate and cap ', arrayStringConcat(groupUniqArray(toString(expected / {SCALE})),
        ' or '), ', credits about it sum to ', toString(any(credited) / {SCALE})) AS description
FROM
(
    SELECT
        s.source AS source, s.id AS id, c.credited AS credited,
        if(c.cancelled, 0, if(c.corrected, c.corrected_to, s.amount) - c.refunded) AS rest,
        intDiv(2 * abs(rest) * r.rate + r.step * {RATE_SCALE}, 2 * r.step * {RATE_SCALE}) * r.step AS rounded,
        least(if(rest < 0, -rounded, rounded), toInt256(k.cap)) AS expected
    FROM
    (
        SELECT source, id, type, currency, toDate(time, %(zone)s) AS day,
            toInt256(assumeNotNull(amount) * {SCALE}) AS amount
        FROM kpistream.facts FINAL
        WHERE isNotNull(amount) AND type NOT IN ({_FOLLOWING})
            AND (topic, partition, offset) NOT IN (
                SELECT topic, partition, offset FROM kpistream.dead_letters FINAL
            )
    ) AS s
    INNER JOIN
    (
        SELECT
            if(type IN ({_FOLLOWING}), ifNull(sale_source, source), source) AS source,
            if(type IN ({_FOLLOWING}), ifNull(sale_id, ''), id) AS id,
            sum(part) AS credited, any(into) AS into,
            countIf(type = 'cancellation') > 0 AS cancelled,
            sumIf(said, type = 'refund') AS refunded,
            countIf(type = 'correction') > 0 AS corrected,
            argMaxIf(said, place, type = 'correction') AS corrected_to
        FROM
        (
            SELECT
                c.event_hash AS event_hash, any(c.source) AS source, any(c.id) AS id, any(c.type) AS type,
                any(c.sale_source) AS sale_source, any(c.sale_id) AS sale_id, any(c.currency) AS into,
                sumIf(toInt256(ifNull(c.amount, 0) * {SCALE}), bitTest(c.unit_first, 3) = 0) AS part,
                any(toInt256(ifNull(f.amount, 0) * {SCALE})) AS said,
                any((f.facts_partition, f.facts_offset, f.facts_index)) AS place
            FROM (SELECT * FROM kpistream.credits FINAL) AS c
            LEFT JOIN
            (
                SELECT event_hash, amount, facts_partition, facts_offset, facts_index FROM kpistream.facts FINAL
            ) AS f ON f.event_hash = c.event_hash
            GROUP BY c.event_hash
        )
        GROUP BY source, id
    ) AS c ON c.source = s.source AND c.id = s.id
    INNER JOIN terms_rates AS r ON r.currency = s.currency AND r.into = c.into
    INNER JOIN terms_caps AS k ON k.type = s.type
    WHERE s.day >= r.first AND s.day <= r.last
)
GROUP BY source, id"""


def terms_tables(plans: Iterable[Plan]) -> list[dict]:
    """The external tables of the query: rates by currency and day, caps by event type, of all plans."""
    rates: dict[tuple, None] = {}
    caps: dict[tuple, None] = {}
    for plan in plans:
        rates[plan.currency, plan.currency, _FIRST, _LAST, RATE_SCALE, 1] = None
        held = sorted(plan.rates, key=lambda rate: (rate.currency, rate.date))
        for rate, following in zip(held, [*held[1:], None], strict=False):
            same = following is not None and following.currency == rate.currency
            last = following.date - timedelta(days=1) if same else _LAST
            scaled, step = int(rate.rate * RATE_SCALE), minor_step(plan.currency)
            rates[rate.currency, plan.currency, rate.date, last, scaled, step] = None
        for name in payload_fields(plan):
            given = [
                to_fixed(guard.cap)
                for guard in plan.crediting.guards
                if guard.cap is not None and (not guard.events or name in guard.events)
            ]
            caps[name, min(given, default=_MOST)] = None
    names = ("currency", "into", "first", "last", "rate", "step")
    return [
        {
            "name": "terms_rates",
            "structure": list(zip(names, ("String", "String", "Date", "Date", "Int64", "Int64"), strict=True)),
            "data": [dict(zip(names, row, strict=True)) for row in rates],
        },
        {
            "name": "terms_caps",
            "structure": [("type", "String"), ("cap", "Int64")],
            "data": [{"type": type_, "cap": cap} for type_, cap in caps],
        },
    ]
