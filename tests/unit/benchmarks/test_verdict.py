"""A run is right when its sums and awards are those of brute force, and every difference is noticed."""

from __future__ import annotations

import pytest

from benchmarks.sales import Expected, Workload, columns
from benchmarks.verdict import Award, judge

WORKLOAD = Workload.spread(400, 5)
MADE = columns(WORKLOAD)
EXPECTED = Expected.of(MADE, WORKLOAD.tiers)
SUMS = {key: (cents, EXPECTED.counts[key]) for key, cents in EXPECTED.cents.items()}
AWARDS = [Award(*key, MADE.id_of(number)) for key, number in EXPECTED.reached.items()]
KEY = next(iter(SUMS))


def verdict(sums=SUMS, awards=AWARDS) -> str:
    return judge(EXPECTED, sums, awards, MADE.id_of)


def test_a_right_run():
    assert verdict() == f"ok: {len(SUMS)} sums and {len(AWARDS)} awards with their events"
    assert verdict(awards=[Award(*key) for key in EXPECTED.reached]) == f"ok: {len(SUMS)} sums and {len(AWARDS)} awards"
    assert verdict(awards=None) == f"ok: {len(SUMS)} sums"
    assert verdict(sums=SUMS | {("nobody", "2025-12"): (0, 0)}).startswith("ok")


@pytest.mark.parametrize(
    ("sums", "awards", "said"),
    [
        (SUMS | {KEY: (SUMS[KEY][0] + 1, SUMS[KEY][1])}, AWARDS, "1 of 10 sums differ"),
        (SUMS | {KEY: (SUMS[KEY][0], SUMS[KEY][1] - 1)}, AWARDS, "1 of 10 sums differ"),
        ({key: sum for key, sum in SUMS.items() if key != KEY}, AWARDS, "1 of 10 sums differ"),
        (SUMS | {("E9", "2025-12"): (1, 1)}, AWARDS, "1 of 10 sums differ"),
        (SUMS, AWARDS[1:], f"1 of {len(AWARDS)} awards missing"),
        (SUMS, [*AWARDS, AWARDS[0]], "1 awards more than once"),
        (SUMS, [*AWARDS, Award("E9", "2025-12", 0)], "1 awards that nobody earned"),
        (SUMS, [Award(*next(iter(EXPECTED.reached)), "another"), *AWARDS[1:]], "1 awards with another event as cause"),
    ],
)
def test_a_wrong_run(sums, awards, said):
    assert verdict(sums, awards) == f"wrong: {said}"
