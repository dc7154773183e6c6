"""Evidence for explanations from stages with several credits partitions, in memory."""

from __future__ import annotations

import json

from infra.explain.from_backtest import RecordedEvidence, published
from schemas.blocks import decode_block, kind_of
from schemas.control import KIND, REBUILD, PeriodClosed, PlanApplied, decode_control
from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of
from schemas.results import decode_award
from schemas.topics import AWARDS, CREDITS, EARNINGS, KPI_UPDATES, UNIT_UPDATES
from streams.backtest import BacktestResult
from streams.explain.credits import Close
from streams.explain.history import Evidence
from streams.explain.plan_history import Applied, PlanHistory, Rebuilt
from tests.integration.memory_log import MemoryLog


class SeveralPlans(RecordedEvidence):
    """Of a run in which a later version of the plan took effect; ``plans`` by version."""

    plans: dict[int, Plan]

    def plan_of(self, version: int | None) -> Plan:
        return self.plans[version or max(self.plans)]

    def plan_by(self, control: str) -> Plan:
        return self.plans[int(control.rpartition("-")[2])]

    def of(self, employee: str, version: int | None = None) -> Evidence:
        self.plan = self.plan_of(version)
        return super().of(employee)

    def unit(self, kind: str, unit: str, version: int | None = None, period: str | None = None) -> Evidence:
        self.plan = self.plan_of(version)
        return super().unit(kind, unit)


def recorded_log(plan: Plan, events: list[dict], batch: int, later: Plan | None = None) -> SeveralPlans:
    """``events``, closes among them as in a file for the backtest, through all stages, each in two partitions.

    ``later`` takes effect where a ``{"control": "plan"}`` stands.
    """
    log, now = MemoryLog(2), plan
    log.apply(plan)
    pending: list[bytes] = []
    for event in events:
        if "control" not in event:
            pending.append(json.dumps(event).encode())
            continue
        log.feed(pending, batch)
        pending = []
        if event["control"] == "plan":
            now = later
            log.apply(later)
        else:
            log.close(now, period_kind_of(now, event["period"]), event["period"], "test")
    log.feed(pending, batch)
    found = _evidence(now, log)
    found.plans = {one.version: one for one in (plan, now)}
    return found


def _evidence(plan: Plan, log: MemoryLog) -> SeveralPlans:
    result, credits, closes, updates = BacktestResult(), [], [], []
    applied, rebuilt = [], []
    for (topic, partition), records in log.records.items():
        for one in records:
            kind = kind_of(one.headers)
            if topic == AWARDS.name:
                result.awards.append(decode_award(one.value))
            elif topic == EARNINGS.name:
                result.earnings += decode_block(one.value)[0].to_pylist()
            elif topic == CREDITS.name and kind == "credits":
                credits.append((partition, one.offset, one.value))
            elif topic == CREDITS.name and kind == KIND:
                control = decode_control(one.value)
                if isinstance(control, PlanApplied):
                    applied.append(Applied(partition, one.offset, control.id, control.plan))
                if isinstance(control, PeriodClosed):
                    closes.append(Close(partition, one.offset, control.kind, control.period))
                    result.closes += [(control.kind, control.period)] if not partition else []
            elif topic == KPI_UPDATES.name:
                updates += filter(None, [published(one)])
                if kind == "adjustments":
                    rebuilt += _rebuilt(*decode_block(one.value))
                if kind == "kpi-periods":
                    _keep(result.periods, one, ("kpi", "employee", "period_kind", "period"))
            elif topic == UNIT_UPDATES.name:
                _keep(result.units, one, ("kpi", "unit_kind", "unit", "period_kind", "period"))
    return SeveralPlans(plan, result, credits, closes, updates, PlanHistory(applied, rebuilt))


def _rebuilt(block, meta: dict) -> list[Rebuilt]:
    """The cells that a rebuild set, or found as it wants them."""
    return [
        Rebuilt(meta["partition"], meta["offset"], row["kpi"], row["employee"], row["day"])
        for row in block.to_pylist()
        if row["adjustment"].startswith(REBUILD) and row["outcome"] != "refused"
    ]


def _keep(rows: dict, record, names: tuple[str, ...]) -> None:
    for row in decode_block(record.value)[0].to_pylist():
        rows[tuple(row[name] for name in names)] = row
