"""Imports of small hand-made files: what becomes an event, what is rejected, and why."""

import json
import zipfile

import pytest

from infra.ingest.import_mapping import MappingError, read_mapping
from infra.ingest.importer import plan_yaml, run_import, write_result
from schemas.plan import Plan
from schemas.plan_file import load_plan

MAPPING = """\
mapping: shop
source: /shop
timezone: Europe/Berlin
missing: ["", "-"]
tables:
  orders:
    file: orders.csv
    delimiter: ";"
    encoding: latin-1
    decimal_mark: ","
    types:
      Day: {time: "%d.%m.%Y %H:%M"}
      Rate: number
      Paid: boolean
    where: Status != 'draft'
    join:
      lines: {table: lines, on: No, key: No}
      seller: {table: sellers, on: Seller, key: Id, optional: true}
  lines:
    file: lines.tsv
    delimiter: "\\t"
    columns: [No, Price, Pieces]
    types: {Price: number, Pieces: number}
    group: {by: No, sum: {total: Price * Pieces}, count: lines}
  sellers:
    file: sellers.csv
events:
  - from: orders
    type: sale
    when: Paid
    id: f'order-{No}'
    time: Day
    subject: Customer
    data:
      employee: Seller
      amount: round(lines.total * Rate, 2)
      currency: "'EUR'"
      quantity: lines.lines
organisation:
  company: shop
  name: Der Laden
  employees:
    - {from: sellers, id: Id, name: Name, role: "'seller'", team: Team, department: "'sales'"}
plan:
  plan: shop
  currency: EUR
  kpis:
    - {id: revenue, name: Revenue, description: Sum, aggregate: sum, events: [sale], field: amount, unit: money}
"""
ORDERS = """\
No;Day;Seller;Customer;Rate;Paid;Status
1;31.03.2024 01:30;S1;Müller;1,5;true;ok
2;30.03.2024 23:00;S2;-;1;1;ok
3;01.04.2024 08:00;S1;Z;1;true;draft
4;01.04.2024 08:00;S1;Z;1;false;ok
5;41.04.2024 08:00;S1;Z;1;true;ok
6;01.04.2024 08:00;S9;Z;1;true;ok
7;01.04.2024 08:00;S1;Z;x;true;ok
8;01.04.2024 08:00;S1;Z;1;true;ok
9;01.04.2024 08:00;S1;Z
10;01.04.2024 08:00;S1;Z;1;maybe;ok
11;01.04.2024 08:00;S1;Z;1;true;ok
1;31.03.2024 01:31;S1;Z;1,5;true;ok
12;;S1;Z;1;true;ok
"""
LINES = "".join(f"{row}\n" for row in [
    "1\t10.005\t2", "1\t1\t1", "2\t0.01\t3", "5\t1\t1", "6\t1\t1", "7\t1\t1", "8\tzehn\t1", "8\t5\t1", "10\t1\t1",
    "12\t1\t1", "77\t9\t9"])
SELLERS = "Id,Name,Team\nS1,Ada,one\nS2,Bob,two\n"


