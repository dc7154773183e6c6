"""Laws of payouts and payments, over random lines, draws, closes and orders."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.payouts import Payment
from schemas.plan_draws import Draw
from streams.ledger.payments import paid_for, payments, recorded
from streams.ledger.payouts import Basis, Payee, payout, payouts, totals
from tests.depth import examples

MONEY = st.integers(-10**9, 10**9).map(lambda fixed: Decimal(fixed).scaleb(-4))
LINES = st.lists(st.tuples(st.sampled_from(["E1", "E2", ""]), st.sampled_from(["CNY", "USD"]), MONEY), max_size=20)
DRAWS = st.dictionaries(
    st.sampled_from(["E1", "E2", "E3"]),
    st.builds(
        Draw, id=st.just("d"), period=st.just("month"), amount=st.integers(1, 5000),
        kind=st.sampled_from(["recoverable", "guarantee"]),
    ),
)  # fmt: skip
SEEDS = st.integers(0, 2**32)


def _parts(lines: list) -> list:
    return [(Payee.of(employee, "north", "sales", currency), 1, amount) for employee, currency, amount in lines]


@examples(40)
@given(LINES, DRAWS, SEEDS)
def test_the_sum_of_the_lines_is_what_is_earned_in_any_order(lines, draws, seed):
    parts = _parts(lines)
    rows = payout(Basis(totals(parts), draws), {}, "CNY")
    assert sum(row.earned for row in rows) == sum((amount for *_, amount in lines), Decimal(0))
    assert sum(row.lines for row in rows) == len(lines)
    Random(seed).shuffle(parts)
    halves = [(payee, *sums) for part in (parts[::2], parts[1::2]) for payee, sums in totals(part).items()]
    assert payout(Basis(totals(parts), draws), {}, "CNY") == payout(Basis(totals(halves), draws), {}, "CNY") == rows


@examples(40)
@given(st.lists(st.tuples(LINES, DRAWS, st.integers(1, 3)), min_size=1, max_size=4), SEEDS)
def test_earned_less_paid_is_the_balance_and_paying_twice_changes_nothing(periods, seed):
    """Periods in a row; each may be paid out in several versions, as lines go on coming, and paid after each."""
    earned, paid, outstanding, dice = {}, {}, {}, Random(seed)
    for lines, draws, versions in periods:
        log: list[Payment] = []
        for version in range(1, versions + 1):
            rows = payout(Basis(totals(_parts(lines[: len(lines) * version // versions])), draws), outstanding, "CNY")
            made = payments(rows, paid_for(recorded(log).values(), "p", "month", "m"))
            for run in range(dice.randint(1, 2)):  # two at once record the same, in any order; one may end half-way
                log += [
                    Payment("p", "month", "m", version, payee.employee, payee.unit, payee.currency, str(amount), run)
                    for payee, amount in made[dice.randint(0, 1) * run * len(made) // 2 :]
                ]
            dice.shuffle(log)
            paid_here = paid_for(recorded(log).values(), "p", "month", "m")
            assert payments(rows, paid_here) == []
            assert {payee: amount for payee, amount in paid_here.items() if amount} == {
                row.payee: row.amount for row in rows if row.amount
            }
        for row in rows:
            earned[row.payee] = earned.get(row.payee, Decimal(0)) + row.earned + row.guarantee
            paid[row.payee] = paid.get(row.payee, Decimal(0)) + paid_here.get(row.payee, Decimal(0))
            # all that was paid beyond what was earned is advances still to be recovered
            assert earned[row.payee] - paid[row.payee] == -row.outstanding <= 0
            outstanding[row.payee] = row.outstanding


@examples(40)
@given(LINES, DRAWS, LINES, DRAWS)
def test_who_is_due_nothing_any_more_keeps_a_row_and_gives_back_what_he_was_paid(lines, draws, fewer, other):
    first = payout(Basis(totals(_parts(lines)), draws), {}, "CNY")
    paid = dict(payments(first, {}))
    known = [row.payee for row in first]
    second = payout(Basis(totals(_parts(fewer)), other, known), {}, "CNY")
    assert {*known} <= {row.payee for row in second}
    only_fresh = payout(Basis(totals(_parts(fewer)), other), {}, "CNY")
    for rows in (second, only_fresh):  # also from a version that has forgotten somebody
        after = dict(paid)
        for payee, amount in payments(rows, paid):
            after[payee] = after.get(payee, Decimal(0)) + amount
        assert {payee: amount for payee, amount in after.items() if amount} == {
            row.payee: row.amount for row in rows if row.amount
        }


@examples(40)
@given(LINES, DRAWS, MONEY.map(abs))
def test_a_draw_is_paid_at_least_and_no_more_is_recovered_than_was_advanced(lines, draws, before):
    former = {Payee(employee, "", "CNY"): before for employee in ("E1", "E2", "E3")}
    for row in payout(Basis(totals(_parts(lines)), draws), former, "CNY"):
        draw = draws.get(row.payee.employee) if row.payee.currency == "CNY" else None
        assert row.outstanding >= 0 and row.recovery <= former.get(row.payee, 0)
        assert draw is None or row.amount >= draw.amount
        assert draw is not None or row.amount >= min(row.earned, Decimal(0))
        assert not (row.advance and row.recovery)


@examples(40)
@given(st.lists(st.tuples(LINES, DRAWS), min_size=1, max_size=5))
def test_periods_in_a_row_earn_what_is_paid_but_for_advances_that_are_out(periods):
    """Σ lines = statement, where draws are lines too; over all periods earned − due = −outstanding."""
    bases = [Basis(totals(_parts(lines)), draws) for lines, draws in periods]
    made = payouts(bases, {}, "CNY")
    earned, due, left = {}, {}, {}
    for basis, rows in zip(bases, made, strict=True):
        assert rows == payout(basis, left, "CNY")
        for row in rows:
            drawn = [row.guarantee, row.advance, -row.recovery]
            assert sum(drawn, basis.earned.get(row.payee, (0, Decimal(0)))[1]) == row.amount
            assert (row.draw == "d") == (row.payee.currency == "CNY" and row.payee.employee in basis.draws)
            earned[row.payee] = earned.get(row.payee, Decimal(0)) + row.earned + row.guarantee
            due[row.payee] = due.get(row.payee, Decimal(0)) + row.amount
            left[row.payee] = row.outstanding
    assert {payee: earned[payee] - due[payee] for payee in due} == {payee: -one for payee, one in left.items()}
