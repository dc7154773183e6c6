"""The credits as the tables give them back are those of the topic: rows, places, times, and what is between them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from infra.clickhouse.credits_log import Incomplete, credits_log
from infra.local.clickhouse import ClickHouseServer
from runtime.records import Out
from schemas.blocks import decode_block, kind_header, kind_of, row_dicts
from schemas.control import KIND, PlanApplied, decode_control, encode_control
from schemas.plan import Plan
from schemas.plan_file import load_plan
from schemas.topics import CREDITS
from sinks.connection import connect
from streams.backtest import MemoryRecord
from streams.rebuild import Rebuild
from tests.contract.test_adjustments import forgetful
from tests.contract.test_rebuild import earlier
from tests.depth import examples
from tests.generated import random_events, random_plan
from tests.integration.clickhouse_server import running_server, settings_of
from tests.integration.memory_log import MemoryLog
from tests.integration.test_reconcile import PLAN, _empty, _history, _load

PLACE = ("offset", "index", "payee")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse")) as one:
        yield one


def from_tables(server: ClickHouseServer, partition: int, end: int = 1 << 40) -> list[MemoryRecord]:
    with connect(settings_of(server)) as client:
        return list(credits_log(client, partition, end))


def in_log(records: list[MemoryRecord]) -> dict[int, tuple]:
    """By offset: what stands there, of rows that come more than once only the first."""
    found, seen = {}, set()
    for one in records:
        if kind_of(one.headers) == KIND:
            control = decode_control(one.value)
            told = {"id", "plan", "cells", "paid", "kind", "period"}  # the rest decides nothing
            found[one.offset] = one.timestamp, control.model_dump(include=told)
            continue
        block, meta = decode_block(one.value, checked=True)
        rows = []
        for row in row_dicts(block):
            place = meta["partition"], *(row[name] for name in PLACE)
            if place not in seen:
                rows.append({name: value for name, value in row.items() if value is not None})
            seen.add(place)
        if rows:
            types = {field.name: field.type for field in block.schema if any(field.name in row for row in rows)}
            found[one.offset] = one.timestamp, meta["partition"], types, rows
    return found


def again(log: MemoryLog, dice: Random) -> None:
    """A worker that lost its partition sends once more what the new owner has sent."""
    for (topic, partition), records in list(log.records.items()):
        sent = [one for one in records if kind_of(one.headers) == CREDITS.name] if topic == CREDITS.name else []
        if sent:
            first = dice.randrange(len(sent))
            log.append(Out(topic, one.value, partition, headers=one.headers) for one in sent[first:])
    log.advance()


def rebuilt(log: MemoryLog, applied: PlanApplied) -> None:
    """Adjustments of a rebuild in every partition."""
    for partition in range(log.partitions):
        one = Rebuild(partition, log.partitions, applied)
        one.fold(log.records[CREDITS.name, partition])
        records = one.adjustments(one.differences(), 1, "ops", "历史")
        outs = (Out(CREDITS.name, encode_control(each), partition, headers=kind_header(KIND)) for each in records)
        log.append(list(outs))
    log.advance()


def of_a_plan(plan: Plan) -> PlanApplied:
    return PlanApplied(id=f"{plan.plan}-{plan.version}", plan=plan)


def history(seed: int) -> tuple[MemoryLog, PlanApplied]:
    """Two plans, mostly rebuilds, a close, and records that came twice, at random places of random events."""
    dice = Random(seed)
    plan = forgetful(random_plan(dice, version=2))
    before = earlier(plan, dice)
    events = random_events(dice, plan.currency)
    log = MemoryLog(2)
    log.apply(before)
    places = sorted(dice.randint(len(events) // 2, len(events)) for _ in range(4))
    then_done = ["p", *dice.sample("rca-", 3), ""]
    for start, end, then in zip([0, *places], [*places, len(events)], then_done, strict=True):
        log.feed(events[start:end], batch=dice.randint(1, 9))
        if then == "p":
            log.apply(plan)
        if then == "r":
            rebuilt(log, of_a_plan(plan))
        if then == "c":
            log.close(plan, "month", "2026-03", "ops")
        if then == "a":
            again(log, dice)
    return log, of_a_plan(plan)


@examples(4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(21)  # 29 cells to rebuild
@given(st.integers(0, 2**32))
def test_the_tables_give_back_the_log_and_a_rebuild_from_it(server: ClickHouseServer, seed: int) -> None:
    log, applied = history(seed)
    _empty(server)
    _load(server, log)
    for partition in range(log.partitions):
        records = log.records[CREDITS.name, partition]
        given_back = from_tables(server, partition)
        assert in_log(given_back) == in_log(records)
        cut = Random(seed).randint(0, len(records))
        assert in_log(from_tables(server, partition, cut)) == in_log(records[:cut])
        # from the tables up to somewhere and from the topic after that, as from the topic alone
        rest = [one for one in records if one.offset >= cut]
        found = []
        for source in (records, [*from_tables(server, partition, cut), *rest]):
            one = Rebuild(partition, log.partitions, applied)
            one.fold(source)
            cells = one.differences()
            found.append((cells, [out.value for out in one.outlook(one.adjustments(cells, 1, "ops", "history"))]))
        assert found[0] == found[1]


def test_fields_that_a_plan_declares_come_back_with_their_types(server: ClickHouseServer) -> None:
    declared = PLAN.replace("site: string}", "site: string, note: string}")
    log = MemoryLog(2)
    log.apply(load_plan(declared))
    log.feed(_history(), batch=30)
    inspected = [
        {"specversion": "1.0", "source": "s", "id": str(n), "type": "inspection", "time": "2026-03-02T10:00:00Z",
         "data": {"employee": "A", "points": n, "note": "两\0'", "site": ""}}
        for n in range(3)
    ]  # fmt: skip
    log.feed(inspected)
    _empty(server)
    _load(server, log)
    stands = {partition: in_log(log.records[CREDITS.name, partition]) for partition in range(2)}
    assert {partition: in_log(from_tables(server, partition)) for partition in range(2)} == stands
    rows = [row for found in stands.values() for one in found.values() if len(one) == 4 for row in one[3]]
    assert any(row.get("data.note") == "两\0'" for row in rows)


def test_what_the_tables_lack_is_named(server: ClickHouseServer) -> None:
    log, _ = history(0)
    _empty(server)
    _load(server, log)
    adjusted = [
        (partition, one.offset)
        for partition in range(2)
        for one in log.records[CREDITS.name, partition]
        if kind_of(one.headers) == KIND and decode_control(one.value).control == "adjust"
    ]
    with server.client() as client:
        client.execute("TRUNCATE TABLE kpistream.adjustment_records")
        partition, offset = adjusted[0]
        with pytest.raises(Incomplete, match=f"adjustment at offset {offset} of credits partition {partition}"):
            from_tables(server, partition)
        assert from_tables(server, partition, offset)
        client.execute("TRUNCATE TABLE kpistream.plan_versions")
    with pytest.raises(Incomplete, match="plan_versions lacks version"):
        from_tables(server, 0)
