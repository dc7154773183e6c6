"""Public files through ``kpistream run``: what the BI views say afterwards, against a plain recomputation."""

from __future__ import annotations

import csv
import io
import zipfile
from bisect import bisect_right
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from signal import SIGTERM

from tests.integration.test_run import Run

_SHIFT = timedelta(days=4017)  # published quota dates against the order dates: see the data's own notes


def attainment(tmp_path: Path, folder: Path) -> dict[tuple[str, str, str], tuple]:
    """(kpi, employee, period) → (value, target, attainment percent) as the run left them."""
    run = Run(tmp_path / "home", "--data", str(folder))
    try:
        run.wait_for("All events are in.", 300)
        run.process.send_signal(SIGTERM)
        text = run.finish()
    finally:
        run.process.kill()  # nothing where it has ended
    assert run.process.returncode == 0 and "agrees" in text and "not fed" not in text, text
    with next((tmp_path / "home" / "runs").glob("*/attainment.csv")).open() as file:
        rows = list(csv.DictReader(file))
    return {
        (row["kpi"], row["employee"], row["period"]): tuple(
            Decimal(row[name]) if row[name] else None for name in ("value", "target", "attainment_percent")
        )
        for row in rows
    }


def percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_adventureworks_attainment_per_person_and_quarter(tmp_path, public_data):
    folder = public_data / "adventureworks"
    with (folder / "SalesPersonQuotaHistory.csv").open(encoding="utf-8-sig") as file:
        quotas = {
            (row[0], date.fromisoformat(row[1][:10]) - _SHIFT): Decimal(row[2])
            for row in csv.reader(file, delimiter="\t")
        }
    starts = sorted({start for _, start in quotas})
    sold: dict = defaultdict(Decimal)
    with (folder / "sales_orders.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            start = starts[bisect_right(starts, date.fromisoformat(row["OrderDate"][:10])) - 1]
            sold[row["SalesPersonID"], start] += Decimal(row["SubTotal"])
    found = {
        key: values
        for key, values in attainment(tmp_path, folder).items()
        if key[0] == "revenue" and values[1] is not None
    }
    assert len(found) == len(quotas) == 163
    for (person, start), quota in quotas.items():
        value, target, attained = found["revenue", f"SP{person}", start.isoformat()]
        assert (value, target) == (sold[person, start], quota)
        assert abs(attained - percent(value, quota)) <= Decimal("0.01")  # the view rounds what was rounded to 0.01 %


def test_northwind_deliveries_on_time(tmp_path, public_data):
    folder = public_data / "northwind"
    shipped: dict = defaultdict(lambda: [0, 0])
    with (folder / "Orders.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["ShippedDate"] not in ("", "NULL"):
                on = date.fromisoformat(row["ShippedDate"][:10])
                counts = shipped[f"E{row['EmployeeID']}", f"{on.year}-Q{(on.month + 2) // 3}"]
                counts[0] += row["ShippedDate"] <= row["RequiredDate"]
                counts[1] += 1
    found = attainment(tmp_path, folder)
    for (employee, quarter), (on_time, total) in shipped.items():
        assert found["deliveries", employee, quarter][0] == total
        assert abs(found["on_time_rate", employee, quarter][0] - Decimal(on_time) * 100 / total) <= Decimal("0.0001")
    assert sum(values[0] for (kpi, _, period), values in found.items() if kpi == "deliveries" and "Q" in period) == sum(
        total for _, total in shipped.values()
    )


def test_service_desk_tickets(tmp_path, public_data):
    folder = public_data / "incidents"
    last: dict = {}
    with zipfile.ZipFile(folder / "incident_event_log.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith(".csv"))
        for row in csv.DictReader(io.TextIOWrapper(archive.open(name), encoding="utf-8-sig")):
            if row["number"] not in last or int(row["sys_mod_count"]) >= int(last[row["number"]]["sys_mod_count"]):
                last[row["number"]] = row
    resolved: dict = defaultdict(lambda: [0, 0])
    for row in last.values():
        person = next((row[name] for name in ("resolved_by", "assigned_to") if row[name] != "?"), None)
        if person and row["resolved_at"] != "?":
            month = datetime.strptime(row["resolved_at"], "%d/%m/%Y %H:%M").strftime("%Y-%m")
            counts = resolved[person.lower().replace(" ", "-"), month]
            counts[0] += 1
            counts[1] += row["made_sla"].lower() == "true"
    found = attainment(tmp_path, folder)
    tickets = {
        key[1:]: values[0]
        for key, values in found.items()
        if key[0] == "tickets_resolved" and len(key[2]) == 7 and "Q" not in key[2]
    }
    assert tickets == {key: Decimal(total) for key, (total, _) in resolved.items()}
    for key, (total, within) in resolved.items():
        assert abs(found["sla_rate", *key][0] - Decimal(within) * 100 / total) <= Decimal("0.0001")
