"""What the topics and tables hold against what the input must come to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from schemas.blocks import decode_block, kind_of
from schemas.facts import sources_of
from schemas.results import decode_award
from schemas.topics import AWARDS, CREDITS, EARNINGS, FACTS
from tests.chaos.expected import Expected, Record, expected_of, read_topic
from tests.chaos.traffic import TOPIC
from tests.chaos.world import World


@dataclass
class Verdict:
    """Counts of what is wrong, with examples; ``replayed``: offsets of facts and source that were folded again."""

    expected: Expected
    lost: int = 0
    doubled: int = 0
    mismatched: int = 0
    notes: list[str] = field(default_factory=list)
    replayed: int = 0
    repeated: int = 0  # alerts that a channel got again: at most one for each time that the process broke off
    delays: list[tuple[int, int]] = field(default_factory=list)  # award's time, ms since its event

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.mismatched)

    def _note(self, what: str, keys: Iterable) -> int:
        keys = sorted(map(str, keys))
        if keys:
            self.notes.append(f"{what}: {len(keys)}, such as {', '.join(keys[:3])}")
        return len(keys)


def judge(world: World) -> Verdict:
    """Compare everything; call it once the world is drained."""
    bootstrap = world.stack.kafka.bootstrap
    verdict = Verdict(expected_of(read_topic(bootstrap, TOPIC)))
    _outcomes(world, verdict)
    _credits(world, verdict)
    _values(world, verdict)
    awards = read_topic(bootstrap, AWARDS.name)
    _awards(world, verdict, awards)
    judge_alerts(world, verdict, awards)
    _money(world, verdict, read_topic(bootstrap, EARNINGS.name))
    verdict.replayed = _replayed(read_topic(bootstrap, FACTS.name)) + _replayed(read_topic(bootstrap, CREDITS.name))
    return verdict


def _outcomes(world: World, verdict: Verdict) -> None:
    want = verdict.expected
    found = world.query(
        "SELECT sum(applied), sum(duplicate), sum(dead_lettered), sum(parked), sum(unaccounted) FROM bi.conservation"
    )[0]
    wanted = len(want.credits), want.duplicates, want.rejected, len(want.waiting), 0
    if found != wanted:
        verdict.mismatched += 1
        verdict.notes.append(f"applied, duplicate, dead-lettered, parked, unaccounted: {found} instead of {wanted}")


def _credits(world: World, verdict: Verdict) -> None:
    rows = world.query("SELECT id, sum(amount), count() FROM kpistream.credits FINAL GROUP BY id")
    found = {id: (amount, count) for id, amount, count in rows}
    want = verdict.expected.credits
    verdict.lost += verdict._note("events without credit", want.keys() - found.keys())
    verdict.doubled += verdict._note("credits of no event", found.keys() - want.keys())
    verdict.doubled += verdict._note("events credited twice", [id for id, (_, count) in found.items() if count > 1])
    verdict.mismatched += verdict._note(
        "credits of another amount", [id for id in want.keys() & found.keys() if found[id][0] != want[id]]
    )


def _values(world: World, verdict: Verdict) -> None:
    rows = world.query(
        "SELECT kpi, employee, formatDateTime(day, '%Y-%m') AS month, sum(numerator) FROM kpistream.kpi_days FINAL "
        "GROUP BY kpi, employee, month"
    )
    found = {(kpi, employee, month): value for kpi, employee, month, value in rows if value}
    want = {("revenue", *key): value for key, value in verdict.expected.revenue.items() if value}
    want |= {("sales", *key): Decimal(value) for key, value in verdict.expected.sales.items() if value}
    verdict.mismatched += verdict._note("KPI values", _unequal(want, found))


def _awards(world: World, verdict: Verdict, records: list[Record]) -> None:
    contents: dict[tuple, set[bytes]] = defaultdict(set)
    latest: dict[str, tuple] = {}
    for record in records:
        award = decode_award(record.value)
        place = award.position.offset, award.position.index, award.position.payee
        contents[award.award_id, award.state, *place].add(record.value)
        state = place, award.state != "revoked", award.sequence, (award.employee, award.period, award.tier)
        latest[award.award_id] = max(latest.get(award.award_id, ()), state)
    verdict.delays = _delays(records, verdict.expected)
    standing = [key for _, stands, _, key in latest.values() if stands]
    want = verdict.expected.tiers(world.plan)
    verdict.lost += verdict._note("awards missing", want - set(standing))
    verdict.doubled += verdict._note("awards too many", set(standing) - want)
    verdict.doubled += verdict._note("awards that stand twice", {key for key in standing if standing.count(key) > 1})
    ambiguous = [key for key, one in contents.items() if len(one) > 1]
    verdict.mismatched += verdict._note("awards with two contents", ambiguous)
    table = world.query("SELECT employee, period, tier FROM kpistream.awards FINAL WHERE state != 'revoked'")
    verdict.mismatched += verdict._note("awards in the table only, or not in it", set(table) ^ set(standing))


def judge_alerts(world: World, verdict: Verdict, records: list[Record]) -> None:
    """What the receivers were told against the ``records`` of awards and what the input has reached."""
    log = {(one.award_id, one.state) for one in (decode_award(record.value) for record in records)}
    wanted, allowed = verdict.expected.tiers(world.plan), world.receivers.breaks
    for channel, told in world.receivers.told().items():
        verdict.lost += verdict._note(f"{channel}: alerts never sent", log - told.times.keys())
        verdict.doubled += verdict._note(f"{channel}: alerts of no award", told.times.keys() - log)
        verdict.lost += verdict._note(f"{channel}: nobody was told of", wanted - told.standing)
        verdict.doubled += verdict._note(f"{channel}: told of, and not taken back", told.standing - wanted)
        verdict.mismatched += verdict._note(f"{channel}: told out of order", told.disordered)
        again = [key for key, times in told.times.items() for _ in range(times - 1)]
        verdict.repeated = max(verdict.repeated, len(again))
        if len(again) > allowed:
            verdict.doubled += verdict._note(f"{channel}: sent again, with {allowed} breaks", again)


def _delays(records: list[Record], expected: Expected) -> list[tuple[int, int]]:
    """When each award was in Kafka, and how long after its event."""
    causes = ((record.time, decode_award(record.value).cause.id) for record in records)
    return [(at, at - expected.events[cause]) for at, cause in causes if cause in expected.events]


def award_delays(world: World) -> list[tuple[int, int]]:
    """The same of all awards so far: (ms since the epoch, ms)."""
    bootstrap = world.stack.kafka.bootstrap
    return _delays(read_topic(bootstrap, AWARDS.name), expected_of(read_topic(bootstrap, TOPIC)))


def _money(world: World, verdict: Verdict, records: list[Record]) -> None:
    lines: dict[str, dict] = {}
    differing = set()
    for record in records:
        if kind_of(record.headers) != "earnings":
            continue
        for row in decode_block(record.value)[0].to_pylist():
            if lines.setdefault(row["line_id"], row) != row:
                differing.add(row["line_id"])
    verdict.mismatched += verdict._note("earning lines with two contents", differing)
    paid: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in lines.values():
        paid[row["employee"], row["period"]] += Decimal(row["amount"]) / 10_000
    want = verdict.expected.money(world.plan)
    verdict.mismatched += verdict._note("money", _unequal(want, paid))
    table = world.query("SELECT employee, period, sum(amount) FROM kpistream.earnings FINAL GROUP BY employee, period")
    in_table = {(employee, period): amount for employee, period, amount in table}
    verdict.mismatched += verdict._note("money in the table", _unequal(in_table, paid))


def _unequal(one: dict, other: dict) -> list:
    return [key for key in one.keys() | other.keys() if one.get(key, 0) != other.get(key, 0)]


def _replayed(records: list[Record]) -> int:
    """Input offsets that more than one block covers."""
    times: dict[tuple, int] = defaultdict(int)
    total = 0
    for record in records:
        kind = kind_of(record.headers)
        if kind not in ("facts", "credits"):
            continue
        block, meta = decode_block(record.value)
        covered = [(FACTS.name, meta["partition"], meta["first"], meta["last"])] if kind == "credits" else [
            source[:4] for source in sources_of(meta, block.num_rows)
        ]
        for topic, partition, first, last in covered:
            for offset in range(max(first, 0), last + 1):
                times[topic, partition, record.partition, offset] += 1
                total += times[topic, partition, record.partition, offset] > 1
    return total


def delay(delays: list[tuple[int, int]], start_ms: float, end_ms: float) -> str:
    """Median and worst time from event to award in Kafka, of awards in that stretch of time."""
    found = sorted(late for at, late in delays if start_ms <= at <= end_ms)
    return f"{found[len(found) // 2]} / {found[-1]} ms" if found else "none"


def as_json(verdict: Verdict) -> str:
    """The counts, for a file."""
    names = ("lost", "doubled", "mismatched", "replayed", "notes")
    return json.dumps({name: getattr(verdict, name) for name in names} | {"records": verdict.expected.records})
