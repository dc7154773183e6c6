"""What others write into our topics: refused in a sentence where money hangs on it, left out of what is only shown."""

from types import SimpleNamespace

import click
import pytest
from msgspec import DecodeError

from infra import ledger_topics
from infra.run.awards_tail import AwardsTail
from infra.settings import Settings
from schemas.payouts import Payment, encode_payout
from schemas.results import decode_award

FOREIGN = [None, b"", b"{", b"[]", b"{}", b'{"plan": "\xff"}']


def records(*values: bytes | None) -> list[SimpleNamespace]:
    return [SimpleNamespace(topic="t", partition=0, offset=at, value=one) for at, one in enumerate(values)]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_pay_names_the_record_that_it_cannot_read(foreign: bytes | None, monkeypatch: pytest.MonkeyPatch):
    paid = encode_payout(Payment("p", "month", "2026-03", 1, "E1", "", "CNY", "1.0000", 5))
    monkeypatch.setattr(ledger_topics, "whole_topic", lambda *_: records(paid, foreign))
    for read in (lambda: ledger_topics.logged_payments(Settings()),
                 lambda: ledger_topics.published_versions(Settings(), "p")):  # fmt: skip
        with pytest.raises(click.ClickException, match=r"^t, partition 0, offset \d cannot be read"):
            read()


@pytest.mark.parametrize("foreign", FOREIGN)
def test_views_of_awards_leave_it_out(foreign: bytes | None):
    with pytest.raises(DecodeError):
        decode_award(foreign)
    tail = AwardsTail(Settings())
    tail._add(foreign)
    assert not tail.states
