"""Reading mapping files: all problems at once, with file and line; choosing a mapping for a folder."""

import pytest

from infra.ingest.import_mapping import MappingError, detect_mapping, find_mapping, read_mapping, shipped_mappings

GOOD = """\
mapping: shop
source: /shop
timezone: Europe/Berlin
tables:
  orders:
    file: orders.csv
events:
  - from: orders
    type: sale
    id: No
    time: Day
    data: {employee: Who, amount: 5, currency: "'EUR'"}
organisation:
  company: shop
  employees:
    - {from: orders, id: Who, role: "'seller'", team: "'one'", department: "'sales'"}
plan: {plan: shop, currency: EUR}
"""


def problems(tmp_path, text):
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        read_mapping(path)
    return [line.removeprefix(str(path)) for line in str(caught.value).splitlines()]


def test_a_good_mapping_is_read(tmp_path):
    (tmp_path / "m.yaml").write_text(GOOD)
    mapping = read_mapping(tmp_path / "m.yaml").mapping
    assert mapping.events[0].data == {"employee": "Who", "amount": "5", "currency": "'EUR'"}
    assert mapping.tables["orders"].delimiter == ","


def test_every_problem_is_reported_with_its_line(tmp_path):
    text = GOOD.replace("Europe/Berlin", "Mars/Base").replace("id: No", "id: open('x')").replace("company", "firm")
    found = problems(tmp_path, text)
    assert any(line.startswith(":3: timezone: 'Mars/Base' is no time zone") for line in found)
    assert any(line.startswith(":10: events.0.id: no such function: open") for line in found)
    assert any(line.startswith(":14: organisation.firm:") for line in found)


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("from: orders\n    type", "from: order\n    type", ":8: no table 'order'; there are orders"),
    ("file: orders.csv", "file: orders.csv\n    encoding: latin-99", ":7: tables.orders.encoding: 'latin-99' is no"),
    ("file: orders.csv", "file: orders.csv\n    delimiter: '||'", ":7: tables.orders.delimiter:"),
    ("file: orders.csv", "file: orders.csv\n    join: {a: {table: b, on: X, key: X}}", ":7: no table 'b'"),
    ("mapping: shop", "mapping: [", "not valid YAML"),
    ("source: /shop", "source: /shop\nsource: /other", "is given twice"),
])
def test_one_problem(tmp_path, old, new, expected):
    assert old in GOOD
    assert any(expected in line for line in problems(tmp_path, GOOD.replace(old, new)))


def test_a_missing_file_is_one_clear_sentence(tmp_path):
    with pytest.raises(MappingError, match="cannot be read"):
        read_mapping(tmp_path / "none.yaml")
    with pytest.raises(MappingError, match="shipped mappings: adventureworks, northwind, servicedesk"):
        find_mapping("sapp")


@pytest.mark.parametrize("name", sorted(shipped_mappings()))
def test_shipped_mappings_are_valid_and_found_by_their_files(name, tmp_path):
    mapping = read_mapping(find_mapping(name)).mapping
    assert mapping.mapping == name
    assert mapping.detect
    for file in mapping.detect:
        assert detect_mapping(tmp_path) is None
        (tmp_path / file.replace("*", "csv")).touch()
    assert detect_mapping(tmp_path) == name


def test_no_mapping_fits_what_is_no_folder(tmp_path):
    assert detect_mapping(tmp_path / "none") is None
