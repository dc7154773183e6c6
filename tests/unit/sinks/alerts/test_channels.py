"""What answers mean, how a webhook is signed, and that no secret is repeated."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from sinks.alerts.channels import ACCEPTED, Outcome, judged, open_senders, payload, sender_of, signature, text_block
from sinks.alerts.config import AlertSettings, Channel, Route
from sinks.alerts.delivery import alert_id
from sinks.alerts.outbox import Pending
from sinks.alerts.routing import Destination
from sinks.alerts.templates import message_of
from tests.unit.sinks.alerts.awards import SILVER

PENDING = Pending(alert_id(SILVER, "c"), SILVER, Destination("c", "en"), 0, 0, since=1_774_600_000_000)
MESSAGE = message_of(SILVER, "en")


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome"),
    [
        (200, None, ACCEPTED),
        (204, None, ACCEPTED),
        (302, None, Outcome(False, "HTTP 302")),
        (401, None, Outcome(False, "HTTP 401")),
        (422, None, Outcome(False, "HTTP 422", whole_channel=False)),
        (429, "30", Outcome(False, "HTTP 429", retry_after=30.0)),
        (503, "Thu, 01 Jan 1970 00:01:40 GMT", Outcome(False, "HTTP 503", retry_after=40.0)),
        (503, "Thu, 01 Jan 1970 00:00:10 GMT", Outcome(False, "HTTP 503", retry_after=0.0)),
        (503, "soon", Outcome(False, "HTTP 503")),
        (429, "999999", Outcome(False, "HTTP 429", retry_after=3600.0)),
    ],
)
def test_answers(status, retry_after, outcome):
    assert judged(status, retry_after, now=60.0) == outcome


def test_a_webhook_is_signed_over_time_and_body():
    body = payload(PENDING, MESSAGE)
    expected = hmac.new(b"key", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert signature(b"key", body, 1_700_000_000) == {
        "X-Kpistream-Timestamp": "1700000000",
        "X-Kpistream-Signature": f"sha256={expected}",
    }
    assert signature(b"", body, 1) == {}


def test_what_a_webhook_gets():
    got = json.loads(payload(PENDING, MESSAGE))
    assert got["alert_id"] == PENDING.alert_id
    assert (got["state"], got["severity"], got["language"]) == ("final", "normal", "en")
    assert (got["title"], got["body"]) == (MESSAGE.title, MESSAGE.body)
    assert (got["award"]["employee"], got["award"]["gap"]) == ("E1", "50000")


async def test_a_text_file_gets_one_block_an_alert(tmp_path: Path):
    sender = sender_of(Channel(file=str(tmp_path / "new" / "alerts.txt")), {})
    assert await sender.send(PENDING, MESSAGE) == ACCEPTED
    assert await sender.send(PENDING, MESSAGE) == ACCEPTED
    block = text_block(PENDING, MESSAGE)
    assert (tmp_path / "new" / "alerts.txt").read_text() == block * 2
    assert block.splitlines()[:2] == [
        "2026-03-27 08:26:40 Li Wei reached “Silver” (100%)",
        "  Li Wei (team sales-east) reached “Silver” (100%) for March 2026.",
    ]


async def test_a_file_that_cannot_be_written_is_a_failure(tmp_path: Path):
    outcome = await sender_of(Channel(file=str(tmp_path)), {}).send(PENDING, MESSAGE)
    assert outcome == Outcome(False, f"{tmp_path}: Is a directory")


async def test_a_receiver_that_is_not_there_is_named_without_its_url():
    for channel in (Channel(webhook="${URL}"), Channel(apprise="${APPRISE}")):
        sender = sender_of(channel, {"URL": "http://127.0.0.1:9/token", "APPRISE": "json://127.0.0.1:9/token"})
        outcome = await sender.send(PENDING, MESSAGE)
        await sender.close()
        assert not outcome.accepted and outcome.whole_channel
        assert outcome.error and "token" not in outcome.error


def test_a_url_that_nobody_understands_is_named_by_its_channel():
    channels = {"chat": Channel(apprise="${CHAT}")}
    with pytest.raises(ValueError, match=r"^channel chat: Apprise does not understand the URL$"):
        open_senders(AlertSettings(channels=channels, routes=(Route(to=("chat",)),)), {"CHAT": "token-without-scheme"})
