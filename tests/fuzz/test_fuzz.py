"""A short cut of ``make fuzz``, each time with other inputs."""

from __future__ import annotations

from random import SystemRandom

import pytest

from tests.fuzz.fuzzing import Found, fuzz
from tests.fuzz.targets import TARGETS, Target


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_input_is_answered_with_the_declared_error(name: str):
    inputs = 15 if name == "plans" else 300
    assert fuzz(name, SystemRandom().randrange(2**32), inputs=inputs) == inputs


def test_a_parser_that_crashes_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(TARGETS, "bad", Target(lambda value: value.decode(), lambda: [b"\xff"]))
    with pytest.raises(Found, match="bad, seed 1, input"):
        fuzz("bad", 1, inputs=50)
