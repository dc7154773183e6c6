"""Channels: webhook, Apprise, file, console. The edge to whoever receives alerts.

``send`` never raises for what a receiver does; what it returns names no URL, since URLs hold tokens.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol

import aiohttp
import apprise
import msgspec

from sinks.alerts.config import AlertSettings, Channel
from sinks.alerts.config_file import resolve
from sinks.alerts.outbox import Pending
from sinks.alerts.routing import severity_of
from sinks.alerts.templates import Message

#: Apprise's own pictures and colours for our severities.
_APPRISE_TYPES = {"normal": "success", "high": "success", "warning": "warning"}
#: Answers that concern this one alert; any other refusal concerns the channel (wrong token, gone, overloaded).
_REFUSED_ALERT = frozenset((400, 413, 415, 422))
_LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt. ``retry_after``: seconds that the receiver asks for, None if it does not."""

    accepted: bool
    error: str = ""
    whole_channel: bool = True
    retry_after: float | None = None


ACCEPTED = Outcome(True)


class Sender(Protocol):
    """Something that takes alerts."""

    async def send(self, pending: Pending, message: Message) -> Outcome:
        """One attempt."""

    async def close(self) -> None:
        """Give up connections."""


class WebhookSender:
    """POST of JSON, signed with HMAC-SHA256 over ``<timestamp>.<body>``; the alert's id lets receivers drop copies."""

    def __init__(self, url: str, secret: str, timeout: float) -> None:
        self._url, self._secret = url, secret.encode()
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._seconds = timeout
        self._session: aiohttp.ClientSession | None = None

    async def send(self, pending: Pending, message: Message) -> Outcome:
        """One POST; accepted is 2xx."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        body = payload(pending, message)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "kpistream",
            "Idempotency-Key": pending.alert_id,
        } | signature(self._secret, body, int(time.time()))
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                return judged(answer.status, answer.headers.get("Retry-After"), time.time())
        except TimeoutError:
            return Outcome(False, f"no answer in {self._seconds:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # a connection's errno says enough; texts of the client may hold the URL
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
            return Outcome(False, f"{type(error).__name__}{f': {reason}' if reason else ''}")

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def payload(pending: Pending, message: Message) -> bytes:
    """The JSON that a webhook gets: text, severity and the whole award."""
    return msgspec.json.encode(
        {
            "alert_id": pending.alert_id,
            "state": pending.award.state,
            "severity": severity_of(pending.award),
            "language": pending.to.language,
            "title": message.title,
            "body": message.body,
            "award": pending.award,
        }
    )


def signature(secret: bytes, body: bytes, at: int) -> dict[str, str]:
    """Headers that prove who sent ``body`` and when (seconds since the epoch); none without a secret."""
    if not secret:
        return {}
    digest = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Kpistream-Timestamp": str(at), "X-Kpistream-Signature": f"sha256={digest}"}


def judged(status: int, retry_after: str | None, now: float) -> Outcome:
    """What an HTTP answer means; RFC 9110 section 10.2.3: Retry-After is seconds or a date."""
    if 200 <= status < 300:
        return ACCEPTED
    return Outcome(False, f"HTTP {status}", status not in _REFUSED_ALERT, _retry_seconds(retry_after, now))


def _retry_seconds(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    if value.strip().isdigit():
        return min(float(value), _LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(0.0, until.timestamp() - now), _LONGEST_RETRY_AFTER)


class AppriseSender:
    """Any of Apprise's services. It tells that a service refused, not with which status."""

    def __init__(self, url: str, timeout: float) -> None:
        # its log may hold URLs; what it knows comes back with the result
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        self._timeout = timeout
        self._service = apprise.Apprise()
        if not self._service.add(url):
            raise ValueError("Apprise does not understand the URL")

    async def send(self, pending: Pending, message: Message) -> Outcome:
        """One notification, in a thread."""
        kind = apprise.NotifyType(_APPRISE_TYPES[severity_of(pending.award)])

        def notify() -> bool:
            return bool(self._service.notify(body=message.body, title=message.title, notify_type=kind))

        try:
            done = await asyncio.wait_for(asyncio.to_thread(notify), self._timeout)
        except TimeoutError:
            return Outcome(False, f"no answer in {self._timeout:g} s")
        except Exception as error:  # plugins of many authors
            return Outcome(False, type(error).__name__)
        return ACCEPTED if done else Outcome(False, "the service did not take it")

    async def close(self) -> None:
        """Nothing is kept open."""


class FileSender:
    """Appends to a text file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, pending: Pending, message: Message) -> Outcome:
        """One write, so that a kill leaves no half alert."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                file.write(text_block(pending, message).encode())
        except OSError as error:
            return Outcome(False, f"{self._path}: {error.strerror}")
        return ACCEPTED

    async def close(self) -> None:
        """Nothing is kept open."""


class ConsoleSender:
    """Writes to standard output."""

    async def send(self, pending: Pending, message: Message) -> Outcome:
        """One write; Faust gives its own standard output to the log, so the real one is used."""
        out = sys.__stdout__
        try:
            if out is not None:
                out.write(text_block(pending, message))
                out.flush()
        except (OSError, ValueError) as error:
            return Outcome(False, f"standard output: {error}")
        return ACCEPTED

    async def close(self) -> None:
        """Nothing is kept open."""


def text_block(pending: Pending, message: Message) -> str:
    """An alert as lines: when the award came to the log (UTC) and the title, then the body, set in."""
    at = datetime.fromtimestamp(pending.since / 1000, UTC)
    body = "".join(f"  {line}\n" for line in message.body.splitlines())
    return f"{at:%Y-%m-%d %H:%M:%S} {message.title}\n{body}"


def sender_of(channel: Channel, environment: Mapping[str, str]) -> Sender:
    """The sender of a channel; raises ValueError where its URL or a reference cannot be used."""
    if channel.webhook is not None:
        url = resolve(channel.webhook, environment)
        if not url.startswith(("http://", "https://")):
            raise ValueError("webhook: expected a URL that begins with http:// or https://")
        return WebhookSender(url, resolve(channel.secret, environment), channel.timeout)
    if channel.apprise is not None:
        return AppriseSender(resolve(channel.apprise, environment), channel.timeout)
    return FileSender(Path(channel.file)) if channel.file is not None else ConsoleSender()


def open_senders(settings: AlertSettings, environment: Mapping[str, str]) -> dict[str, Sender]:
    """A sender for every channel; raises ValueError naming the channel."""
    senders = {}
    for name, channel in settings.channels.items():
        try:
            senders[name] = sender_of(channel, environment)
        except ValueError as error:
            raise ValueError(f"channel {name}: {error}") from error
    return senders
