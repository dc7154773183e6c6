"""Times in events: RFC 3339 with a zone, kept as whole milliseconds since the epoch, UTC."""
from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic_core import core_schema

from schemas.rules import RuleError, plain

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME_FROM = datetime(1990, 1, 1, tzinfo=UTC)
TIME_BEFORE = datetime(2100, 1, 1, tzinfo=UTC)


def time_ms(text: object) -> int:
    """Milliseconds since the epoch of an RFC 3339 time, finer digits cut off; raises RuleError."""
    found = _RFC3339.fullmatch(text) if type(text) is str else None
    if not found:
        raise RuleError("expected an RFC 3339 time with a zone, such as 2026-03-31T17:30:00+08:00")
    sign, hours, minutes = found[8], int(found[9] or 0), int(found[10] or 0)
    try:
        if hours > 23 or minutes > 59:
            raise ValueError
        local = datetime(*map(int, found.groups()[:6]), tzinfo=UTC)
    except ValueError:
        raise RuleError("expected a date and a time of day that exist (no leap seconds)") from None
    offset = (hours * 60 + minutes) * (-60_000 if sign == "-" else 60_000)
    since = local - _EPOCH
    ms = (since.days * 86_400 + since.seconds) * 1000 + int(((found[7] or "") + "000")[:3]) - offset
    if not ms_of(TIME_FROM) <= ms < ms_of(TIME_BEFORE):
        raise RuleError("expected a time from 1990-01-01 to 2099-12-31 UTC")
    return ms


def ms_of(time: datetime) -> int:
    """Milliseconds since the epoch, cut off."""
    return (time - _EPOCH) // timedelta(milliseconds=1)


def time_of(ms: int) -> datetime:
    """The UTC time of milliseconds since the epoch."""
    return _EPOCH + timedelta(milliseconds=ms)


@dataclass(frozen=True)
class TimeRule:
    """An RFC 3339 time between 1990 and 2100."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return plain(lambda value: time_of(time_ms(value)), "time")

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict:
        return {"type": "string", "format": "date-time"}


Time = Annotated[datetime, TimeRule()]
