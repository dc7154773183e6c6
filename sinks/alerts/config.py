"""The settings of alerts: channels, and routes that say which awards go where. Pure models."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.results import AwardState
from schemas.wording import Language

Severity = Literal["normal", "high", "warning"]

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|file:.+")
_QUIET = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d) (\S+)")


def _seconds(value: object) -> object:
    if not isinstance(value, str) or not (found := _DURATION.fullmatch(value)):
        raise ValueError("expected a duration such as 500ms, 30s, 15m, 24h or 7d")
    return float(found[1]) * _UNITS[found[2]]


def _reference(value: str) -> str:
    # never repeat the value: it may be the secret itself
    if not _REFERENCE.fullmatch(value):
        raise ValueError("expected ${NAME} of an environment variable or file:PATH, so that no secret stands here")
    return value


Seconds = Annotated[float, BeforeValidator(_seconds)]
#: Where a secret is found, not the secret.
Reference = Annotated[str, AfterValidator(_reference)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietHours(_Model):
    """Local times between which nothing is sent; what comes then waits."""

    begin: time
    end: time
    zone: str

    def hold(self, now: time) -> bool:
        """Whether ``now``, a local time of ``zone``, lies in the quiet hours (which may span midnight)."""
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


def _quiet_hours(value: object) -> object:
    found = _QUIET.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("expected hours and a time zone such as 22:00-07:00 Asia/Shanghai")
    try:
        ZoneInfo(found[3])
        begin, end = time.fromisoformat(found[1]), time.fromisoformat(found[2])
    except (ValueError, OSError) as error:
        raise ValueError(f"{error}; expected hours and a time zone such as 22:00-07:00 Asia/Shanghai") from error
    return {"begin": begin, "end": end, "zone": found[3]}


class Channel(_Model):
    """One way to reach people: exactly one of ``apprise``, ``webhook``, ``file``, ``console``."""

    #: An Apprise URL; it holds tokens, so it is given by reference.
    apprise: Reference | None = None
    #: A URL that takes JSON by POST: by reference, or written out where it holds no secret.
    webhook: str | None = None
    #: Key of the webhook's HMAC-SHA256 signature.
    secret: Reference | None = None
    #: Text file to which alerts are appended.
    file: str | None = None
    #: Standard output of the process.
    console: Literal[True] | None = None
    #: Longest time of one attempt.
    timeout: Seconds = 30.0
    #: Pause after the first failure; every further one doubles it, up to ``longest_pause``.
    first_pause: Seconds = 0.5
    longest_pause: Seconds = 60.0
    #: How old an alert may grow before it is given up; without it none is.
    give_up_after: Seconds | None = None
    quiet_hours: Annotated[QuietHours | None, BeforeValidator(_quiet_hours)] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in ("apprise", "webhook", "file", "console") if getattr(self, name) is not None]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            raise ValueError(f"expected exactly one of apprise, webhook, file, console; found {found}")
        if self.secret is not None and self.webhook is None:
            raise ValueError("secret: only a webhook is signed")
        if self.webhook is not None and not _REFERENCE.fullmatch(self.webhook):
            _plain_url(self.webhook)
        if self.timeout <= 0 or self.first_pause <= 0 or self.longest_pause < self.first_pause:
            raise ValueError("expected a timeout and a first_pause above 0 and a longest_pause not below first_pause")
        return self


def _plain_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise ValueError("webhook: expected http://…, https://…, ${NAME} or file:PATH")
    if "@" in url or "?" in url:
        raise ValueError("webhook: a URL with a user or a query may hold a secret: give it as ${NAME} or file:PATH")


class Route(_Model):
    """Awards that meet every condition given here go to ``to``; a condition left out is met by all."""

    to: Annotated[tuple[str, ...], Field(min_length=1)]
    teams: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    employees: tuple[str, ...] = ()
    #: An award of kind bonus+promotion is both, one of kind streak+bonus a streak and a bonus.
    kinds: tuple[
        Literal[
            "tier", "bonus", "promotion", "nudge", "streak", "training", "personal_best", "honour", "first"
        ], ...
    ] = ()
    rules: tuple[str, ...] = ()
    states: tuple[AwardState, ...] = ()
    severities: tuple[Severity, ...] = ()
    language: Language = "en"
    #: Recorded as suppressed instead of being sent.
    quiet: bool = False


class AlertSettings(_Model):
    """The settings file."""

    channels: Annotated[dict[str, Channel], Field(min_length=1)]
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    #: ``all``: every route that fits is followed, for a channel the first; ``first``: only the first that fits.
    match: Literal["all", "first"] = "all"
    #: Awards that came to the log longer ago are suppressed, so that a rebuilt log does not ring everywhere.
    oldest: Seconds | None = None
    #: Undelivered alerts that are held in memory over all channels; beyond it reading waits.
    max_pending: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
