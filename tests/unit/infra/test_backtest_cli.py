"""``kpistream backtest`` as people call it: its JSON, its table, filters, files, clear errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.backtest_report import amount_text, number_text
from infra.cli import main

ROOT = Path(__file__).parents[3]
PLANS, EXAMPLES = ROOT / "plans" / "examples", ROOT / "tests" / "examples"


def backtest(*arguments: object, plan: Path = PLANS / "plan-p.yaml") -> Result:
    return CliRunner().invoke(main, ["backtest", "--plan", str(plan), *map(str, arguments)])


def report(*arguments: object, plan: Path = PLANS / "plan-p.yaml") -> dict:
    result = backtest(*arguments, "--format", "json", plan=plan)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def sale(
    id: str = "s1", employee: str = "E1", amount: object = "100.5", time: str = "2026-03-10T10:00:00Z"
) -> dict:
    return {
        "specversion": "1.0",
        "source": "shop",
        "id": id,
        "type": "sale",
        "time": time,
        "data": {"employee": employee, "amount": amount, "currency": "CNY"},
    }


def lines(path: Path, *values: dict | str) -> Path:
    path.write_text(
        "".join((value if isinstance(value, str) else json.dumps(value)) + "\n" for value in values)
    )
    return path


def test_the_whole_report_of_a_small_case(tmp_path):
    found = report("--events", lines(tmp_path / "e.jsonl", sale(amount=80_000), sale(), "{broken"))
    (award,), (line,), (letter,) = found["awards"], found["earnings"], found["dead_letters"]
    assert list(found) == [
        "plan",
        "version",
        "currency",
        "as_of",
        "kpis",
        "units",
        "awards",
        "earnings",
        "statements",
        "payouts",
        "outcomes",
        "dead_letters",
    ]
    assert found["kpis"] == [
        {
            "kpi": "revenue",
            "employee": "E1",
            "period_kind": "month",
            "period": "2026-03",
            "value": "80000",
            "target": "100000",
            "attainment": "0.8",
            "expected": "32258.0645",
            "pace": "2.48",
            "forecast": "248000",
        }
    ]
    assert found["as_of"] == "2026-03-10"  # 10 of 31 days; the plan names no workdays
    assert [(one["unit_kind"], one["unit"], one["value"]) for one in found["units"]] == [
        ("team", "north", "80000"),
        ("department", "sales", "80000"),
        ("company", "acme", "80000"),
    ]
    assert award == {
        "award_id": award["award_id"],
        "rule": "commission",
        "kind": "tier",
        "employee": "E1",
        "unit_kind": "",
        "unit": "",
        "period_kind": "month",
        "period": "2026-03",
        "tier": 1,
        "threshold": "80%",
        "pays": "4%",
        "sequence": 1,
        "state": "final",
        "amount": None,
        "next_tier": "100%",
        "gap": "20000",
        "late": False,
        "evidence": [
            {
                "kpi": "revenue",
                "value": "80000",
                "target": "100000",
                "attainment": "0.8",
                "sample": 1,
                "name": {"en": "Revenue", "zh": "销售额"},
                "unit": "money",
                "period": "",
                "expected": None,
                "as_of": "",
                "forecast": None,
                "forecast_attainment": None,
            }
        ],
        "cause": {"source": "shop", "id": "s1", "type": "sale", "time": "2026-03-10T10:00:00.000Z"},
    }
    assert len(award["award_id"]) == len(line["line_id"]) == 32
    assert line == {
        "line_id": line["line_id"],
        "rule": "commission",
        "employee": "E1",
        "unit_kind": "",
        "unit": "",
        "period_kind": "month",
        "period": "2026-03",
        "posted_in": "2026-03",
        "amount": "1600.00",
        "withheld": "0.00",
        "basis": "80000",
        "value_after": "80000",
        "reason": "credit",
        "cause_id": "s1",
        "award_id": "",
    }
    assert found["statements"] == [
        {
            "employee": "E1",
            "unit_kind": "",
            "unit": "",
            "period_kind": "month",
            "period": "2026-03",
            "amount": "1600.00",
            "adjustments": "0.00",
            "withheld": "0.00",
            "earned": "1600.00",
        }
    ]
    assert found["outcomes"] == {"applied": 1, "duplicate": 1, "dead_lettered": 1, "parked": 0, "gaps": 0}
    assert (letter["file"], letter["line"], letter["reason"], letter["stage"]) == (
        str(tmp_path / "e.jsonl"),
        3,
        "invalid_json",
        "intake",
    )


def test_statements_sum_the_earning_lines():
    found = report("--events", EXAMPLES / "case-6.jsonl")
    assert [line["amount"] for line in found["earnings"]] == [
        "1400.00",
        "1900.00",
        "1100.00",
        "-1100.00",
        "300.00",
    ]
    assert [one["amount"] for one in found["statements"]] == ["3600.00"]


def test_dead_letters_name_file_and_line_through_empty_lines_and_several_files(tmp_path):
    first = lines(tmp_path / "a.jsonl", "", sale("a"), "", "", "{", sale("b"))
    second = lines(tmp_path / "b.jsonl", sale("c", "nobody"), "", "[]")
    found = report("--events", first, second)
    assert [(Path(one["file"]).name, one["line"], one["reason"]) for one in found["dead_letters"]] == [
        ("a.jsonl", 5, "invalid_json"),
        ("b.jsonl", 1, "unknown_employee"),
        ("b.jsonl", 3, "invalid_envelope"),
    ]
    assert found["outcomes"]["applied"] == 2


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_batches_change_no_figure(tmp_path, batch):
    events = lines(
        tmp_path / "e.jsonl",
        sale("a", amount=90_000),
        "{",
        sale("b", "E3"),
        sale("c", amount=50_000),
        sale("x", "nobody"),
    )
    found, whole = report("--events", events, "--batch", batch), report("--events", events)
    for line in found["earnings"] + whole["earnings"]:
        del line["line_id"]
    assert found == whole


def test_one_employee_or_period_only(tmp_path):
    events = lines(
        tmp_path / "e.jsonl",
        sale("a", "E1", 100_000),
        sale("b", "E3", 90_000),
        sale("c", "E3", 80_000, "2026-04-10T10:00:00Z"),
    )
    mine = report("--events", events, "--employee", "E3")
    assert {
        row["employee"] for part in ("kpis", "awards", "earnings", "statements") for row in mine[part]
    } == {"E3"}
    assert {row["unit"] for row in mine["units"]} == {"south", "sales", "acme"}
    april = report("--events", events, "--period", "2026-04")
    assert {
        row["period"] for part in ("kpis", "units", "awards", "earnings", "statements") for row in april[part]
    } == {"2026-04"}


def test_tables_call_people_and_units_by_their_names(tmp_path):
    """With its id whoever may have a namesake; by the id what has no name."""
    named = "company: acme\n  name: {en: Acme Ltd}\n"
    text = (PLANS / "plan-p.yaml").read_text("utf-8").replace("company: acme\n", named)
    text = text.replace("- id: north\n", "- id: north\n          name: {en: North Sea, zh: 北海}\n")
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    told = backtest("--events", lines(tmp_path / "e.jsonl", sale(amount=105_000)), plan=tmp_path / "plan.yaml")
    assert told.exit_code == 0, told.output
    found = {line.split("  ")[0] for line in told.stdout.splitlines()}
    assert "Ada (E1)" in found and "E1" not in found
    units = [line.split("  ")[1].strip() for line in told.stdout.splitlines() if line.startswith("Revenue")]
    assert {"team North Sea", "department sales", "company Acme Ltd"} <= set(units), told.stdout


def test_the_table_shows_every_part(tmp_path):
    events = lines(tmp_path / "e.jsonl", sale("a", amount=105_000), sale("b", "[bold]x[/bold]"))
    result = backtest("--events", events)
    assert result.exit_code == 0
    for words in (
        "KPIs",
        "Revenue",
        "105%",
        "105,000 CNY",
        "team north",
        "Awards",
        "commission",
        "month 2026-03",
        "2,700.00",
        "Statements (CNY)",
        "invalid_payload",
        "[bold]x[/bold]",
        "1 applied",
        "1 dead-lettered",
    ):
        assert words in result.stdout, words


def test_currencies_without_minor_units(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text((PLANS / "plan-p.yaml").read_text().replace("currency: CNY", "currency: JPY"))
    yen = sale(amount=1025)
    yen["data"]["currency"] = "JPY"
    found = report("--events", lines(tmp_path / "e.jsonl", yen), plan=plan)
    assert found["earnings"][0]["amount"] == "21"  # 2 % of 1,025 is 20.5, half-up


def test_events_of_another_shape(tmp_path):
    mapping = tmp_path / "mappings.yaml"
    mapping.write_text("""\
