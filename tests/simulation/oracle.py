"""What a history must have led to, from its input alone; and from each stage's input, folded once in one pass."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, islice

from aiokafka import TopicPartition

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_of, row_dicts
from schemas.control import CLOSED_KIND
from schemas.facts import sources_of
from schemas.topics import AWARDS, CREDITS, EARNINGS, FACTS, KPI_UPDATES, OUTCOMES
from streams.backtest import MemoryRecord
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups
from streams.stage_folds import CreditingFold
from tests.simulation.world import OUTPUTS, PARTITIONS, SOURCE, History

CONTENT = ("event_hash", "employee", "type", "time", "share", "data.amount")


def judge(history: History) -> list[str]:
    """Everything that is wrong, in words; nothing if all is well."""
    if not history.finished:
        return ["not worked off in time", *history.exits[-3:], *history.errors]
    wrong = [f"broke off: {error}" for error in history.errors]
    measured = []
    if "performance" in history.stages:
        logs = [_log(history, CREDITS.name, at) for at in range(PARTITIONS)]
        measured = [_one_pass(Performance(at, PARTITIONS), log) for at, log in enumerate(logs)]
    if "intake" in history.stages:
        wrong += _facts(history)
    if "crediting" in history.stages:
        wrong += _credits(history) + _conservation(history)
    wrong += _results(history, measured)
    if "performance" in history.stages:
        wrong += _totals(history)
    if history.stages[-1] == "rollups" and measured:
        wrong += _final_at_close(history, measured)
    return wrong


def _log(history: History, topic: str, partition: int) -> list:
    return history.broker.logs[TopicPartition(topic, partition)]


def _blocks(history: History, topic: str, kind: str) -> Iterable[tuple[int, list[dict], dict]]:
    for partition in range(history.broker.partitions[topic]):
        for record in _log(history, topic, partition):
            if kind_of(record.headers) == kind:
                yield partition, *_read(record.value)


@lru_cache(maxsize=256)  # of one history: several checks look at the same blocks
def _read(block: bytes) -> tuple[list[dict], dict]:
    table, meta = decode_block(block)
    return row_dicts(table), meta


def _facts(history: History) -> list[str]:
    """Every record of the source is a fact or a dead letter, whole."""
    seen: dict[tuple, object] = {}
    wrong = []
    for _, rows, meta in _blocks(history, FACTS.name, "facts"):
        left = iter(rows)
        for source in sources_of(meta, len(rows)):
            for row in islice(left, source.rows):
                key = source.partition, row["offset"]
                if seen.setdefault(key, row["id"]) != row["id"]:
                    wrong.append(f"facts: {key} stands for two events")
            for offset, _ in source.rejected:
                seen.setdefault((source.partition, offset), "rejected")
    expected = {
        (partition, record.offset)
        for partition in range(history.broker.partitions[SOURCE])
        for record in _log(history, SOURCE, partition)
    }
    return wrong + _differences("facts", expected, set(seen))


def _credits(history: History) -> list[str]:
    wanted: dict[tuple, tuple] = {}
    for partition in range(PARTITIONS):
        for out in _one_pass(CreditingFold(partition, PARTITIONS), _log(history, FACTS.name, partition)):
            if out.topic == CREDITS.name:
                _keep(wanted, *_read(out.value), out.partition, [])
    got: dict[tuple, tuple] = {}
    wrong: list[str] = []
    for partition, rows, meta in _blocks(history, CREDITS.name, "credits"):
        _keep(got, rows, meta, partition, wrong)
    return wrong + _differences("credits", set(wanted.items()), set(got.items()))


def _keep(into: dict, rows: list[dict], meta: dict, partition: int, wrong: list[str]) -> None:
    for row in rows:
        key = partition, meta["partition"], row["offset"], row["index"], row["payee"]
        content = tuple(row.get(name) for name in CONTENT)
        if into.setdefault(key, content) != content:
            wrong.append(f"credits: {key} stands for two credits")


def _one_pass(fold, records: list) -> list[Out]:
    """All of a log as one batch: how it is cut makes no difference, or runs and this come apart."""
    return fold.fold(RecordBatch("", 0, records)) + fold.updates()


def _results(history: History, measured: list[list[Out]]) -> list[str]:
    """Awards, earning lines and KPI values: ``measured`` from the credits, and the updates folded by the true stage."""
    wrong: list[str] = []
    outs = [*chain.from_iterable(measured)]
    if "rollups" in history.stages:
        outs += _one_pass(Rollups(), _log(history, KPI_UPDATES.name, 0))
    wanted = _outcome([(out.topic, out.value, kind_of(out.headers)) for out in outs], wrong)
    topics = {topic.name for stage in history.stages if stage in OUTPUTS for topic in OUTPUTS[stage]}
    seen = _outcome(
        [
            (topic, record.value, kind_of(record.headers))
            for topic in sorted(topics)
            for partition in range(history.broker.partitions[topic])
            for record in _log(history, topic, partition)
        ],
        wrong,
    )
    for name in wanted:
        wrong += _differences(name, set(wanted[name].items()), set(seen[name].items()))
    return wrong


def _final_at_close(history: History, measured: list[list[Out]]) -> list[str]:
    """What a close made final of units, from the values that each credits partition had come to by then."""
    if history.closes_at is None or len(history.plans) > 1:
        return []
    before, after = [_log(history, KPI_UPDATES.name, 0)[0]], []
    for outs in measured:
        part = before
        for out in outs:
            if out.topic == KPI_UPDATES.name:
                part.append(MemoryRecord(0, out.value, out.headers))
                part = after if kind_of(out.headers) == CLOSED_KIND else part
    outs = _one_pass(Rollups(), before + after)
    seen = [
        record
        for partition in range(history.broker.partitions[AWARDS.name])
        for record in _log(history, AWARDS.name, partition)
    ]
    return _differences("final at the close", _closed(outs), _closed(seen))


def _closed(records: list) -> set[tuple]:
    awards = [json.loads(record.value) for record in records if getattr(record, "topic", AWARDS.name) == AWARDS.name]
    return {
        (award["unit"], award["tier"], award["state"], str(award["evidence"]))
        for award in awards
        if award["unit"] and award["cause"]["type"] == "close"
    }


def _outcome(records: list[tuple], wrong: list[str]) -> dict[str, dict]:
    """By identity: what must be the same however often it was sent."""
    awards: dict = {}
    lines: dict = {}
    values: dict = {}
    for topic, value, kind in records:
        if topic == AWARDS.name:
            award = json.loads(value)
            key = award["award_id"], award["state"], str(award["position"])
            if awards.setdefault(key, value) != value:
                wrong.append(f"awards: {key} with two contents")
        elif topic == EARNINGS.name:
            for row in _read(value)[0]:
                if lines.setdefault(row["line_id"], repr(row)) != repr(row):
                    wrong.append(f"earnings: {row['line_id']} with two contents")
        elif kind in ("kpi-periods", "unit-periods"):
            rows, meta = _read(value)
            for row in rows:
                who = row["employee"] if kind == "kpi-periods" else (row["unit_kind"], row["unit"])
                key = row["kpi"], who, row["period_kind"], row["period"]
                version = meta["offset"]
                if version >= values.get(key, (-1,))[0]:
                    values[key] = version, row["numerator"], row["denominator"], row["target"], row["attainment"]
    return {
        "awards": awards,
        "earnings": lines,
        "KPI values": {key: value[1:] for key, value in values.items()},
    }


def _totals(history: History) -> list[str]:
    """What everybody sold, and earned for it, by plain addition over the events."""
    sold: dict[str, int] = defaultdict(int)
    sales: dict[str, dict] = {}
    taken: set[str] = set()
    for event in map(json.loads, history.values):
        if event["id"] in taken:
            continue
        taken.add(event["id"])
        sign = 1 if event["type"] == "sale" else -1
        if event["type"] == "sale":
            sales[event["id"]] = event
        employee = event["data"].get("employee") or event["of"]
        sold[employee] += sign * int(event["data"]["amount"]) * 10_000
    got = {}
    earned: dict[str, int] = defaultdict(int)
    lines = {}
    for _, rows, meta in _blocks(history, KPI_UPDATES.name, "kpi-periods"):
        for row in rows:
            if row["kpi"] == "revenue" and meta["offset"] >= got.get(row["employee"], (-1, 0))[0]:
                got[row["employee"]] = meta["offset"], row["numerator"]
    for _, rows, _ in _blocks(history, EARNINGS.name, "earnings"):
        lines |= {row["line_id"]: row for row in rows}
    for row in lines.values():
        if row["rule"] == "commission":
            earned[row["employee"]] += row["amount"]
    wrong = [
        f"revenue of {employee}: {got.get(employee, (0, 0))[1]} instead of {amount}"
        for employee, amount in sold.items()
        if got.get(employee, (0, 0))[1] != amount
    ]
    rate = history.plans[-1].awards[0].tiers
    for employee, amount in sold.items():
        money = _marginal(amount, rate)
        if earned[employee] != money:
            wrong.append(f"earned by {employee}: {earned[employee]} instead of {money}")
    return wrong


def _marginal(amount: int, tiers) -> int:
    """Each rate pays its slice; rates and bounds of the test's plans give whole cents."""
    total = 0
    bounds = [int(tier.value * 10_000) for tier in tiers] + [None]
    for tier, low, high in zip(tiers, bounds, bounds[1:], strict=False):
        top = amount if high is None else min(amount, high)
        total += int(max(0, top - low) * tier.rate)
    return total


def _conservation(history: History) -> list[str]:
    """applied + duplicate + dead-lettered + parked + gaps = records consumed."""
    counts: dict[bytes, dict] = {}
    for partition in range(PARTITIONS):
        for record in _log(history, OUTCOMES.name, partition):
            one = json.loads(record.value)
            if one["version"] >= counts.get(record.key, {"version": -1})["version"]:
                counts[record.key] = one
    total = sum(
        sum(one[name] for name in ("applied", "duplicate", "dead_lettered", "parked")) for one in counts.values()
    )
    return [] if total == len(history.values) else [f"outcomes: {total} of {len(history.values)} records"]


def _differences(what: str, wanted: set, got: set) -> list[str]:
    missing, extra = sorted(map(str, wanted - got)), sorted(map(str, got - wanted))
    wrong = [f"{what}: {len(missing)} missing, such as {missing[0][:300]}"] if missing else []
    return wrong + ([f"{what}: {len(extra)} too many, such as {extra[0][:300]}"] if extra else [])
