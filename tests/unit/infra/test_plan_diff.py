"""``kpistream plan diff``: money, awards, attainment and settings that differ, with numbers worked by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main
from schemas.plan_changes import plan_changes
from schemas.yaml_source import read_yaml

ROOT = Path(__file__).parents[3]
PLAN, EVENTS = ROOT / "plans" / "examples" / "plan-p.yaml", ROOT / "tests" / "examples" / "case-5.jsonl"


def invoke(*arguments: object):
    return CliRunner().invoke(main, ["plan", "diff", *map(str, arguments)])


def changed(folder: Path, *replacements: tuple[str, str]) -> Path:
    text = PLAN.read_text()
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "new.yaml"
    path.write_text(text)
    return path


def report(new: Path, *arguments: object) -> dict:
    result = invoke(PLAN, new, "--events", EVENTS, "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_higher_quota_and_a_higher_top_rate(tmp_path):
    """130,000 sold. Before: 1,600 + 800 + 1,200 + 800. After: quota 110,000, so 88,000 at 2 % = 1,760, 22,000 at
    4 % = 880, 20,000 at 6 % = 1,200; the top tier starts at 132,000 and is lost.
    """
    new = changed(tmp_path, ("value: 100000", "value: 110000"), ("120%, rate: 8%", "120%, rate: 10%"))
    found = report(new)
    assert found["total"] == {"old": "4400.00", "new": "3840.00", "difference": "-560.00"}
    assert found["people"] == [{"employee": "E1", "old": "4400.00", "new": "3840.00", "difference": "-560.00"}]
    assert [(row["rule"], row["period"], row["difference"]) for row in found["money"]] == [
        ("commission", "2026-03", "-560.00")
    ]
    # the second sale reached 100 % and the third 120 % of 100,000; of 110,000 130,000 is 118.18 %
    assert [(row["change"], row["threshold"]) for row in found["awards"]] == [("lost", "120%")]
    assert found["attainment"] == [
        {
            "kpi": "revenue",
            "employee": "E1",
            "period_kind": "month",
            "period": "2026-03",
            "old": {"value": "130000", "target": "100000", "attainment": "1.3"},
            "new": {"value": "130000", "target": "110000", "attainment": "1.1818"},
        }
    ]
    assert [(row["path"], row["change"], row["old"], row["new"]) for row in found["settings"]] == [
        ("targets[revenue month role=rep].value", "changed", "100000", "110000"),
        ("awards[commission].tiers[3].rate", "changed", "8%", "10%"),
    ]
    lines = PLAN.read_text().splitlines()
    assert all("value: 100000" in lines[row["old_line"] - 1] for row in found["settings"][:1])
    assert "rate: 8%" in lines[found["settings"][1]["old_line"] - 1]


def test_an_added_tier_is_gained_and_the_scope_narrows(tmp_path):
    new = changed(tmp_path, ("      - {attainment: 120%, rate: 8%}", "      - {attainment: 110%, rate: 7%}"))
    found = report(new)
    # 110,000 to 130,000 at 7 % instead of 10,000 at 6 % and 10,000 at 8 %: 1,400 either way
    assert found["people"] == [] and found["unchanged"] == 1 and found["money"] == []
    assert [(row["change"], row["threshold"]) for row in found["awards"]] == [("gained", "110%"), ("lost", "120%")]
    assert report(new, "--period", "2026-04")["awards"] == []
    assert report(new, "--employee", "E2")["awards"] == []


def test_the_same_plan_differs_in_nothing(tmp_path):
    found = report(changed(tmp_path))
    assert found["total"]["difference"] == "0.00"
    assert all(found[part] == [] for part in ("settings", "people", "money", "awards", "attainment"))


def test_tables_for_people(tmp_path):
    result = invoke(PLAN, changed(tmp_path, ("value: 100000", "value: 110000")), "--events", EVENTS)
    assert result.exit_code == 0
    for words in (
        "Settings",
        "targets[revenue month role=rep].value",
        "Who gains and loses (CNY)",
        "lost",
        "Ada (E1)  4,400.00  3,840.00     -560.00",
        "Revenue  Ada (E1)  month 2026-03  130,000 CNY  130,000 CNY  100,000 CNY  110,000 CNY            130%  ",
        "In all 4,400.00 before, 3,840.00 after: difference -560.00 CNY",
    ):
        assert words in result.stdout, words


def test_settings_added_and_removed_with_their_lines():
    old = read_yaml("a: 1\nlist:\n  - {id: x, n: 1}\n  - {id: y, n: 2}\n")
    new = read_yaml("list:\n  - {id: y, n: 3}\n  - {id: z}\nb: [1, 2]\n")
    found = [(c.path, c.change, c.old, c.new, c.old_line, c.new_line) for c in plan_changes(old, new)]
    assert found == [
        ("list[y].n", "changed", "2", "3", 4, 2),
        ("list[z]", "added", "", '{"id": "z"}', 0, 3),
        ("list[x]", "removed", '{"id": "x", "n": 1}', "", 3, 0),
        ("b", "added", "", "[1, 2]", 0, 4),
        ("a", "removed", "1", "", 1, 0),
    ]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (("currency: CNY", "currency: EUR"), "their money cannot be compared"),
        (("kpi: revenue\n    period", "kpi: revenues\n    period"), "did you mean revenue?"),
    ],
)
def test_what_cannot_be_compared_is_said(tmp_path, edit, sentence):
    result = invoke(PLAN, changed(tmp_path, edit), "--events", EVENTS)
    assert result.exit_code == 1 and sentence in result.stderr
