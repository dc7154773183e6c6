"""Crediting's laws over drawn logs: any cut, any restart, any overlap of intake gives what the plain
reference gives.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.control import PlanApplied
from schemas.money import round_half_up
from streams.crediting import Crediting
from tests.depth import examples
from tests.unit.streams.crediting_reference import (
    DAY,
    START,
    Block,
    Event,
    Reference,
    Result,
    Step,
    Together,
    as_records,
    blocks_in,
    fold,
    make_plan,
)

TARGETS = 3
TEAMS = {"a": ["E1", "E2"], "b": ["E3"], "x": ["E4"]}
MOVES = {
    "E1": [{"date": "2026-01-03", "team": "x"}, {"date": "2026-01-05", "role": "lead"}],
    "E3": [{"date": "2026-01-02", "team": "a", "role": "lead"}],
}
PLANS = [
    PlanApplied(id="1", plan=make_plan(TEAMS, horizon_days=2)),
    PlanApplied(
        id="5",
        plan=make_plan(
            TEAMS,
            rates=[("JPY", "2026-01-02", "0.04871"), ("JPY", "2026-01-04", "0.0333333333")],
            guards=[
                {"events": ["sale"], "cap": "1.01", "hold_days": 2}, {"cap": "2", "hold_days": 1},
                {"events": ["sale"], "same_customer": 1},
            ],
            horizon_days=2,
        ),
    ),
    PlanApplied(
        id="6",
        plan=make_plan(TEAMS, currency="JPY", rates=[("CNY", "2026-01-01", "20.5")], refund_date="sale"),
    ),
    PlanApplied(id="4", plan=make_plan(TEAMS, moves=MOVES, timezone="Asia/Shanghai", horizon_days=2)),
    PlanApplied(
        id="2", plan=make_plan({"a": ["E1"], "b": ["E2"], "x": ["E4"]}, horizon_days=1, refund_date="sale")
    ),
    PlanApplied(id="3", plan=make_plan(TEAMS, currency="JPY", horizon_days=3)),
]
OVERLAYS = [
    {"events": ["sale"], "where": {"currency": "CNY"}, "role": "lead", "within": "team", "share": "33.3%"},
    {"events": ["sale", "visit"], "role": "role-a", "within": "department", "share": "50%"},
    {"events": ["sale"], "employee": "E4"},
]
OVERLAID = PlanApplied(
    id="7", plan=make_plan(TEAMS, moves=MOVES, overlays=OVERLAYS, guards=[{"cap": "1.5"}], horizon_days=3)
)
BACKDATED = PlanApplied(id="8", plan=make_plan(TEAMS, moves=MOVES, backdated="move", horizon_days=3))
FILTERED = [
    PlanApplied(id="9", plan=make_plan(TEAMS, where={"product": ["P1", "P2"], "channel": "web"}, horizon_days=3)),
    PlanApplied(id="10", plan=make_plan(TEAMS, where={"product": "P3"}, horizon_days=3)),
]
PLANS.insert(1, OVERLAID)
PLANS.insert(1, FILTERED[0])
PLANS.append(FILTERED[1])
PLANS.append(BACKDATED)
IDS = ["i1", "i2", "i3", "i4"]
SPLITS = [
    [["E1", 500_000], ["E2", 300_000], ["E4", 200_000]],
    [["E3", 333_333], ["E1", 333_333], ["E2", 333_334]],
    [["E1", 1], ["E4", 999_999]],
    [["E1", 500_000], ["E9", 500_000]],
]

amounts = st.integers(0, 400).map(lambda cents: cents * 100) | st.integers(0, 30_000)
currencies = st.sampled_from(["CNY"] * 4 + ["JPY"])
texts = st.fixed_dictionaries(
    {}, optional={"product": st.sampled_from(["P1", "P2", "P3", "P9"]), "channel": st.sampled_from(["web", "fair"])}
)
times = st.builds(
    lambda day, minutes: START + day * DAY + minutes * 61_000, st.integers(0, 6), st.integers(0, 90)
)


# made once: to make a strategy costs more than to draw from it
TYPES = st.sampled_from(["sale"] * 6 + ["refund"] * 4 + ["correction", "cancellation"] + ["visit"] * 3)
ids, following = st.sampled_from(IDS), st.sampled_from(["r1", "r2", "r3", "r4", "i1"])
shares = st.none() | st.sampled_from(SPLITS)
sellers = st.sampled_from(["E1", "E2", "E3", "E4", "E9"])
visitors, named_anew = st.sampled_from(["E1", "E3", "E9", ""]), st.sampled_from(["", "", "E1", "E4", "E9"])
back = st.integers(1, 15_000)


@st.composite
def events(draw) -> Event:
    type_ = draw(TYPES)
    id_ = draw(ids if type_ in ("sale", "visit") else following)
    time, fields = draw(times), draw(texts)
    if type_ not in ("sale", "visit"):
        data = fields | {"sale_id": draw(ids)}
        if type_ != "cancellation":
            data |= {"amount": draw(back), "currency": draw(currencies)}
        if type_ == "correction":
            named, shared = draw(named_anew), draw(shares)
            return Event(id_, type_, time, "" if shared else named, shared, data)
        return Event(id_, type_, time, data=data)
    if type_ == "visit":
        return Event(id_, type_, time, draw(visitors), data={"minutes": draw(amounts)})
    data = fields | {"amount": draw(amounts), "currency": draw(currencies)}
    splits = draw(shares)
    return Event(id_, type_, time, "" if splits else draw(sellers), splits, data)


an_event = events()
an_entry = an_event | st.just("invalid_json")
steps = st.lists(st.sampled_from([1, 1, 1, 2, 4]), max_size=14)


@st.composite
def sources(draw) -> list[tuple[int, object]]:
    """What one source partition holds: (offset, event), (offset, 'reason') for a reject; skipped offsets are
    gaps.
    """
    entries, offset = [], 0
    for step in draw(steps):
        offset += step
        entries.append((offset - 1, draw(an_entry if step < 4 else an_event)))
    return entries


def block_of(partition: int, entries: list, start: int, end: int) -> Block:
    before = [-1, *(offset for offset, _ in entries)]
    part = list(zip(before[start:end], entries[start:end], strict=True))
    return Block(
        partition,
        rows=[(offset, event) for _, (offset, event) in part if isinstance(event, Event)],
        rejected=[[offset, reason] for _, (offset, reason) in part if isinstance(reason, str)],
        gaps=[[offset, offset - last - 1] for last, (offset, _) in part if offset - last > 1],
    )


one_source, one_in_eight, one_in_ten = sources(), st.integers(0, 7), st.integers(0, 9)
#: How far back a block begins: where the last one ended, two entries before that, at the beginning.
overlaps = st.sampled_from([0, 0, 0, 2, 99])
whole_numbers = st.integers(0, 99)  # what they are taken modulo is small


@st.composite
def logs(draw, plans: list[PlanApplied] = PLANS) -> list[Step]:
    """Two source partitions interleaved, sometimes in one record, sometimes sent again from an earlier place and cut
    otherwise; plans between.
    """
    every = [draw(one_source), draw(one_source)]
    at = [0, 0]
    log: list[Step] = [plans[draw(whole_numbers) % 4]] if draw(one_in_ten) else []
    while any(at[partition] < len(every[partition]) for partition in (0, 1)):
        if not draw(one_in_eight):
            log.append(plans[draw(whole_numbers) % len(plans)])
        open_ = [p for p in (0, 1) if at[p] < len(every[p])]
        partition = open_[draw(whole_numbers) % len(open_)]
        start = max(0, at[partition] - draw(overlaps))
        end = start + draw(whole_numbers) % (len(every[partition]) - start + 1)
        block = block_of(partition, every[partition], start, end)
        if log and isinstance(log[-1], Block) and log[-1].partition != partition and draw(st.booleans()):
            block = Together([log.pop(), block])
        log.append(block)
        at[partition] = max(at[partition], end)
    return log


def run(log: list, cuts: list[int], restarts: list[int] = ()) -> Result:
    """Folds ``log`` cut before the given records; at ``restarts`` goes on from the checkpoint in a new
    instance.
    """
    records, result, saved = as_records(log), Result(), {}
    crediting = Crediting(0, TARGETS)
    bounds = sorted({0, len(records), *(cut % (len(records) + 1) for cut in [*cuts, *restarts])})
    again = {cut % (len(records) + 1) for cut in restarts}
    for start, end in pairwise(bounds):
        fold(crediting, records[start:end], result)
        if end in again:
            saved |= crediting.dirty_rows()
            crediting = Crediting(0, TARGETS)
            crediting.restore({key: value for key, value in saved.items() if value})
    return result


cut_points = st.lists(st.integers(0, 40), max_size=8)
_SALE = Event("i1", "sale", START, "E1", None, {"amount": 100, "currency": "CNY"}, "shop", "")
_CORRECTED = Event("r1", "correction", START, "", None, {"sale_id": "i1", "amount": 1, "currency": "CNY"}, "shop", "")
#: All credits of a correction say whether a limit was on it, also those of overlays.
OVERLAYS_CORRECTED = [OVERLAID, Block(1, [(0, _SALE), (1, _CORRECTED)], [], [])]


@examples(8)
@example(OVERLAYS_CORRECTED, [], [])
@given(logs(), cut_points, cut_points)
def test_any_cut_and_any_restart_give_what_the_reference_gives(log, cuts, restarts):
    expected = Reference(TARGETS).run(log)
    by_target = defaultdict(list)
    for target, row in expected.credits:
        by_target[target].append(row)
    for result in (
        run(log, []),
        run(log, cuts),
        run(log, cuts, restarts),
        run(log, list(range(40)), list(range(40))),
    ):
        assert result.credits == by_target
        assert [(letter["reason"], letter["id"]) for letter in result.letters] == expected.letters


@examples(8)
@given(logs(), cut_points, cut_points)
def test_dead_letters_and_outcomes_do_not_depend_on_cuts(log, cuts, restarts):
    whole = run(log, [])
    for result in (run(log, cuts), run(log, cuts, restarts), run(log, list(range(40)))):
        assert result.letters == whole.letters
        assert result.outcomes.keys() == whole.outcomes.keys()
        for key, outcome in whole.outcomes.items():
            assert {**result.outcomes[key], "version": 0} == {**outcome, "version": 0}


@examples(8)
@given(logs(), cut_points)
def test_every_source_offset_is_counted_once(log, cuts):
    result = run(log, cuts)
    consumed = defaultdict(set)
    for block in blocks_in(log):
        consumed[block.partition] |= {offset for offset, _ in [*block.rows, *block.rejected]}
    for (_, partition), outcome in result.outcomes.items():
        fates = sum(outcome[name] for name in ("applied", "duplicate", "dead_lettered", "parked"))
        assert fates == len(consumed[partition])
        assert outcome["last_offset"] == max(consumed[partition])
        assert fates + outcome["gaps"] == outcome["last_offset"] + 1
    assert {partition for _, partition in result.outcomes} == set(consumed) - {
        p for p, found in consumed.items() if not found
    }


@examples(8)
@given(logs(plans=[one for one in PLANS if not one.plan.rates and one is not OVERLAID]), cut_points)
def test_credits_of_an_event_sum_to_it(log, cuts):
    amounts_of = defaultdict(list)
    for block in blocks_in(log):
        for _, event in block.rows:
            amounts_of[event.hash].append(event.data.get("amount", 0) * (-1 if event.type == "refund" else 1))
    totals: Counter = Counter()
    for row in run(log, cuts).rows:
        # one event's credits: same id, same position, and for released refunds a run of payee numbers
        if row["type"] not in ("correction", "cancellation"):
            totals[row["event_hash"], row["offset"], row["index"]] += row.get("data.amount", 0)
    for (hash_, *_), total in totals.items():
        assert total in amounts_of[hash_]


@examples(8)
@given(
    st.integers(1, 30_000),
    st.lists(st.integers(0, 30_000), max_size=4),
    st.sampled_from(["CNY", "JPY"]),
    st.sampled_from(SPLITS[:3]),
)
def test_a_sale_that_is_refunded_piece_by_piece_leaves_nothing(amount, marks, currency, splits):
    """Converted and capped as it may be: the refunds take back what was credited, payee by payee."""
    limited = next(one for one in PLANS if one.id == "5")
    marks = sorted({0, amount, *(mark % amount for mark in marks)})
    data = {"amount": amount, "currency": currency}
    events = [Event("s", time=START + 2 * DAY, splits=splits, data=data)]
    for low, high in pairwise(marks):
        back = {"sale_id": "s", "amount": high - low, "currency": currency}
        events.append(Event(f"r{high}", "refund", START + 5 * DAY, data=back))
    rows = run([limited, Block(0, list(enumerate(events)))], []).rows
    left: Counter = Counter()
    for row in rows:
        left[row["employee"]] += row["data.amount"]
    assert not any(left.values())
    sold = sum(row["data.amount"] for row in rows if row["id"] == "s")
    expected = min(10_100, amount if currency == "CNY" else round_half_up(Fraction(amount * 4871, 100_000), 100))
    assert sold == expected


@examples(8)
@given(logs(), cut_points)
def test_source_offsets_seen_before_change_nothing(log, cuts):
    once = run(log, cuts)
    again = run(log + [step for step in log if not isinstance(step, PlanApplied)], [*cuts, len(log)])
    assert again.credits == once.credits
    assert again.letters == once.letters
    for key, outcome in once.outcomes.items():
        assert {**again.outcomes[key], "version": 0} == {**outcome, "version": 0}
