"""The text file of alerts as the view follows it."""

from pathlib import Path

from infra.run.alerts_tail import AlertsTail


def test_titles_come_once_and_only_whole(tmp_path: Path) -> None:
    tail = AlertsTail(tmp_path / "alerts.txt")
    assert tail.take() == []
    tail.path.write_text("2026-03-31 10:00:00 Li Wei reached Silver\n  Pays 3%.\n2026-03-31 10:00:01 Wang")
    assert tail.take() == ["Li Wei reached Silver"]
    with tail.path.open("a") as file:
        file.write(" Fang 达成「银牌」\n")
    assert tail.take() == ["Wang Fang 达成「银牌」"]
    assert (tail.take(), tail.count) == ([], 2)