@pytest.fixture
def shop(tmp_path):
    """A folder with the shop's files; ``mapping`` beside it."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "orders.csv").write_bytes(ORDERS.encode("latin-1"))
    (folder / "lines.tsv").write_text(LINES)
    (folder / "sellers.csv").write_text(SELLERS)
    (tmp_path / "m.yaml").write_text(MAPPING)
    return folder


def run(folder, text=MAPPING):
    mapping = folder.parent / "m.yaml"
    mapping.write_text(text)
    return run_import(read_mapping(mapping), [folder])


def test_events_are_complete_and_in_order_of_time(shop):
    events = [json.loads(event, parse_float=str) for event in run(shop).events]
    assert events == [
        {"specversion": "1.0", "source": "/shop", "id": "order-2", "type": "sale", "time": "2024-03-30T22:00:00Z",
         "data": {"employee": "S2", "amount": "0.03", "currency": "EUR", "quantity": 1}},
        {"specversion": "1.0", "source": "/shop", "id": "order-1", "type": "sale", "time": "2024-03-31T00:30:00Z",
         "subject": "Müller", "data": {"employee": "S1", "amount": "31.52", "currency": "EUR", "quantity": 2}},
    ]


def test_every_row_that_was_not_used_is_listed_with_its_line_and_reason(shop):
    result = run(shop)
    reasons = {(row.file.rsplit("/", 1)[1], row.line): row.reason for row in result.rejected}
    expected = {
        ("orders.csv", 6): "Day: expected a time such as %d.%m.%Y %H:%M, found '41.04.2024 08:00'",
        ("orders.csv", 7): "employee S9 is not in the organisation",
        ("orders.csv", 8): "Rate: expected a number, found 'x'",
        ("orders.csv", 9): f"line 7 of {shop}/lines.tsv was rejected",
        ("orders.csv", 10): "expected 7 columns, found 4",
        ("orders.csv", 11): "Paid: expected one of true, True, TRUE, 1, false, False, FALSE, 0, found 'maybe'",
        ("orders.csv", 12): "no row in lines with No=11",
        ("orders.csv", 13): "event id order-1 was given to line 2 already",
        ("orders.csv", 14): "the event's time is missing: Day",
        ("lines.tsv", 7): "Price: expected a number, found 'zehn'",
        ("lines.tsv", 11): "nothing refers to the group No=77 that begins here",
    }
    assert {key: reasons.get(key) for key in expected} == expected
    orders = result.counts["orders"]
    assert (orders.rows, orders.filtered) == (13, 1)
    # the rest: 2 events, one row that ``when`` leaves out, 9 rejected
    assert orders.rejected == 9


def test_the_same_files_give_the_same_bytes(shop):
    first, second = run(shop), run(shop)
    assert (first.events, first.plan, first.rejected) == (second.events, second.plan, second.rejected)


def test_files_written_pass_the_plan_checks(shop, tmp_path):
    out = tmp_path / "out"
    result = run(shop)
    write_result(result, out)
    assert sorted(path.name for path in out.iterdir()) == ["events.jsonl", "plan.yaml", "rejected.csv"]
    assert (out / "events.jsonl").read_bytes().splitlines() == result.events
    assert load_plan(out / "plan.yaml") == result.plan
    assert (out / "rejected.csv").read_text().startswith("file,line,reason\n")
    assert (out / "rejected.csv").read_text().count("\n") == len(result.rejected) + 1
    teams = result.plan.organisation.departments[0].teams
    assert [(team.id, [person.id for person in team.employees]) for team in teams] == [("one", ["S1"]), ("two", ["S2"])]


def test_members_of_a_zip_archive_are_found(shop, tmp_path):
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in shop.iterdir():
            packed.write(path, f"export/{path.name}")
    mapping = read_mapping(shop.parent / "m.yaml")
    assert run_import(mapping, [archive]).events == run(shop).events


def test_bytes_outside_the_encoding_reject_their_row_only(shop):
    result = run(shop, MAPPING.replace("encoding: latin-1", "encoding: utf-8"))
    assert b'"time":"2024-03-31T00:30:00Z"' not in b"".join(result.events)
    assert any(row.reason == "holds bytes that are not utf-8" and row.line == 2 for row in result.rejected)


def test_a_row_of_several_lines_is_named_by_its_first(shop):
    shop.joinpath("sellers.csv").write_text('Id,Name,Team\nS1,"Ada\nof\nL.",one\nS2,Bob\n')
    result = run(shop)
    assert [(row.line, row.reason) for row in result.rejected if "sellers" in row.file] == [
        (5, "expected 3 columns, found 2")]


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("employee: Seller", "employee: Sellar", "has no column 'Sellar'"),
    ("lines.total * Rate", "lines.totl * Rate", "has no column 'totl'"),
    ("lines.total * Rate", "seller.Nam", "has no column 'Nam'"),
    ("Price * Pieces", "Price * Piecs", "has no column 'Piecs'"),
    ("file: lines.tsv", "file: line.tsv", "no input file 'line.tsv'; given: lines.tsv, orders.csv, sellers.csv"),
    ("file: lines.tsv", "file: '*s.*s?'", "more than one input file"),
    ("field: amount", "field: amounts", "m.yaml:48: kpis.0.field: no such field in sale"),
    ("aggregate: sum", "aggregate: total", "m.yaml:"),
])
def test_a_mapping_that_does_not_fit_the_files_names_the_line(shop, old, new, expected):
    assert old in MAPPING
    with pytest.raises(MappingError) as caught:
        run(shop, MAPPING.replace(old, new))
    assert expected in str(caught.value)


TICKETS = """\
mapping: desk
source: /desk
timezone: UTC
tables:
  log:
    file: log.csv
    types: {rev: number, at: {time: "%Y-%m-%d"}}
    last_by: {key: ticket, order: rev}
events:
  - {from: log, type: ticket_resolved, id: ticket, time: at, data: {employee: who, minutes: rev}}
