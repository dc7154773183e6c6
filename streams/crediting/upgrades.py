"""Steps from older formats of crediting's state to newer ones."""

from __future__ import annotations

import msgspec

from runtime.state_layout import each_row
from schemas.control import decode_control
from streams.crediting.chunks import with_profiles
from streams.crediting.memory import FINAL_ROWS, MERGED_ROWS
from streams.crediting.profiles import Profiles


def profiles_added(rows: dict[str, bytes]) -> dict[str, bytes]:
    """Format 1 → 2: of sales that came before nothing but what was kept is known; from here on the plan in force says
    what is.
    """
    found = each_row((MERGED_ROWS, FINAL_ROWS), with_profiles)(rows)
    if "plan" in rows:
        profiles = Profiles()
        profiles.of(decode_control(rows["plan"]).plan)
        found["profiles/0"] = msgspec.msgpack.encode(profiles.all)
    return found
