"""The parts of a plan that an import finds in the data: organisation, calendars, targets."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from infra.ingest.expressions import Compiled, compile_expression
from infra.ingest.functions import text_of
from infra.ingest.import_mapping import MappingError, MappingFile
from infra.ingest.mapping_models import EmployeeRule
from infra.ingest.table_loader import Tables
from infra.ingest.tables import Row, RowError

Place = tuple[str | int, ...]


def compiled(tables: Tables, table: str, place: Place, **expressions: str | None) -> dict[str, Compiled | None]:
    """The expressions of a rule on ``table``, with their column names checked; None stays None."""
    loaded, result = tables.load(table), {}
    for name, text in expressions.items():
        tables.check_names(loaded, text, (*place, name))
        result[name] = compile_expression(text) if text is not None else None
    return result


def evaluated(tables: Tables, table: str, rules: dict[str, Compiled | None]) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Each row where ``when`` holds, with the values of the rules; a row whose rules fail is rejected."""
    loaded = tables.load(table)
    when = rules.get("when")
    others = {name: rule for name, rule in rules.items() if name != "when"}
    for row in loaded.rows:
        try:
            if when is not None and not when(row):
                continue
            values = {name: None if rule is None else rule(row) for name, rule in others.items()}
        except ValueError as error:
            tables.reject(loaded, row.line, str(error))
            continue
        yield row, values


@dataclass
class _Person:
    """What the rows say about one employee."""

    values: dict[str, Any]
    teams: Counter = field(default_factory=Counter)


def build_organisation(mapping: MappingFile, tables: Tables) -> dict:
    """The plan's organisation: departments, teams and employees, each ordered by id."""
    rule = mapping.mapping.organisation
    units = _Units(mapping)
    for index, employees in enumerate(rule.employees):
        place = ("organisation", "employees", index)
        for person, values in _people(employees, tables, place):
            units.add(person, values)
    frame: dict[str, Any] = {"company": rule.company}
    if rule.name is not None:
        frame["name"] = rule.name
    return frame | {"departments": units.departments()}


def _people(rule: EmployeeRule, tables: Tables, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    texts = rule.model_dump(exclude={"table", "choose", "default_team"})
    people: dict[str, _Person] = {}
    loaded = tables.load(rule.table)
    for row, values in evaluated(tables, rule.table, compiled(tables, rule.table, place, **texts)):
        if values["id"] is None:
            continue
        person = people.setdefault(text_of(values["id"]), _Person(values))
        team = values["team"]
        if team is None:
            continue
        team = text_of(team)
        if rule.choose == "unique" and person.teams and team not in person.teams:
            other = next(iter(person.teams))
            tables.reject(loaded, row.line, f"employee {values['id']} is in team {other} already, not also in {team}")
            continue
        person.teams[team] += 1
    for key, person in people.items():
        # most rows first, ties by id; where only one team is allowed there is but one to choose from
        chosen = min(person.teams, key=lambda team: (-person.teams[team], team), default=rule.default_team)
        if chosen is None:
            raise MappingError(f"employee {key} has no team in {loaded.file}, and the mapping no default_team")
        yield key, person.values | {"team": chosen}


class _Units:
    """Departments and teams as employees are added."""

    def __init__(self, mapping: MappingFile):
        self._mapping = mapping
        self._departments: dict[str, dict] = {}
        self._teams: dict[str, tuple[str, dict]] = {}
        self._employees: set[str] = set()

    def add(self, employee: str, values: dict[str, Any]) -> None:
        if employee in self._employees:
            return
        self._employees.add(employee)
        department = text_of(values["department"])
        unit = self._departments.setdefault(department, _named(department, values["department_name"]) | {"teams": {}})
        name = values["team"]
        if name not in self._teams:
            self._teams[name] = (department, _named(name, values["team_name"]) | {"employees": {}})
            unit["teams"][name] = self._teams[name][1]
        owner, team = self._teams[name]
        if owner != department:
            where = self._mapping.where(("organisation", "employees"))
            raise MappingError(f"{where}: team {name} belongs to department {owner} and to {department}")
        person = {"id": employee, "role": text_of(values["role"])}
        if values["name"] is not None:
            person["name"] = text_of(values["name"])
        team["employees"][employee] = person

    def departments(self) -> list[dict]:
        """The finished tree, every level ordered by id."""
        tree = []
        for unit in _in_order(self._departments):
            teams = [team | {"employees": _in_order(team["employees"])} for team in _in_order(unit["teams"])]
            tree.append(unit | {"teams": teams})
        return tree


def _named(unit: str, name: Any) -> dict:
    return {"id": unit} if name is None else {"id": unit, "name": text_of(name)}


def _in_order(by_id: dict[str, dict]) -> list[dict]:
    return [by_id[key] for key in sorted(by_id)]


def build_calendars(mapping: MappingFile, tables: Tables) -> dict[str, list[dict]]:
    """The company's own calendars: one period from each distinct start to the next."""
    calendars = {}
    for name, rule in mapping.mapping.calendars.items():
        rules = compiled(tables, rule.table, ("calendars", name), start=rule.start)
        starts = set()
        for _, values in evaluated(tables, rule.table, rules):
            start = values["start"]
            starts.add(start.date().isoformat() if isinstance(start, datetime) else text_of(start))
        periods: list[dict] = [{"key": start, "start": start} for start in sorted(starts)]
        if periods and rule.end is not None:
            periods[-1]["end"] = rule.end
        calendars[name] = periods
    return calendars


def build_targets(mapping: MappingFile, tables: Tables) -> list[dict]:
    """One target per row of each rule, in the order of the rows; a second one for the same is rejected."""
    targets = []
    for index, rule in enumerate(mapping.mapping.targets):
        place = ("targets", index)
        texts = rule.model_dump(exclude={"table", "kpi", "period"})
        loaded, seen = tables.load(rule.table), set()
        for row, values in evaluated(tables, rule.table, compiled(tables, rule.table, place, **texts)):
            try:
                target = _target(rule.kpi, rule.period, values)
            except RowError as error:
                tables.reject(loaded, row.line, str(error))
                continue
            key = tuple(sorted((name, value) for name, value in target.items() if name != "value"))
            if key in seen:
                tables.reject(loaded, row.line, f"second target for {', '.join(value for _, value in key)}")
                continue
            seen.add(key)
            targets.append(target)
    return targets


def _target(kpi: str, period: str, values: dict[str, Any]) -> dict:
    value = values.pop("value")
    if not isinstance(value, Decimal):
        raise RowError("value: expected a number" + (", it is missing" if value is None else f", found {value!r}"))
    given = {name: text_of(part) for name, part in values.items() if part is not None}
    return {"kpi": kpi, "period": period, **given, "value": f"{value:f}"}


