"""How often the first stage takes records while they are few: once a round of all stages in this process.

A fold costs about a millisecond however small, so stages that run all at once mostly wait for each other. What comes
during a round waits in Kafka's log instead, and is one batch for each stage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from runtime.stage import StageRunner

_MOST_SECONDS = 0.2


async def round_ended(runners: Sequence[StageRunner], most_seconds: float = _MOST_SECONDS) -> None:
    """Wait until each runner has folded what the one before it in ``runners`` has put out so far.

    Only for partitions that this process has in hand, and no longer than ``most_seconds``: a stage that is behind keeps
    nothing out.
    """
    try:
        async with asyncio.timeout(most_seconds):
            for before, after in pairwise(runners):
                await after.caught_up(await before.written())
    except TimeoutError:
        pass
