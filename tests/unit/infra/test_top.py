"""The rows of ``kpistream top``."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from infra.lag.computation import Group, Partition, Place, Snapshot
from infra.top import Look, StageLine, dead_letters, plain, screen, stage_lines

F0, F1, D0 = Place("facts", 0), Place("facts", 1), Place("dead-letters", 0)
PARTITIONS = {F0: Partition(0, 100), F1: Partition(0, 50), D0: Partition(2, 9)}


def look(at: float, **groups: Group) -> Look:
    named = {name.replace("_", "-"): group for name, group in groups.items()}
    return Look(at, Snapshot(1, PARTITIONS, named), {"p-crediting": 3.25})


def test_every_stage_has_a_row_also_without_a_group_and_others_of_ours_follow():
    now = look(
        12.0,
        p_crediting=Group(2, {F0: 90, F1: 50}),
        p_alerts=Group(1),
        p_sink_app=Group(1),
        p_worker=Group(1),
        p_operators=Group(0),
        other=Group(1),
    )
    before = look(10.0, p_crediting=Group(2, {F0: 30, F1: 50}), p_alerts=Group(1))
    assert stage_lines(now, before, "p") == [
        StageLine("intake", 0, None, 0, 0.0),
        StageLine("crediting", 2, 30.0, 10, 3.25),
        StageLine("performance", 0, None, 0, 0.0),
        StageLine("rollups", 0, None, 0, 0.0),
        StageLine("sink", 0, None, 0, 0.0),
        StageLine("alerts", 1, 0.0, 0, 0.0),
    ]


def test_the_first_look_has_no_rate():
    assert stage_lines(look(1.0, p_crediting=Group(1, {F0: 1})), None, "p")[1].rate is None


def test_text_and_screen_show_the_same_figures():
    now = look(12.0, p_crediting=Group(2, {F0: 90}))
    assert dead_letters(now.snapshot) == 7
    text = plain(now, None, [], "p").splitlines()
    assert text[0].split() == ["stage", "members", "records/s", "behind", "waits", "s"]
    assert text[2].split() == ["crediting", "2", "–", "10", "3.2"]
    assert text[-1] == "dead letters  7"
    out = StringIO()
    Console(file=out, width=80).print(screen(now, None, [], "p"))
    assert "crediting" in out.getvalue()
    assert "3.2" in out.getvalue()
    assert "none yet" in out.getvalue()
