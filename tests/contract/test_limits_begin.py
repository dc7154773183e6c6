"""Units count right while limits on events of the same customer come and go, partition after partition."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from runtime.records import Out
from schemas.blocks import decode_block, kind_header, kind_of
from schemas.control import KIND, PlanApplied, encode_control
from schemas.plan import Plan
from schemas.topics import CONTROL_TARGETS, CREDITS, KPI_UPDATES, UNIT_UPDATES
from tests.contract.test_explain import check
from tests.depth import examples
from tests.generated_sales import shared_history
from tests.integration.memory_log import MemoryLog
from tests.recorded_log import evidence_of, rebuild

_TEAMS = {"north": ["E1", "E2", "E3"], "south": ["E4", "E5"]}
_LIMIT = {"events": ["sale"], "same_customer": 1, "per": "month"}
_SHARES = {1: ["100"], 2: ["50", "50"], 3: ["33.34", "33.33", "33.33"]}


def plan_of(version: int, limited: bool) -> Plan:
    teams = [
        {"id": team, "employees": [{"id": one, "role": "rep"} for one in people]} for team, people in _TEAMS.items()
    ]
    tiers = {"kind": "tiers", "kpi": "sales", "period": "month", "pays": "flat", "rearm": True}
    tiers["tiers"] = [{"value": bound, "amount": bound} for bound in (1, 2, 4, 6, 9, 13)]
    units = ({"id": unit, "unit": unit} for unit in ("team", "company"))
    kpi = {"id": "sales", "name": "Sales", "aggregate": "count", "events": ["sale"], "unit": "count"}
    return Plan.model_validate(
        {
            "plan": "p", "version": version, "timezone": "UTC", "currency": "EUR",
            "organisation": {"company": "c", "departments": [{"id": "d", "teams": teams}]},
            "crediting": {"guards": [_LIMIT] if limited else []},
            "kpis": [kpi | {"periods": ["month"]}],
            "awards": [tiers | one | {"name": one["id"]} for one in ({"id": "person"}, *units)],
        }
    )  # fmt: skip


def sale(dice: Random, number: int) -> dict:
    """To one of three customers, one's alone or shared."""
    people = dice.sample(sorted(one for team in _TEAMS.values() for one in team), dice.choice([1, 2, 2, 3]))
    splits = [{"employee": one, "percent": share} for one, share in zip(people, _SHARES[len(people)], strict=True)]
    data = {"amount": "10", "currency": "EUR", "customer": dice.choice("abc"), "splits": splits}
    time = f"2026-03-{1 + number % 28:02d}T10:00:00+00:00"
    return {"specversion": "1.0", "source": "s", "id": f"e{number}", "type": "sale", "time": time, "data": data}


def change(log: MemoryLog, plan: Plan, dice: Random, events: list[dict]) -> None:
    """``plan`` comes to one partition after another, in any order, with the next of ``events`` between them."""
    value = encode_control(PlanApplied(id=f"{plan.plan}-{plan.version}", plan=plan))
    places = [(topic.name, one) for topic in CONTROL_TARGETS for one in range(topic.partitions or log.partitions)]
    for topic, partition in dice.sample(places, len(places)):
        log.append([Out(topic, value, partition, headers=kind_header(KIND))])
        more = dice.randint(0, 3)
        log.feed(events[:more], batch=dice.choice([1, 3]))
        del events[:more]
    log.advance()


def counted(log: MemoryLog) -> dict[str, set[str]]:
    """By unit the sales that count there for any of its people, as told of each credit by itself."""
    left_out = set()
    for record in log.records[KPI_UPDATES.name, 0]:
        if kind_of(record.headers) == "left-out":
            block, meta = decode_block(record.value)
            left_out |= {(meta["partition"], *row.values()) for row in block.to_pylist()}
    found: dict[str, set[str]] = {}
    for partition in range(log.partitions):
        for record in log.records[CREDITS.name, partition]:
            rows = decode_block(record.value)[0].to_pylist() if kind_of(record.headers) == "credits" else ()
            for row in rows:
                place = partition, record.offset, row["offset"], row["index"], row["payee"]
                for unit in (row["team"], row["department"], "c") if place not in left_out else ():
                    found.setdefault(unit, set()).add(row["id"])
    return found


def published(log: MemoryLog) -> dict[str, int]:
    """The last value of each unit."""
    values = {}
    for record in log.records[UNIT_UPDATES.name, 0]:
        if kind_of(record.headers) == "unit-periods":
            values |= {row["unit"]: row["value"] // 10_000 for row in decode_block(record.value)[0].to_pylist()}
    return values


def of_people(log: MemoryLog) -> dict[str, int]:
    """The last value of each person."""
    values = {}
    for record in log.records[KPI_UPDATES.name, 0]:
        if kind_of(record.headers) == "kpi-periods":
            values |= {row["employee"]: row["value"] for row in decode_block(record.value)[0].to_pylist()}
    return values


@examples(5)
@given(st.integers(0, 2**32), st.booleans())
def test_a_unit_counts_once_what_any_of_its_people_counts_while_limits_come_and_go(seed, go):
    dice, log = Random(seed), MemoryLog(2)
    plans = [plan_of(1 + at, limited) for at, limited in enumerate((False, True, False)[: 2 + go])]
    log.apply(plans[0])
    sales = [sale(dice, at) for at in range(60)]
    for plan in plans[1:]:
        change(log, plan, dice, sales)
    log.feed(sales[:5])
    assert check(evidence_of(plans, log))
    assert published(log) == {unit: len(sales) for unit, sales in counted(log).items()}


@examples(2)
@given(st.integers(0, 2**32), st.booleans())
def test_explanations_agree_while_limits_come_and_go_and_sales_change_hands(seed, go):
    dice, log = Random(seed), MemoryLog(2)
    limited, events, _ = shared_history(seed, of_units=True)
    free = limited.model_copy(update={"crediting": limited.crediting.model_copy(update={"guards": ()})})
    versions = enumerate((free, limited, free)[: 2 + go], start=1)
    plans = [plan.model_copy(update={"version": version}) for version, plan in versions]
    events = [event for event in events if "control" not in event]
    log.apply(plans[0])
    for plan in plans[1:]:
        change(log, plan, dice, events)
    log.feed(events, batch=2)
    check(evidence_of(plans, log))


@examples(2)
@given(st.integers(0, 2**32))
def test_a_rebuild_limits_what_was_credited_ahead_of_the_limit(seed):
    dice = Random(seed)
    free, limited = plan_of(1, limited=False), plan_of(2, limited=True)
    sales = [sale(dice, at) for at in range(12)]
    later, always = MemoryLog(2), MemoryLog(2)
    later.apply(free)
    later.feed(sales)
    later.apply(limited)
    rebuild(later, limited)
    always.apply(limited)
    always.feed(sales)
    assert of_people(later) == of_people(always)
