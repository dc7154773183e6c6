"""Which states a program folds on from, which it turns into its own format, and which it refuses."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiokafka import TopicPartition

import runtime.stage
from runtime.checkpoints import Checkpoint
from runtime.stage import StageRunner
from runtime.state_layout import StateLayout, StateRefused, parsed_name, stage_name
from streams.state_layouts import layout_of

PLACE = TopicPartition("credits", 3)


def _found(format: int = 1, **rows: bytes) -> Checkpoint:
    return Checkpoint("performance", 3, 70, {"a": b"1", **rows}, format, deleted=("gone",))


def test_its_own_format_comes_back_as_it_was():
    assert StateLayout(partitions=4).taken_over(_found(partitions=b"4")) == {"a": b"1"}


def test_steps_lead_from_older_formats_one_after_the_other():
    layout = StateLayout(3, {1: lambda rows: rows | {"b": b"2"}, 2: lambda rows: {"ab": rows["a"] + rows["b"]}})
    assert layout.taken_over(_found(1)) == {"ab": b"12"}


def test_without_a_step_the_log_is_folded_from_the_beginning():
    assert StateLayout(3, {2: dict}).taken_over(_found(1)) is None


def test_a_newer_state_is_refused_with_the_way_out():
    with pytest.raises(StateRefused) as refused:
        StateLayout(2).taken_over(_found(3))
    assert str(refused.value) == (
        "performance, partition 3: its state has format 3, a newer kpistream wrote it and this one knows formats up to "
        "2. Run the newer one; to go back for good, stop all workers, delete the rows of stage performance@3 from "
        "kpistream.checkpoints and start again: the state of before the upgrade is still there"
    )


def test_a_state_of_another_number_of_partitions_is_refused():
    with pytest.raises(StateRefused, match="made with 4 partitions, KPISTREAM_PARTITIONS says 8: set it to 4"):
        StateLayout(partitions=8).taken_over(_found(partitions=b"4"))


def test_a_state_of_another_topic_of_that_name_is_refused_unless_that_is_said_to_be_a_copy():
    anew = StateLayout(topic="credits", topic_id="new")
    with pytest.raises(
        StateRefused, match="made from the topic credits with the id old, which has the id new now"
    ) as said:
        anew.taken_over(_found(topic_id=b"old"))
    assert str(said.value).endswith("KPISTREAM_TOPICS_TAKEN_OVER=credits:new")
    assert replace(anew, another_topic=True).taken_over(_found(topic_id=b"old")) == {"a": b"1"}


@pytest.mark.parametrize(("now", "then"), [("new", None), ("", b"old"), ("same", b"same")])
def test_a_topic_whose_id_nobody_noted_or_tells_is_no_other_one(now: str, then: bytes | None):
    rows = {"topic_id": then} if then else {}
    assert StateLayout(topic="credits", topic_id=now).taken_over(_found(**rows)) == {"a": b"1"}


def test_every_checkpoint_notes_the_topic():
    assert StateLayout(partitions=4, topic_id="x").own_rows() == {"partitions": b"4", "topic_id": b"x"}


def test_only_the_named_copy_is_taken_over():
    taken_over = ("credits:new", "facts:other")
    assert layout_of("performance", 4, "credits", "new", taken_over).another_topic
    assert not layout_of("performance", 4, "credits", "newer", taken_over).another_topic
    assert not layout_of("crediting", 4, "facts", "new", taken_over).another_topic


def test_names_in_the_store_name_the_format():
    assert [parsed_name(stage_name("rollups", number)) for number in (1, 2, 10)] == [
        ("rollups", 1), ("rollups", 2), ("rollups", 10),
    ]  # fmt: skip


class _Fold:
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}

    def updates(self) -> list:
        return []

    def dirty_rows(self) -> dict[str, bytes]:
        return {}

    def restore(self, rows: dict[str, bytes]) -> None:
        self.rows = rows


class _Store:
    def __init__(self, found: Checkpoint) -> None:
        self.found, self.saved = found, []

    def load(self, stage: str, partition: int) -> Checkpoint:
        return self.found

    def save(self, checkpoints: list[Checkpoint]) -> None:
        self.saved += checkpoints


async def _committed(offsets) -> bool:
    return True


def _run(layout: StateLayout, found: Checkpoint) -> tuple[_Fold, _Store, tuple[int, int, bool]]:
    fold, store = _Fold(), _Store(found)
    runner = StageRunner("performance", lambda at, offset: fold, None, store, layout)

    async def take_and_save():
        taken = await runner.take(PLACE, 0)
        await runner.checkpoint(_committed)
        return taken

    return fold, store, asyncio.run(take_and_save())


def test_an_upgraded_state_is_written_whole_at_once_under_its_new_format():
    fold, store, taken = _run(StateLayout(2, {1: lambda rows: {"b": rows["a"]}}, 4), _found(1, partitions=b"4"))
    assert (fold.rows, taken[1:]) == ({"b": b"1"}, (70, True))
    rows = {"gone": b"", "b": b"1", "partitions": b"4"}
    assert store.saved == [Checkpoint("performance", 3, 70, rows, 2)]


def test_a_state_of_the_present_format_is_not_written_again():
    fold, store, _ = _run(StateLayout(1, {}, 4), _found(1, partitions=b"4"))
    assert (fold.rows, store.saved) == ({"a": b"1"}, [])


def test_a_worker_refuses_a_newer_state_and_ends(monkeypatch: pytest.MonkeyPatch):
    said = []

    def fatal(sentence: str):
        said.append(sentence)
        raise SystemExit

    monkeypatch.setattr(runtime.stage, "fatal", fatal)
    with pytest.raises(SystemExit):
        _run(StateLayout(1), _found(2))
    assert "a newer kpistream wrote it" in said[0]
