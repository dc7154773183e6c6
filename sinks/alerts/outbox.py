"""Alerts that are not delivered yet, in order, and the offsets that may be committed meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.results import Award
from sinks.alerts.config import AlertSettings
from sinks.alerts.delivery import Deliveries, alert_id
from sinks.alerts.routing import Destination, destinations


@dataclass
class Pending:
    """One alert on its way. ``since``: ms UTC, when the award came to the log; ``due``: on the caller's clock, in s."""

    alert_id: str
    award: Award
    to: Destination
    partition: int
    offset: int
    since: int
    suppressed: bool = False
    attempts: int = 0
    error: str = ""
    due: float = 0.0


def pause_after(failures: int, first: float, longest: float) -> float:
    """Seconds to wait after so many failures in a row: ``first``, doubled each time, at most ``longest``."""
    return min(longest, first * 2 ** min(failures - 1, 40))


class Lane:
    """One channel's alerts in the order of the log. Times are seconds of the caller's clock, which never goes back."""

    def __init__(self, first_pause: float, longest_pause: float) -> None:
        self._first, self._longest = first_pause, longest_pause
        self.items: dict[str, Pending] = {}
        self.failures = 0  # in a row, of the channel as a whole
        self._closed_until = 0.0

    def next(self, now: float) -> Pending | None:
        """The first alert that may be tried: nobody gets a later alert while an earlier one of theirs waits."""
        if now < self._closed_until:
            return None
        waiting: set[str] = set()
        for pending in self.items.values():
            if pending.award.employee in waiting:
                continue
            if pending.due <= now:
                return pending
            waiting.add(pending.award.employee)
        return None

    def wait(self, now: float) -> float | None:
        """Seconds until ``next`` may have something, None while there is nothing to wait for."""
        if not self.items:
            return None
        if now < self._closed_until:
            return self._closed_until - now
        first: dict[str, float] = {}  # employee → when their first alert is due; those behind it wait for it
        for pending in self.items.values():
            first.setdefault(pending.award.employee, pending.due)
        return max(0.0, min(first.values()) - now)

    def failed(self, pending: Pending, now: float, whole_channel: bool, retry_after: float | None) -> None:
        """After a failed attempt: the channel rests, or, where only this alert was refused, the alert does."""
        if whole_channel:
            self.failures += 1
            self._closed_until = now + self._pause(self.failures, retry_after)
        else:
            pending.due = now + self._pause(pending.attempts, retry_after)

    def done(self, pending: Pending, delivered: bool) -> None:
        """The alert leaves the lane; that it was ``delivered`` shows that the channel works."""
        del self.items[pending.alert_id]
        if delivered:
            self.failures = 0

    def _pause(self, failures: int, retry_after: float | None) -> float:
        return max(pause_after(failures, self._first, self._longest), retry_after or 0.0)


class Outbox:
    """All lanes. An offset may be committed once every alert of it and of all offsets before it is final in the log."""

    def __init__(self, settings: AlertSettings, log: Deliveries) -> None:
        self._settings, self._log = settings, log
        self.lanes = {name: Lane(one.first_pause, one.longest_pause) for name, one in settings.channels.items()}
        self._next: dict[int, int] = {}  # partition → offset after the last record taken
        self._open: dict[int, dict[int, int]] = {}  # partition → offset → its undelivered alerts; offsets ascend

    def __len__(self) -> int:
        return sum(len(lane.items) for lane in self.lanes.values())

    @property
    def full(self) -> bool:
        """Whether reading should wait."""
        return len(self) >= self._settings.max_pending

    def take(self, partition: int, offset: int, timestamp: int, award: Award | None, now_ms: int) -> list[Pending]:
        """Take one record of ``awards`` (None: unreadable) and return the alerts it adds, none where all are known."""
        self._next[partition] = offset + 1
        if award is None:
            return []
        oldest = self._settings.oldest
        too_old = oldest is not None and now_ms - timestamp > oldest * 1000
        added = []
        for to in destinations(self._settings, award):
            alert = alert_id(award, to.channel)
            lane = self.lanes[to.channel]
            if self._log.is_final(alert) or alert in lane.items:
                continue
            pending = Pending(alert, award, to, partition, offset, timestamp, suppressed=too_old or to.quiet)
            if (failed := self._log.failed(alert)) is not None:
                pending.attempts, pending.error, pending.since = failed.attempts, failed.error, failed.since
            lane.items[alert] = pending
            counts = self._open.setdefault(partition, {})
            counts[offset] = counts.get(offset, 0) + 1
            added.append(pending)
        return added

    def settled(self, pending: Pending, delivered: bool) -> None:
        """The log holds the alert's end."""
        self.lanes[pending.to.channel].done(pending, delivered)
        counts = self._open[pending.partition]
        counts[pending.offset] -= 1
        if not counts[pending.offset]:
            del counts[pending.offset]

    def committable(self) -> dict[int, int]:
        """Next offset by partition: that of the first undelivered alert, else that after the last record."""
        return {
            partition: next(iter(self._open.get(partition) or ()), following)
            for partition, following in self._next.items()
        }

    def clear(self) -> None:
        """Forget everything: the partitions are somebody else's now."""
        for lane in self.lanes.values():
            lane.items.clear()
        self._next.clear()
        self._open.clear()

    def pending(self) -> Iterable[Pending]:
        """All alerts that are not delivered yet."""
        for lane in self.lanes.values():
            yield from lane.items.values()
