"""Evidence for explanations from stages with several credits partitions, in memory."""

from __future__ import annotations

import json

from infra.explain.from_backtest import RecordedEvidence, published
from runtime.records import Out
from schemas.blocks import decode_block, kind_header, kind_of
from schemas.control import KIND, REBUILD, PeriodClosed, PlanApplied, decode_control, encode_control
from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of
from schemas.results import decode_award
from schemas.topics import AWARDS, CREDITS, EARNINGS, FACTS, KPI_UPDATES, UNIT_UPDATES
from streams.backtest import BacktestResult
from streams.explain.credits import Close
from streams.explain.history import Evidence
from streams.explain.plan_history import Applied, PlanHistory, Rebuilt
from streams.rebuild import Rebuild
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


def recorded_log(plan: Plan, events: list[dict], batch: int, *later: Plan) -> SeveralPlans:
    """``events``, closes among them as in a file for the backtest, through all stages, each in two partitions.

    The next of ``later`` takes effect where a ``{"control": "plan"}`` stands; ``{"control": "rebuild"}`` rebuilds.
    """
    log, now, following = MemoryLog(2), plan, iter(later)
    log.apply(plan)
    pending: list[bytes] = []
    for event in events:
        if "control" not in event:
            pending.append(json.dumps(event).encode())
            continue
        log.feed(pending, batch)
        pending = []
        if event["control"] == "plan":
            now = next(following)
            log.apply(now)
        elif event["control"] == "rebuild":
            rebuild(log, now)
        else:
            log.close(now, period_kind_of(now, event["period"]), event["period"], "test")
    log.feed(pending, batch)
    return evidence_of([one for one in (plan, *later) if one.version <= now.version], log)


def rebuild(log: MemoryLog, plan: Plan) -> None:
    """Each credits partition, as ``kpistream rebuild`` does."""
    for partition in range(log.partitions):
        both = Rebuild(partition, log.partitions, PlanApplied(id=f"{plan.plan}-{plan.version}", plan=plan))
        both.fold(log.records[CREDITS.name, partition])
        records = both.adjustments(both.differences(), 1, "ops", "history")
        log.append(Out(CREDITS.name, encode_control(one), partition, headers=kind_header(KIND)) for one in records)
    log.advance()


def evidence_of(plans: list[Plan], log: MemoryLog) -> SeveralPlans:
    """What all stages made of a log; ``plans`` in order, the last one in force."""
    result, facts, credits, closes, updates = BacktestResult(), [], [], [], []
    applied, rebuilt, adjusted = [], [], []
    for (topic, partition), records in log.records.items():
        for one in records:
            kind = kind_of(one.headers)
            if topic == AWARDS.name:
                result.awards.append(decode_award(one.value))
            elif topic == EARNINGS.name:
                result.earnings.add(decode_block(one.value)[0])
            elif topic == FACTS.name and kind == "facts":
                facts.append(one.value)
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
                    block, meta = decode_block(one.value)
                    rebuilt += _rebuilt(block, meta)
                    if "adjusted" in block.column("outcome").to_pylist():
                        adjusted.append((meta["partition"], meta["offset"]))
                if kind == "kpi-periods":
                    result.periods.add(decode_block(one.value)[0])
            elif topic == UNIT_UPDATES.name and kind == "unit-periods":
                result.units.add(decode_block(one.value)[0])
    history = PlanHistory(applied, rebuilt, adjusted)
    found = SeveralPlans(plans[-1], result, credits, closes, updates, history, facts)
    found.plans = {one.version: one for one in plans}
    return found


def _rebuilt(block, meta: dict) -> list[Rebuilt]:
    """The cells that a rebuild set, or found as it wants them."""
    return [
        Rebuilt(meta["partition"], meta["offset"], row["kpi"], row["employee"], row["day"])
        for row in block.to_pylist()
        if row["adjustment"].startswith(REBUILD) and row["outcome"] != "refused"
    ]
