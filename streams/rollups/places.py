"""Who holds a place of an award that compares people, by rule, unit and period."""

from __future__ import annotations

from collections import defaultdict

import msgspec

PREFIX = "places/"
_SEPARATOR = "\x1f"

#: Sequence, whether it stands, and since which position in kpi-updates (offset, index) the conditions hold.
Place = list[int]


class Places:
    """Only those who ever held one, or whose conditions hold, are kept."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], dict[str, Place]] = {}
        #: Units of a rule and period with something kept.
        self._holders: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._dirty: dict[tuple[str, str, str], None] = {}

    def of(self, rule: str, holder: str, period: str) -> dict[str, Place]:
        """By employee. A copy; change it only through ``set``."""
        return {who: list(place) for who, place in self._rows.get((rule, holder, period), {}).items()}

    def set(self, rule: str, holder: str, period: str, row: dict[str, Place]) -> None:
        """Keep ``row``."""
        key = (rule, holder, period)
        if row != self._rows.get(key, {}):
            self._rows[key] = row
            self._holders[rule, period][holder] = None
            self._dirty[key] = None

    def held(self, rule: str, period: str, who: str) -> int:
        """How many places somebody has of a rule in a period, within whatever units."""
        rows = (self._rows[rule, holder, period] for holder in self._holders[rule, period])
        return sum(row[who][1] for row in rows if who in row)

    def known(self, rule: str) -> list[tuple[str, str]]:
        """Units and periods of a rule with something kept."""
        return sorted((holder, period) for of, holder, period in self._rows if of == rule)

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call; b'' where nothing is kept any more."""
        rows = {}
        for key in sorted(self._dirty):
            row = sorted(self._rows[key].items())
            rows[PREFIX + _SEPARATOR.join(key)] = msgspec.msgpack.encode(row) if row else b""
        self._dirty.clear()
        return rows

    def restore(self, name: str, value: bytes) -> None:
        """Take back one checkpoint row."""
        rule, holder, period = name.removeprefix(PREFIX).split(_SEPARATOR)
        self._holders[rule, period][holder] = None
        self._rows[rule, holder, period] = dict(msgspec.msgpack.decode(value, type=list[tuple[str, Place]]))
