"""Topics that were deleted and made anew are told by their ids, at the start and while running."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

import runtime.topic_identity
from runtime.topic_identity import Reader, identity_refusal, recognise, watch
from tests.simulation.store import Store


class Ended(Exception):
    """Instead of the end of the process."""


@pytest.fixture(autouse=True)
def fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(sentence: str):
        raise Ended(sentence)

    monkeypatch.setattr(runtime.topic_identity, "fatal", end)


def test_the_refusal_says_what_to_do():
    said = identity_refusal(
        Reader("intake", ("a", "b"), "Leave it out"), {"a": "1", "b": "2"}, {"a": "1", "b": "3"}, ()
    )
    assert said == (
        "intake: b was read with the id 2 and has the id 3 now: it was deleted and made anew. Leave it out. Only where "
        "every record is at its old offset, as in a copy of all of Kafka: KPISTREAM_TOPICS_TAKEN_OVER=b:3"
    )


@pytest.mark.parametrize(
    ("before", "now", "taken_over"),
    [({"a": "1"}, {"a": "1"}, ()), ({}, {"a": "1"}, ()), ({"a": "1"}, {"a": ""}, ()), ({"a": "1"}, {"b": "2"}, ()),
     ({"a": "1"}, {"a": "2"}, ("a:2",))],
    ids=["the same", "never read", "no id told", "left out", "a copy"],
)  # fmt: skip
def test_what_is_no_refusal(before: dict, now: dict, taken_over: tuple):
    assert identity_refusal(Reader("sink", ("a", "b"), ""), before, now, taken_over) is None


def test_ids_are_noted_and_found_again():
    store = Store(Random(1))

    def start(now: dict, taken_over: tuple = ()) -> None:
        asyncio.run(recognise(Reader("sink", ("a", "b"), "Start over"), now, store, taken_over))

    start({"a": "1"})
    start({"a": "1", "b": "2"})  # another topic comes to be read
    with pytest.raises(Ended, match="a was read with the id 1 and has the id 9 now"):
        start({"a": "9", "b": "2"})
    start({"a": "9", "b": "2"}, ("a:9",))
    start({"a": "9", "b": ""})  # from now on without being told
    with pytest.raises(Ended, match="b was read with the id 2"):
        start({"a": "9", "b": "3"})


def test_a_topic_that_becomes_another_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime.topic_identity, "_EVERY_SECONDS", 0)
    answers = iter([{"a": ""}, OSError("Kafka is away"), {"a": "1"}, {"a": "1"}, {"a": "2"}])

    def ask() -> dict:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(Ended, match="a was read with the id 1 and has the id 2 now"):
        asyncio.run(watch([Reader("intake", ("b",), ""), Reader("sink", ("a",), "")], {"a": ""}, ask, ()))
    assert not list(answers)