erp.orders: &orders
  source: {constant: erp}
  id: no
  type: {constant: sale}
  time: at
  data: {employee: by, amount: total, currency: {constant: CNY}}
""")
    record = json.dumps({"no": 7, "at": "2026-03-10T10:00:00Z", "by": "E1", "total": "12.50"})
    events = lines(tmp_path / "e.jsonl", record)
    assert report("--events", events, "--mapping", mapping)["kpis"][0]["value"] == "12.5"
    mapping.write_text(mapping.read_text() + "erp.other: *orders\n")
    several = backtest("--events", events, "--mapping", mapping)
    assert (
        several.exit_code == 1 and "choose one with --topic; known: erp.orders, erp.other" in several.output
    )
    assert (
        report("--events", events, "--mapping", mapping, "--topic", "erp.other")["outcomes"]["applied"] == 1
    )


def test_errors_of_the_plan_come_all_at_once_with_their_lines(tmp_path):
    plan = tmp_path / "plan.yaml"
    text = (PLANS / "plan-p.yaml").read_text()
    plan.write_text(text.replace("value: 100000", "value: lots").replace("kpi: revenue\n", "kpi: revenues\n"))
    result = backtest("--events", EXAMPLES / "case-1.jsonl", plan=plan)
    target, award = (
        1 + next(at for at, line in enumerate(text.splitlines()) if words in line)
        for words in ("value: 100000", "    kpi: revenue")
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{plan}:{target}: targets[0].value: expected a number" in result.stderr
    assert f"{plan}:{award}: " in result.stderr and "did you mean revenue?" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--events", "/nowhere/e.jsonl"], "/nowhere/e.jsonl: cannot be read: No such file or directory"),
        (["--events", EXAMPLES / "case-1.jsonl", "--employee", "E11"], "no such employee in"),
        (
            ["--events", EXAMPLES / "case-1.jsonl", "--mapping", "/nowhere/m.yaml"],
            "/nowhere/m.yaml: cannot be read",
        ),
    ],
)
def test_one_clear_sentence_where_something_is_missing(arguments, sentence):
    result = backtest(*arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr and len(result.stderr.splitlines()) == 1


def test_a_missing_plan_is_one_sentence_too():
    result = backtest("--events", EXAMPLES / "case-1.jsonl", plan=Path("/nowhere/plan.yaml"))
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: /nowhere/plan.yaml: cannot be read: No such file or directory\n",
    )


def test_an_empty_file_gives_an_empty_report(tmp_path):
    found = report("--events", lines(tmp_path / "e.jsonl"))
    assert found["kpis"] == found["awards"] == found["dead_letters"] == []
    assert found["outcomes"] == {"applied": 0, "duplicate": 0, "dead_lettered": 0, "parked": 0, "gaps": 0}


def test_number_texts():
    given = (0, 1, -1, 10_000, 1_050_000, 123_456, -5_000, None)
    assert [number_text(one) for one in given] == [
        "0",
        "0.0001",
        "-0.0001",
        "1",
        "105",
        "12.3456",
        "-0.5",
        None,
    ]
    assert [amount_text(1_234_500, code) for code in ("CNY", "JPY", "KWD", "CLF")] == [
        "123.45",
        "123",
        "123.450",
        "123.4500",
    ]


def test_the_statement_of_one_period_has_what_adjusts_closed_ones(tmp_path):
    events = lines(
        tmp_path / "e.jsonl", sale(id="s1", amount=80_000), '{"control": "close", "period": "2026-03"}',
        sale(id="s2", amount=10_000),
    )  # fmt: skip
    whole = report("--events", events)
    assert {one["posted_in"] for one in whole["earnings"]} == {"2026-03", "2026-04"}
    for period in ("2026-03", "2026-04"):
        mine = report("--events", events, "--period", period)
        assert mine["statements"] == [one for one in whole["statements"] if one["period"] == period] != []
        assert mine["payouts"] == [one for one in whole["payouts"] if one["period"] == period]
