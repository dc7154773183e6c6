"""The law of sinks/checkpoints.py for crediting: a checkpoint's rows are a function of the log before its
marker, so owners that write beside each other never harm the state that the newest marker stands for.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from streams.crediting import Crediting
from tests.depth import examples
from tests.unit.streams.checkpoint_store import Store
from tests.unit.streams.crediting_reference import (
    DAY,
    START,
    Block,
    Event,
    Record,
    Result,
    as_records,
    fold,
)
from tests.unit.streams.test_crediting_laws import PLANS, SPLITS, TARGETS


class Owner:
    """Folds on from what the store held when it took over; checkpoints whether it still owns or not."""

    def __init__(self, store: Store, records: list[Record]) -> None:
        self._store, self._records = store, records
        self.next, rows = store.load()
        self._crediting = Crediting(0, TARGETS)
        self._crediting.restore(rows)

    def fold(self, count: int) -> None:
        """The next ``count`` records as one batch."""
        batch = [record for record in self._records if record.offset >= self.next][:count]
        fold(self._crediting, batch, Result())
        self.next = batch[-1].offset + 1 if batch else self.next

    def checkpoint(self) -> None:
        if self.next:
            self._store.save(self.next, self._crediting.dirty_rows())


def straight(records: list[Record], version: int) -> tuple[Crediting, dict[str, bytes]]:
    """One fold of everything before ``version``, and its live rows."""
    crediting = Crediting(0, TARGETS)
    if not version:
        return crediting, {}
    fold(crediting, [record for record in records if record.offset < version], Result())
    return crediting, {key: value for key, value in crediting.dirty_rows().items() if value}


def outputs(crediting: Crediting, records: list[Record]) -> Result:
    """What folding ``records`` gives, with values that do not depend on the order of columns in a block."""
    result = Result()
    fold(crediting, records, result)
    return result


# mostly the same few sales and refunds, so that refunds wait, meet their sales, and both are forgotten
sales = st.builds(
    lambda id_, payee: Event(
        id_, employee=payee[0], splits=payee[1], data={"amount": 9_900, "currency": "CNY"}
    ),
    st.sampled_from(["s1", "s2", "s3"]),
    st.sampled_from([("E1", None), ("", SPLITS[0])]),
)
refunds = st.builds(
    lambda id_, sale: Event(id_, "refund", data={"sale_id": sale, "amount": 100, "currency": "CNY"}),
    st.sampled_from(["r1", "r2", "r3", "r4", "r5", "r6"]),
    st.sampled_from(["s1", "s2", "s3"]),
)
# made once: to make a strategy costs more than to draw from it
all_batches = st.lists(st.lists(sales | refunds, max_size=3), min_size=8, max_size=24)
days_on, first_offsets = st.sampled_from([0, 0, 0, 1, 3]), st.sampled_from([0, 5, 58, 4_090])
a_plan_at_times = st.integers(0, 10 * len(PLANS) - 1).map(lambda number: PLANS[number : number + 1])
steps, seldom = st.sampled_from([1, 1, 1, 1, 2, 7, 60]), st.sampled_from([False, False, False, True])
act = st.tuples(st.integers(0, 2), seldom, st.sampled_from([0, 1, 1, 2, 3, 9, 20]), st.booleans())
all_acts = st.lists(act, min_size=6, max_size=20)


@st.composite
def histories(draw) -> tuple[list[Record], list[tuple[int, bool, int, bool]]]:
    """A facts log and what its owners do, in order: (owner, takes over?, records to fold, saves?).

    Markers of transactions and compaction leave holes in the log.
    """
    batches = draw(all_batches)
    day, next_offset, log = 0, 0, [PLANS[0]]
    for batch in batches:
        day += draw(days_on)
        rows = [(next_offset + at, replace(event, time=START + day * DAY)) for at, event in enumerate(batch)]
        next_offset += len(batch)
        log += [Block(0, rows), *draw(a_plan_at_times)]
    records, offset = as_records(log), draw(first_offsets)
    for record in records:
        record.offset = offset
        offset += draw(steps)
    return records, draw(all_acts)


@examples(10)
@given(histories(), st.booleans())
def test_whoever_writes_the_store_holds_the_state_at_the_newest_marker(history, later_wins):
    records, acts = history
    store = Store(later_wins)
    owners = [Owner(store, records) for _ in range(3)]
    for who, takes_over, count, saves in acts:
        if takes_over:
            owners[who] = Owner(store, records)
        owners[who].fold(count)
        if saves:
            owners[who].checkpoint()
            marker, rows = store.load()
            assert rows == straight(records, marker)[1]
    marker, rows = store.load()
    expected, _ = straight(records, marker)
    restored = Crediting(0, TARGETS)
    restored.restore(rows)
    rest = [record for record in records if record.offset >= marker]
    assert outputs(restored, rest) == outputs(expected, rest)


def test_what_a_zombie_deletes_is_not_missed_by_the_new_owner():
    """One owner folds in steps of one record, the other in long ones, and both save after the same start."""
    many = [Event(f"s{n}", employee="E1", data={"amount": 100, "currency": "CNY"}) for n in range(1, 24)]
    log = [PLANS[0], *(Block(0, [(n, sale)]) for n, sale in enumerate(many))]
    again = [Block(1, [(n, sale) for n, sale in enumerate(many)])]
    records = as_records(log + again)
    store = Store(later_wins=True)
    owner, zombie = Owner(store, records), Owner(store, records)
    zombie.fold(1)
    for _ in range(7):
        zombie.fold(1)
    zombie.checkpoint()
    zombie.fold(1)
    owner.fold(9)
    owner.checkpoint()
    zombie.fold(1)
    zombie.checkpoint()
    for _ in range(7):
        owner.fold(1)
    owner.fold(8)
    owner.checkpoint()
    heir = Crediting(0, TARGETS)
    heir.restore(store.load()[1])
    assert outputs(heir, records[-1:]).credits == {}


def test_a_parked_refund_is_saved_alike_whatever_it_was_folded_with():
    """Its block's columns stand in another order behind a block that lacks some of them."""
    visit = Event("v1", "visit", employee="E1", data={"sale_id": "s1"})
    refund = Event("r1", "refund", data={"amount": 100, "currency": "CNY", "sale_id": "s1"})
    records = as_records([PLANS[0], Block(0, [(0, visit)]), Block(0, [(1, refund)])])
    single = Crediting(0, TARGETS)
    for record in records:
        fold(single, [record], Result())
    rows = {key: value for key, value in single.dirty_rows().items() if value}
    assert any(key.startswith("parked/") for key in rows)
    assert rows == straight(records, len(records))[1]
