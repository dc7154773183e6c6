"""Laws 1 to 6 under faults: histories from fresh seeds, and deliberately broken builds that must show.

``python -m tests.simulation SEED`` plays one history again, ``make soak`` plays fresh ones for hours.
"""

from __future__ import annotations

import random

import pytest

from tests.depth import often
from tests.simulation.controls import CONTROLS
from tests.simulation.histories import history_of, of_one_stage, random_history, upgraded_history
from tests.simulation.oracle import judge
from tests.simulation.world import Build

#: DEPTH=20 plays twenty times as many, and `make soak` goes on with others for as long as one likes.
FRESH = tuple(random.SystemRandom().randrange(2**32) for _ in range(often(40)))
#: A seed whose history shows the broken build; where histories change, the search goes on with others, of which one in
#: ten or more does.
SHOWS = {
    "acknowledged in finally": 2,
    "checkpoint before the results are acknowledged": 1,
    "commit before the acknowledgement": 8,
    "a failed commit is forgotten": 2,
    "cut off by a stop": 5,
    "state and marker in two inserts": 1,
    "no look at the marker before": 3,
    "no high-water mark": 2,
    "wall clock in a rule": 6,
    "deltas instead of absolute values": 4,
}
OTHERS = range(60)


@pytest.mark.parametrize("number", range(len(FRESH)))
def test_fresh_history(number):
    seed = FRESH[number]
    assert judge(history_of(seed).run()) == [], f"play it again: python -m tests.simulation {seed}"


@pytest.mark.parametrize("number", range(2))
def test_an_upgrade_of_the_state_under_way(number):
    seed = FRESH[number]
    history = upgraded_history(seed).run()
    assert judge(history) == [], f"seed {seed}"
    formats = {number for _, _, number in history.store._rows}
    assert 2 in formats, "nothing was upgraded: the test says nothing"


def test_the_same_seed_gives_the_same_history():
    first, second = random_history(5).run(), random_history(5).run()
    assert first.broker.logs == second.broker.logs


@pytest.mark.parametrize("name", CONTROLS)
def test_a_broken_build_is_seen_where_the_true_one_passes(name):
    build, history = CONTROLS[name]
    seen = next((seed for seed in (SHOWS[name], *OTHERS) if judge(history(seed, build).run())), None)
    assert seen is not None, f"nothing seen: {name}"
    assert judge(history(seen, Build()).run()) == [], f"seed {seen}"


@pytest.mark.parametrize(
    ("name", "stage", "shows"),
    [
        ("cut off by a stop", "crediting", 0),
        ("checkpoint before the results are acknowledged", "performance", 6),
        ("deltas instead of absolute values", "performance", 5),
        ("no look at the marker before", "rollups", 5),
    ],
)
def test_a_broken_build_is_seen_in_one_stage(name, stage, shows):
    build, history = CONTROLS[name]
    seeds = (shows, *OTHERS)
    seen = next((seed for seed in seeds if judge(of_one_stage(history(seed, build), stage).run())), None)
    assert seen is not None, f"nothing seen: {name}"
    assert judge(of_one_stage(history(seen, Build()), stage).run()) == [], f"seed {seen}"
