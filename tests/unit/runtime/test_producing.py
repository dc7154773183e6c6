"""Records placed by key: in order, tried again where they failed, and where Kafka's clients would have put them."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from infra.metrics import PRODUCE_RETRIES
from runtime import producing
from runtime.producing import Sender, partition_by_key
from runtime.records import Out


class _Producer:
    """A broker that refuses ``values`` as often as they say, at once or when it answers; ``log``: what it has taken."""

    def __init__(self, values: dict[bytes, int], at_once: bool = False, error: type[Exception] = KafkaTimeoutError):
        self.refused, self.at_once, self.error, self.log = values, at_once, error, []

    async def send(self, topic: str, value: bytes, *, key: bytes, headers: list, partition=None) -> asyncio.Future:
        answer = asyncio.get_running_loop().create_future()
        if self.refused.get(value, 0):
            self.refused[value] -= 1
            if self.at_once:
                raise self.error
            answer.set_exception(self.error())
        else:
            self.log.append((key, value))
            answer.set_result(None)
        return answer

    async def send_and_wait(self, topic: str, value: bytes, **more) -> None:
        return await (await self.send(topic, value, **more))


class _Ended(Exception):
    """The process."""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producing, "_BACKOFF", (0, 0, 0))


def _awards(*values: bytes) -> list[Out]:
    return [Out("awards", value, key=value[:1]) for value in values]


async def test_what_goes_well_keeps_its_order():
    producer = _Producer({})
    await Sender(producer, "test").send(_awards(b"a1", b"b1", b"a2", b"b2"))
    assert producer.log == [(b"a", b"a1"), (b"b", b"b1"), (b"a", b"a2"), (b"b", b"b2")]


@pytest.mark.parametrize("at_once", [False, True])
async def test_what_fails_is_sent_again_with_what_follows_for_its_key(at_once):
    producer, before = _Producer({b"a1": 3, b"b2": 1}, at_once), PRODUCE_RETRIES.labels("test")._value.get()
    await Sender(producer, "test").send(_awards(b"a0", b"a1", b"b1", b"a2", b"b2", b"c1"))
    sent = {key: [value for of, value in producer.log if of == key] for key in (b"a", b"b", b"c")}
    assert sent == {b"a": [b"a0", b"a2", b"a1", b"a2"], b"b": [b"b1", b"b2"], b"c": [b"c1"]}
    assert PRODUCE_RETRIES.labels("test")._value.get() == before + 4


@pytest.mark.parametrize("error", [KafkaTimeoutError, MessageSizeTooLargeError])
async def test_what_never_succeeds_ends_the_process(error, monkeypatch):
    ended = []

    def fatal(sentence: str) -> None:
        ended.append(sentence)
        raise _Ended

    monkeypatch.setattr(producing, "fatal", fatal)
    with pytest.raises(_Ended):
        await Sender(_Producer({b"a1": 99}, error=error), "test").send(_awards(b"a1", b"b1"))
    assert len(ended) == 1 and "awards" in ended[0]


async def test_what_is_no_fault_of_kafka_is_raised():
    with pytest.raises(ZeroDivisionError):
        await Sender(_Producer({b"a1": 1}, error=ZeroDivisionError), "test").send(_awards(b"a1", b"b1"))


@given(st.binary(max_size=40), st.integers(1, 12))
def test_a_key_lies_where_kafkas_clients_put_it(key, partitions):
    everywhere = list(range(partitions))
    assert partition_by_key(key, everywhere, everywhere) == DefaultPartitioner()(key, everywhere, everywhere)


def test_a_record_without_key_may_lie_anywhere():
    assert {partition_by_key(None, [0, 1, 2], [1]) for _ in range(20)} == {1}
    assert partition_by_key(None, [0, 1, 2], []) in (0, 1, 2)
