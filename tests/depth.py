"""How many random examples a law is tried on in every run, each time others; DEPTH=20 tries twenty times as many.

All of them together are to take a minute, so each law has few. What it was once seen to miss is pinned; whatever else
there may be is hunted with more DEPTH, at least where a change touches what the law is about.
"""

from __future__ import annotations

import os

from hypothesis import settings

_DEPTH = float(os.environ.get("DEPTH", "1"))


def examples(count: int, **more: object) -> settings:
    """Settings of a law that is tried on ``count`` examples in every run."""
    return settings(max_examples=often(count), deadline=None, **more)


def often(count: int) -> int:
    """``count``, or as many more as DEPTH says."""
    return max(1, round(count * _DEPTH))
