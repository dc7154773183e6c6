"""Amounts as events had them, from ClickHouse: of those in another currency that some credits are for."""

from __future__ import annotations

from collections.abc import Callable

from infra.explain.clickhouse_rows import original_of
from schemas.event_fields import FOLLOWING
from schemas.event_identity import event_hash
from streams.explain.conversions import Original
from streams.explain.credits import Credit, sale_of

_ORIGINALS = """
SELECT source, id, amount, currency, time FROM kpistream.facts FINAL
WHERE amount IS NOT NULL AND currency != %(own)s AND event_hash IN ({events})"""
_CREDITED = "SELECT event_hash FROM kpistream.credits WHERE {where}"
_NAMED = "SELECT toFixedString(unhex(arrayJoin(%(events)s)), 16)"


def originals_behind(
    rows: Callable[[str, dict], list[dict]], credits: list[Credit], where: str, parameters: dict, own: str
) -> dict[tuple[str, str], Original]:
    """By source and id, of the events credited ``where``, which ``credits`` are, and of the sales that they are about.

    ``rows`` runs a query; ``own``: the currency of no interest.
    """
    of_credits = _ORIGINALS.format(events=_CREDITED.format(where=where))
    found = {(row["source"], row["id"]): original_of(row) for row in rows(of_credits, parameters | {"own": own})}
    # sales of another period, or that were somebody else's
    about = {sale_of(one) for one in credits if one.type in FOLLOWING and (one.source, one.id) in found}
    if missing := sorted(about - found.keys()):
        events = [event_hash(*sale).hex() for sale in missing]
        named = rows(_ORIGINALS.format(events=_NAMED), {"own": own, "events": events})
        found |= {(row["source"], row["id"]): original_of(row) for row in named}
    return found
