"""One fuzzing run: inputs from a seed until time is up; the first that is not answered as it should be ends it."""

from __future__ import annotations

import resource
import signal
import time
from random import Random

from tests.fuzz.mutations import mutated
from tests.fuzz.targets import TARGETS

HANG_SECONDS = 10
#: By which the process may grow in a run.
MEMORY_BYTES = 512 << 20


class Found(AssertionError):
    """An input that crashes, hangs or swells."""


def fuzz(name: str, seed: int, seconds: float = 0.0, inputs: int = 0) -> int:
    """Feed a target for ``seconds``, or with so many ``inputs``; returns how many it got. Raises Found."""
    target, dice, fed = TARGETS[name], Random(f"{seed} {name}"), 0
    corpus, end = target.corpus(), time.monotonic() + seconds
    before = _most_memory()
    signal.signal(signal.SIGALRM, _hangs)
    while (fed < inputs) if inputs else (time.monotonic() < end):
        value = mutated(dice, corpus)
        signal.alarm(HANG_SECONDS)
        try:
            target.feed(value)
        except target.errors:
            pass
        except Exception as error:
            raise Found(f"{name}, seed {seed}, input {fed}: {error!r} for {value[:300]!r}") from error
        finally:
            signal.alarm(0)
        fed += 1
        if _most_memory() - before > MEMORY_BYTES:
            raise Found(f"{name}, seed {seed}, input {fed}: over {MEMORY_BYTES >> 20} MB more at {value[:300]!r}")
    return fed


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _hangs(*_: object) -> None:
    raise TimeoutError(f"no answer in {HANG_SECONDS} s")
