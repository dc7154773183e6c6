"""Two receivers of alerts, and what each was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.alerts_process import SECRET, Receiver

_SETTINGS = """\
channels:
  front: {webhook: "${FRONT_URL}", secret: "${HOOK_SECRET}", timeout: 2s, first_pause: 100ms, longest_pause: 1s}
  back: {webhook: "${BACK_URL}", secret: "${HOOK_SECRET}", timeout: 20s, first_pause: 100ms, longest_pause: 1s}
routes:
  - to: [front, back]
"""


@dataclass
class Told:
    """What one channel got. ``times``: by (award id, state)."""

    times: Counter[tuple[str, str]] = field(default_factory=Counter)
    standing: set[tuple[str, str, int]] = field(default_factory=set)  # (employee, period, tier) by the last word
    disordered: set[str] = field(default_factory=set)  # employees who heard something before what came earlier


class Receivers:
    """``front`` may be made slow or hang, by its ``answer``; ``back`` always takes what comes.

    ``breaks``: how often the process that sends was cut off, each a right to send one alert again on each channel.
    """

    def __init__(self, folder: Path) -> None:
        self.front, self.back = Receiver(), Receiver()
        self.breaks = 0
        self._file = folder / "alerts.yaml"
        self._file.write_text(_SETTINGS)

    def environment(self) -> dict[str, str]:
        """What the alerts process needs."""
        return {
            "KPISTREAM_ALERTS": str(self._file),
            "FRONT_URL": self.front.url,
            "BACK_URL": self.back.url,
            "HOOK_SECRET": SECRET,
        }

    def told(self) -> dict[str, Told]:
        """By channel."""
        receivers = {"front": self.front, "back": self.back}
        return {name: told_by([body for _, body in one.accepted]) for name, one in receivers.items()}

    def close(self) -> None:
        """Stop listening."""
        self.front.close()
        self.back.close()


def told_by(bodies: Iterable[dict]) -> Told:
    """What a channel got, from the bodies of the requests that it accepted."""
    told, stands, newest = Told(), {}, {}
    for body in bodies:
        award = body["award"]
        told.times[award["award_id"], award["state"]] += 1
        stands[award["employee"], award["period"], award["tier"]] = award["state"] != "revoked"
        place = tuple(award["position"][name] for name in ("offset", "index", "payee"))
        if place < newest.get(award["employee"], place):
            told.disordered.add(award["employee"])
        newest[award["employee"]] = place
    told.standing = {key for key, holds in stands.items() if holds}
    return told
