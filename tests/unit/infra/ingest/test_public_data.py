"""The shipped mappings on the public data sets, against plain recomputations from the input files."""

import csv
import io
import json
import zipfile
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from infra.ingest.import_mapping import detect_mapping, find_mapping, read_mapping
from infra.ingest.importer import Imported, run_import


def imported(folder: Path, name: str) -> tuple[Imported, list[dict]]:
    assert detect_mapping(folder) == name
    result = run_import(read_mapping(find_mapping(name)), [folder])
    return result, [json.loads(event, parse_float=Decimal) for event in result.events]


def rows(path: Path, **options) -> list[dict]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, **options))


def people(result: Imported) -> dict[str, tuple[str, str]]:
    return {person.id: (unit.id, team.id) for unit in result.plan.organisation.departments
            for team in unit.teams for person in team.employees}


def test_adventureworks(public_data):
    folder = public_data / "adventureworks"
    result, events = imported(folder, "adventureworks")
    assert result.rejected == []
    orders = rows(folder / "sales_orders.csv")
    assert len(events) == len(orders) == 3806
    expected = {(f"order-{order['SalesOrderID']}", f"SP{order['SalesPersonID']}", order["OrderDate"],
                 Decimal(order["SubTotal"])) for order in orders}
    assert {(e["id"], e["data"]["employee"], e["time"][:10], Decimal(e["data"]["amount"])) for e in events} == expected
    columns = ["id", "day", "quota", "guid", "modified"]
    quotas = rows(folder / "SalesPersonQuotaHistory.csv", delimiter="\t", fieldnames=columns)
    starts = sorted({date.fromisoformat(row["day"][:10]) - timedelta(days=4017) for row in quotas})
    calendar = result.plan.calendars["sales_quarter"]
    assert [period.start for period in calendar] == starts
    assert len(starts) == 12
    assert min(e["time"][:10] for e in events) >= starts[0].isoformat()
    assert max(e["time"][:10] for e in events) < calendar[-1].end.isoformat()
    targets = {(t.employee, t.at): t.value for t in result.plan.targets}
    shifted = {
        (f"SP{row['id']}", str(date.fromisoformat(row["day"][:10]) - timedelta(days=4017))): Decimal(row["quota"])
        for row in quotas
    }
    assert targets == shifted
    assert len(targets) == 163
    units = people(result)
    assert len(units) == 17
    assert units["SP275"] == ("north-america", "northeast")
    assert units["SP274"] == ("management", "sales-management")
    assert {e["data"]["employee"] for e in events} <= set(units)


def test_northwind(public_data):
    folder = public_data / "northwind"
    result, events = imported(folder, "northwind")
    assert result.rejected == []
    orders = {row["OrderID"]: row for row in rows(folder / "Orders.csv")}
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(folder / "OrderDetails.csv"):
        amounts[row["OrderID"]] += Decimal(row["UnitPrice"]) * Decimal(row["Quantity"]) * (1 - Decimal(row["Discount"]))
    sales = {e["id"]: e for e in events if e["type"] == "sale"}
    assert len(sales) == len(orders) == 830
    for key, order in orders.items():
        sale = sales[f"order-{key}"]
        assert Decimal(sale["data"]["amount"]) == amounts[key]
        assert (sale["data"]["employee"], sale["time"][:10]) == (f"E{order['EmployeeID']}", order["OrderDate"][:10])
    shipped = {key: order for key, order in orders.items() if order["ShippedDate"] not in ("", "NULL")}
    deliveries = {e["id"]: e for e in events if e["type"] == "delivery"}
    assert set(deliveries) == {f"delivery-{key}" for key in shipped}
    assert len(deliveries) == 809
    for key, order in shipped.items():
        late = (date.fromisoformat(order["ShippedDate"][:10]) - date.fromisoformat(order["RequiredDate"][:10])).days
        data = deliveries[f"delivery-{key}"]["data"]
        assert (data["on_time"], data["days_late"]) == (late <= 0, max(0, late))
    assert len(people(result)) == 9
    assert people(result)["E1"] == ("sales", "fuller")
    assert people(result)["E2"] == ("sales", "head")


def test_service_desk(public_data):
    folder = public_data / "incidents"
    result, events = imported(folder, "servicedesk")
    newest: dict[str, list[str]] = {}
    with zipfile.ZipFile(folder / "incident_event_log.zip") as packed, packed.open("incident_event_log.csv") as raw:
        header, *lines = csv.reader(io.TextIOWrapper(raw, "utf-8", newline=""))
    number, changes = header.index("number"), header.index("sys_mod_count")
    for line in lines:
        before = newest.get(line[number])
        if before is None or int(line[changes]) >= int(before[changes]):
            newest[line[number]] = line
    last = {key: dict(zip(header, line, strict=True)) for key, line in newest.items()}
    assert len(last) == 24918

    def person(row):
        name = row["resolved_by"] if row["resolved_by"] != "?" else row["assigned_to"]
        return None if name == "?" else name.lower().replace(" ", "-")

    @cache
    def when(text):
        return datetime.strptime(text, "%d/%m/%Y %H:%M")

    usable = {key: row for key, row in last.items() if row["resolved_at"] != "?" and person(row)}
    found = {e["id"]: e for e in events}
    assert set(found) == set(usable)
    assert len(found) == 23360
    for key, row in usable.items():
        data, took = found[key]["data"], when(row["resolved_at"]) - when(row["opened_at"])
        assert data["employee"] == person(row)
        assert Decimal(data["minutes"]) == Decimal(took // timedelta(minutes=1))
        assert (data["within_sla"], data["reopened"]) == (row["made_sla"] == "true", row["reopen_count"] != "0")
        assert (found[key]["time"], data["priority"]) == (when(row["resolved_at"]).isoformat() + "Z", row["priority"])
    assert len(result.rejected) == len(last) - len(usable)
    assert {row.reason for row in result.rejected} == {
        "the event's time is missing: resolved_at", "person missing, needed for slug(person)"}
    counts = result.counts["tickets"]
    assert counts.rows == 141712 == counts.superseded + counts.rejected + len(events)
    groups: dict[str, Counter] = defaultdict(Counter)
    for row in usable.values():
        group = row["assignment_group"].lower().replace(" ", "-")
        groups[person(row)].update([group] if group != "?" else [])
    teams = {who: min(of, key=lambda g: (-of[g], g)) if of else "no-group" for who, of in groups.items()}
    assert {who: team for who, (_, team) in people(result).items()} == teams
