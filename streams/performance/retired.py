"""KPIs that leave the plan: what was published of them is taken back, once, at the change of plan.

Their values start anew should they come back. Without this the old values would still stand wherever nothing
new came in their place.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from streams.performance.updates import dated, days_of, periods_of


def retired_blocks(engine, after, meta: dict) -> list[tuple[str, bytes]]:
    """(kind, block) that set to nothing whatever ``engine`` holds of KPIs and scores that ``after`` has not.

    Empties those KPIs in ``engine``, which is of no use afterwards.
    """
    kept = {kpi.id for kpi in after.plan.kpis}
    later = _scores(after)
    lost = {key: score.lost(later.get(key)) for key, score in _scores(engine).items()}
    days, periods = [], []
    for family in engine.families:
        for index, kpi in enumerate(family.kpis):
            held = family.days.held(index)
            if kpi.id not in kept and len(held):
                family.days.clear(index)
                days.append((family, index, held))
    for (kpi, kind), view in engine.views.items():
        if kpi in kept:
            continue
        # all that the table has, as a change of plan publishes it, also where nothing counts
        slots = lost[kpi, kind] if (kpi, kind) in lost else dated(view, np.arange(view.table.size))
        if len(slots):
            view.table.num[view.kpi_index][slots], view.table.den[view.kpi_index][slots] = 0, 0
            periods.append((view, slots))
    found = [("kpi-days", days_of(days, engine))] if days else []
    found += [("kpi-periods", _without_values(periods_of(periods, engine)))] if periods else []
    return [(kind, encode_block(block, meta)) for kind, block in found]


def _scores(engine) -> dict:
    return {(score.card.id, score.card.period): score for score in engine.scores}


def _without_values(block: pa.RecordBatch) -> pa.RecordBatch:
    """Periods without value, target and attainment: nothing is measured any more."""
    for name in ("value", "target", "attainment"):
        place = block.schema.get_field_index(name)
        block = block.set_column(place, name, pa.nulls(block.num_rows, pa.int64()))
    return block
