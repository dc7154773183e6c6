"""Work that must not be cut off half-way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work``. Whoever is cancelled meanwhile stops waiting, but the work goes on, with the locks that it holds.

    For what takes something out before it passes it on: cut off in between, it would be gone.
    """
    return await asyncio.shield(asyncio.ensure_future(work))
