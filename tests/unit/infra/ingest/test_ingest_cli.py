"""The commands as a user meets them; those that need Kafka are in tests/integration/test_produce.py."""

import json

import pytest
from click.testing import CliRunner

from infra.ingest.ingest_cli import import_, produce, simulate
from infra.ingest.routing import BUSINESS_TOPICS, TOPIC_BY_TYPE, topic_of
from schemas.events import BUILT_IN
from schemas.plan_file import load_plan

NO_KAFKA = {"KPISTREAM_KAFKA_BOOTSTRAP": None}


def run(command, *arguments):
    return CliRunner(env=NO_KAFKA).invoke(command, [str(argument) for argument in arguments])


def test_simulate_writes_lines_and_the_plan_that_goes_with_them(tmp_path):
    out, plan = tmp_path / "events.jsonl", tmp_path / "plan.yaml"
    options = ("--employees", 12, "--count", 400, "--start", "2026-01-01", "--out")
    result = run(simulate, *options, out, "--plan-out", plan)
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(events) == 400
    teams = [team for unit in load_plan(plan).organisation.departments for team in unit.teams]
    people = {person.id for team in teams for person in team.employees}
    assert len(people) == 12
    assert {event["data"]["employee"] for event in events if "employee" in event["data"]} <= people
    assert run(simulate, *options, "-").stdout_bytes == out.read_bytes()
    run(simulate, "--plan", plan, "--count", 400, "--start", "2026-01-01", "--out", tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == out.read_bytes()


def test_simulate_to_a_file_ends_by_itself(tmp_path):
    out = tmp_path / "events.jsonl"
    assert run(simulate, "--employees", 1, "--start", "2026-01-01", "--out", out).exit_code == 0
    days = {json.loads(line)["time"][:10] for line in out.read_text().splitlines()}
    assert 85 < len(days) <= 96


@pytest.mark.parametrize(("arguments", "expected"), [
    ((), "give either --plan FILE or --employees N"),
    (("--employees", 3, "--plan", "x.yaml"), "give either --plan FILE or --employees N"),
    (("--employees", 3), "Kafka's address is needed: --bootstrap HOST:PORT or KPISTREAM_KAFKA_BOOTSTRAP"),
    (("--plan", "/no/such/plan.yaml", "--out", "-"), "/no/such/plan.yaml: cannot be read: No such file"),
    (("--employees", 3, "--count", 1, "--out", "/no/such/folder/x"), "/no/such/folder/x: cannot be written"),
])
def test_simulate_says_what_is_wrong(arguments, expected):
    result = run(simulate, *arguments)
    assert result.exit_code != 0
    assert expected in result.output


def test_produce_says_what_is_wrong(tmp_path):
    events = tmp_path / "e.jsonl"
    events.write_text("{}\n")
    assert "Kafka's address is needed" in run(produce, events).output
    result = run(produce, tmp_path / "none", "--bootstrap", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "none: cannot be read: No such file" in result.output


SHOP = """\
mapping: shop
source: /shop
timezone: UTC
tables:
  visits: {file: visits.csv, types: {Day: {time: "%Y-%m-%d"}}}
events:
  - {from: visits, type: visit, id: No, time: Day, data: {employee: Who}}
organisation:
  company: shop
  employees:
    - {from: visits, id: Who, role: "'seller'", team: "'one'", department: "'sales'"}
plan:
  plan: shop
  currency: EUR
  kpis: [{id: visits, name: Visits, description: Visits, aggregate: count, events: [visit]}]
"""


def test_import_writes_its_files_and_reports_the_rows(tmp_path):
    (tmp_path / "m.yaml").write_text(SHOP)
    (tmp_path / "visits.csv").write_text("No,Day,Who\n1,2026-01-02,A\n2,2026-01-01,B\n3,soon,A\n")
    out = tmp_path / "out"
    result = run(import_, tmp_path / "m.yaml", tmp_path / "visits.csv", "--out", out)
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["id"] for line in (out / "events.jsonl").read_text().splitlines()] == ["2", "1"]
    assert "visits: 3 rows, 1 rejected" in result.output
    assert f"2 events, 2 employees, 0 targets, 1 rejections in {out}" in result.output
    assert "visits.csv:4: Day: expected a time such as %Y-%m-%d, found 'soon'" in result.output
    rejected = (out / "rejected.csv").read_text().splitlines()
    assert rejected[1].endswith(",4,\"Day: expected a time such as %Y-%m-%d, found 'soon'\"")


@pytest.mark.parametrize(("mapping", "expected"), [
    ("auto", "no shipped mapping fits; there are adventureworks, northwind, servicedesk"),
    ("nothing", "no mapping file 'nothing'"),
    ("northwind", "no input file"),
])
def test_import_says_what_is_wrong(tmp_path, mapping, expected):
    result = run(import_, mapping, tmp_path, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert expected in result.output
    assert not (tmp_path / "out").exists()


def test_every_event_type_has_its_topic():
    assert set(BUILT_IN) == set(TOPIC_BY_TYPE)
    assert [topic_of(kind) for kind in ("refund", "complaint", "defect", "visit", "anything", None, 7)] == [
        "events.sales", "events.service", "events.delivery", *["events.activity"] * 4]
    assert BUSINESS_TOPICS == ("events.activity", "events.delivery", "events.sales", "events.service")
