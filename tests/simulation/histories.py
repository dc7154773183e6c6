"""Random histories: a small plan, sales with duplicates and refunds, faults."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from schemas.plan import Plan
from tests.simulation.oracle import judge
from tests.simulation.upstream import INPUTS
from tests.simulation.world import Build, Fault, History, random_faults, steps_of

_EMPLOYEES = ("E1", "E2", "E3")
#: One history in so many is of all stages: three of one stage take as long, and each of these has all the faults.
_ALL_STAGES = 8


def plan(version: int = 1) -> Plan:
    """Sums, a mean and a distinct count; a marginal table by value, and a dual threshold."""

    def kpi(id: str, aggregate: str, events: list[str], **more: object) -> dict:
        return {"id": id, "name": id, "aggregate": aggregate, "events": events, "periods": ["month"]} | more

    return Plan.model_validate({
        "plan": "p", "version": version, "timezone": "Asia/Shanghai", "currency": "CNY",
        "organisation": {"company": "acme", "departments": [{"id": "d", "teams": [
            {"id": "t1", "employees": [{"id": "E1", "role": "rep"}, {"id": "E2", "role": "rep"}]},
            {"id": "t2", "employees": [{"id": "E3", "role": "rep"}]},
        ]}]},
        "kpis": [
            kpi("revenue", "sum", ["sale", "refund"], field="amount", unit="money"),
            kpi("sales", "count", ["sale"]),
            kpi("mean_sale", "mean", ["sale"], field="amount"),
            kpi("customers", "distinct", ["sale"], field="customer"),
        ],
        "targets": [{"kpi": "revenue", "period": "month", "value": 1000 * version},
                    {"kpi": "revenue", "period": "month", "unit": "team", "value": 1500}],
        "awards": [
            {"kind": "tiers", "id": "commission", "name": "c", "kpi": "revenue", "period": "month", "pays": "marginal",
             "rearm": True, "tiers": [{"value": 0, "rate": "1%"}, {"value": 500, "rate": f"{version + 1}%"},
                                      {"value": 1500, "rate": "5%"}]},
            {"kind": "threshold", "id": "dual", "name": "d", "period": "month", "bonus": 100, "rearm": True,
             "all": [{"kpi": "revenue", "attainment": "100%"}, {"kpi": "customers", "value": 3}]},
            {"kind": "tiers", "id": "team", "name": "t", "kpi": "revenue", "period": "month", "unit": "team",
             "share": "by_value", "settle": "period_end", "rearm": True, "pays": "flat",
             "tiers": [{"attainment": "50%", "amount": 10}, {"attainment": "100%", "amount": "33.34"}]},
        ],
    })  # fmt: skip


def history_of(seed: int) -> History:
    """A history of any kind, of all stages or of one; which, follows from the seed as all the rest does."""
    kinds = random_history, random_history, upgraded_history, restored_history, stopping_history, crashing_history
    history = kinds[seed % len(kinds)](seed)
    number = seed // len(kinds) % _ALL_STAGES
    return of_one_stage(history, [*INPUTS][number % len(INPUTS)]) if number else history


def of_one_stage(history: History, stage: str) -> History:
    """As ``history``, of a stage that is fed with what those ahead of it leave; it has all the crashes."""
    dice, steps = Random(history.seed), steps_of((stage,))
    faults = [replace(fault, step=dice.choice(steps)) if fault.step else fault for fault in history.faults]
    return replace(history, stages=(stage,), faults=faults)


def random_history(seed: int) -> History:
    """Anything at any moment."""
    dice = Random(seed)
    workers = dice.choice([1, 2, 2, 3])
    plans = [plan(1), plan(2)] if dice.random() < 0.3 else [plan(1)]
    values, faults = random_values(dice), random_faults(dice, workers)
    closes_at = dice.uniform(1, 14) if dice.random() < 0.5 else None
    return History(seed, plans, values, faults, workers=workers, closes_at=closes_at)


def failing_history(seed: int, build: Build | None = None) -> History:
    """One worker on a slow network with errors."""
    faults = [Fault(0.0, "slow", lasting=15.0), Fault(2.0, "errors", lasting=12.0)]
    return History(seed, [plan()], random_values(Random(seed)), faults, build or Build(), workers=1)


def crashing_history(seed: int, build: Build | None = None, step: str = "") -> History:
    """The same, and it dies again and again right after ``step`` (else one of all)."""
    dice = Random(seed)
    step = step or dice.choice(steps_of())
    history = failing_history(seed, build)
    crashes = [Fault(dice.uniform(2, 14), "crash after", step=step, count=1) for _ in range(3)]
    return replace(history, faults=[*history.faults, *crashes])


def stopping_history(seed: int, build: Build | None = None) -> History:
    """One worker on a slow network that is told to end again and again, and comes back."""
    dice = Random(seed)
    faults = [Fault(0.0, "slow", lasting=15.0), *(Fault(dice.uniform(1, 15), "stop") for _ in range(6))]
    return History(seed, [plan()], random_values(dice), faults, build or Build(), workers=1)


def upgraded_history(seed: int) -> History:
    """A rolling restart with a newer program, in the midst of other faults; zombies of the old one write on."""
    dice = Random(seed)
    at = dice.uniform(2, 10)
    restarts = [Fault(at + number * dice.uniform(1, 3), dice.choice(["stop", "kill"]), number) for number in range(2)]
    return replace(random_history(seed), workers=2, upgrade=at, faults=[*random_faults(dice, 2), *restarts])


def restored_history(seed: int, build: Build | None = None) -> History:
    """Checkpoints are put back to what they were some seconds before, under running workers, beside other faults."""
    dice = Random(seed)
    restores = [Fault(dice.uniform(1, 12), "restore", lasting=dice.uniform(0.5, 6)) for _ in range(dice.randint(1, 3))]
    history = random_history(seed)
    return replace(history, build=build or Build(), faults=[*history.faults, *restores])


def random_values(dice: Random) -> list[bytes]:
    """Sales and refunds of them, some sent twice, in an order that puts refunds before their sales at times."""
    events = []
    for number in range(dice.randint(3, 20)):
        employee = dice.choice(_EMPLOYEES)
        amount = dice.choice([100, 200, 300])
        sale = _event("sale", f"s{number}", {
            "amount": amount, "currency": "CNY", "employee": employee, "customer": dice.choice("abcdef"),
        })  # fmt: skip
        events.append(sale)
        if dice.random() < 0.2:
            back = {"sale_id": f"s{number}", "amount": dice.choice([amount, 100]), "currency": "CNY"}
            events.append(_event("refund", f"r{number}", back) | {"of": employee})
    sent = events + [event for event in events if dice.random() < 0.15]
    if dice.random() < 0.5:
        dice.shuffle(sent)
    return [json.dumps(event).encode() for event in sent]


def _event(kind: str, id: str, data: dict) -> dict:
    return {
        "specversion": "1.0", "source": "shop", "id": id, "type": kind, "time": "2026-05-20T08:00:00Z", "data": data,
    }  # fmt: skip


def shortened(history: History) -> History:
    """The same kind of failure with fewer faults and fewer events, as far as leaving them out one by one keeps it."""
    kind = judge(replace(history, exits=[], errors=[], finished=False).run())[0].split(":")[0]
    changed = True
    while changed:
        changed = False
        for name in ("faults", "values"):
            for at in reversed(range(len(getattr(history, name)))):
                fewer = list(getattr(history, name))
                del fewer[at]
                shorter = replace(history, **{name: fewer, "exits": [], "errors": [], "finished": False})
                if any(wrong.startswith(kind) for wrong in judge(shorter.run())):
                    history, changed = shorter, True
    return history