organisation:
  company: desk
  employees:
    - from: log
      when: who is not None
      id: who
      role: "'agent'"
      team: team
      choose: most_frequent
      default_team: nobody
      department: "'it'"
plan:
  plan: desk
  currency: USD
  kpis: [{id: n, name: N, description: N, aggregate: count, events: [ticket_resolved]}]
"""
LOG = """\
ticket,rev,at,who,team
t1,1,2024-01-01,a,x
t1,3,2024-01-03,a,y
t1,2,2024-01-02,b,x
t2,7,2024-01-05,a,x
t2,7,2024-01-06,b,
t3,1,2024-01-01,,y
t4,1,2024-01-01,b,
t5,1,2024-01-01,c,z
t5,two,2024-01-01,c,z
t6,1,2024-02-01,a,x
t7,1,2024-02-01,a,x
t8,1,2024-02-01,a,y
"""


def desk(tmp_path, text=TICKETS):
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "m.yaml").write_text(text)
    return run_import(read_mapping(tmp_path / "m.yaml"), [tmp_path])


def test_the_last_row_of_a_key_counts_and_a_broken_one_breaks_it(tmp_path):
    result = desk(tmp_path)
    events = {event["id"]: event["data"] for event in map(json.loads, result.events)}
    assert events["t1"] == {"employee": "a", "minutes": 3}
    assert events["t2"] == {"employee": "b", "minutes": 7}  # of two equal ones the later
    assert "t5" not in events
    assert [(row.line, row.reason) for row in result.rejected] == [
        (7, "employee: is missing"), (10, "rev: expected a number, found 'two'")]
    assert result.counts["log"].superseded == 3


def test_an_employee_goes_to_the_most_frequent_team_ties_by_name(tmp_path):
    teams = desk(tmp_path).plan.organisation.departments[0].teams
    # a: last rows t1 y, t6 x, t7 x, t8 y; b: none
    assert {person.id: team.id for team in teams for person in team.employees} == {"a": "x", "b": "nobody"}


def test_two_teams_are_a_rejection_where_one_is_demanded(tmp_path):
    result = desk(tmp_path, TICKETS.replace("most_frequent", "unique"))
    assert any("employee a is in team y already, not also in x" in row.reason for row in result.rejected)


def test_calendar_and_targets_from_quota_rows(tmp_path):
    text = TICKETS.replace("plan:\n", """\
calendars:
  term: {from: quotas, start: day, end: "2024-07-01"}
targets:
  - {from: quotas, kpi: n, period: term, at: date(day), employee: who, value: quota}
plan:
""", 1).replace("events:\n", """\
  quotas:
    file: quotas.csv
    types: {day: {time: "%d.%m.%y"}, quota: number}
events:
""", 1)
    quotas = ["who,day,quota", "a,01.01.24,5", "b,01.04.24,7.5", "a,01.04.24,6", "a,01.04.24,9", "b,01.01.24,"]
    (tmp_path / "quotas.csv").write_text("\n".join(quotas))
    result = desk(tmp_path, text)
    periods = result.plan.calendars["term"]
    assert [(p.key, p.start.isoformat(), p.end and p.end.isoformat()) for p in periods] == [
        ("2024-01-01", "2024-01-01", None), ("2024-04-01", "2024-04-01", "2024-07-01")]
    assert [(t.employee, t.at, str(t.value)) for t in result.plan.targets] == [
        ("a", "2024-01-01", "5"), ("b", "2024-04-01", "7.5"), ("a", "2024-04-01", "6")]
    quotas = [(row.line, row.reason) for row in result.rejected if "quotas" in row.file]
    assert quotas == [(5, "second target for 2024-04-01, a, n, term"), (6, "value: expected a number, it is missing")]


def test_a_plan_that_was_written_reads_back_as_it_was():
    """Texts that a plan file, or YAML of old, would take for something else."""
    texts = ["007", "089", "1e3", ".5", "+1", "0x1F", "1_000", "12:30", "2026-01-01", "yes", "null", "True", "", "~"]
    texts += ["=", "<<", "%", "a: b", "- x", "#1", " y", "中文", "a\nb", "x" * 200 + " " + "y" * 50]
    plan = Plan.model_validate({
        "plan": "p", "timezone": "UTC", "currency": "EUR",
        "organisation": {"company": "c", "departments": [{"id": "d", "teams": [{"id": "t"}]}]},
        "kpis": [{"id": "k", "name": "K", "aggregate": "count", "events": ["sale"], "where": {"channel": texts}}],
    })  # fmt: skip
    assert load_plan(plan_yaml(plan)) == plan
