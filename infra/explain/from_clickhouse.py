"""The evidence of an explanation from the running system's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache

import click

from infra.explain.clickhouse_rows import award_of, credit_of, line_of, read_plan, rebuilt_cell, targets_of
from infra.explain.original_amounts import originals_behind
from infra.explain.update_log import timeline_of
from infra.settings import load_settings
from schemas.control import REBUILD
from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of
from schemas.plan_moves import employees_of
from schemas.plan_units import decided_by, judges_units, of_units
from schemas.results import Award
from sinks.connection import ClickHouseSettings, connect, from_settings
from streams.explain.conversions import may_convert, own_currency, with_conversions
from streams.explain.credits import Close, Credit
from streams.explain.draws import Figures, PaidOut
from streams.explain.history import ROLLING, Evidence
from streams.explain.plan_history import Applied, PlanHistory
from streams.performance.calendar import Calendar, date_of

_FIGURES = ("earned", "guarantee", "advance", "recovery", "outstanding")


class ClickHouseEvidence:
    """Asks ClickHouse."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._client = connect(settings)

    @classmethod
    def connect(cls) -> ClickHouseEvidence:
        """The server that the process settings name."""
        return cls(from_settings(load_settings()))

    def award(self, award_id: str) -> Award | None:
        """An award in its latest state."""
        rows = self._rows("SELECT * FROM kpistream.awards FINAL WHERE award_id = %(id)s", {"id": award_id})
        return award_of(rows[0]) if rows else None

    def of(self, employee: str, version: int | None = None) -> Evidence:
        """Everything about an employee, under one version of the plan or the newest one."""
        mine = "employee = %(employee)s", {"employee": employee}
        plan, history = self.plan_of(version), self._history(*mine)
        return Evidence(
            plan,
            employee,
            self._credits(*mine, plan, history),
            [award_of(row) for row in self._all("awards", *mine) if not row["unit_kind"]],
            self._lines(*mine),
            targets_of(self._all("kpi_periods", *mine)),
            self._closes(),
            payouts=self._payouts(employee, plan.plan),
            plans=history,
        )

    def unit(self, kind: str, unit: str, version: int | None = None, period: str | None = None) -> Evidence:
        """Everything about a unit; the company by any name. Of the credits those of ``period`` where these suffice."""
        plan = self.plan_of(version)
        unit = unit if kind != "company" else plan.organisation.company
        history = self._history("1", {})
        plans = [plan, *history.plans]
        decided = [rule for one in plans for rule in one.awards if of_units(rule) and decided_by(rule) == kind]
        rules = sorted({rule.id for rule in decided})
        comparing = sorted({rule.id for rule in decided if not judges_units(rule)})
        races = any(rule.kind == "first" for rule in decided if judges_units(rule))
        mine = "unit_kind = %(kind)s AND unit = %(unit)s", {"kind": kind, "unit": unit}
        limits = any(guard.same_customer is not None for one in plans for guard in one.crediting.guards)
        # where people stood elsewhere under another plan, all units are compared
        moved = history.moves or (comparing and not _alike(one.organisation for one in plans))
        # limits look at all that a person was credited with, wherever; a window and late credits at other days
        inside, where = ["1"], {"unit": unit}
        if kind in ("team", "department") and not limits and not races and not moved:
            inside.append(f"({kind} = %(unit)s OR employee IN %(people)s)" if comparing else f"{kind} = %(unit)s")
            where["people"] = _people_of(plan, kind, unit) or [""]
        dates = _alike((one.late, one.timezone, one.calendars, one.fiscal) for one in plans)
        if period not in (None, ROLLING) and not limits and dates and plan.late == "event_date":
            first, last = _span(plan, period)
            inside.append("toDate(time, %(zone)s) BETWEEN %(first)s AND %(last)s")
            where |= {"zone": plan.timezone, "first": first, "last": last}
        chosen = " AND ".join(inside), where
        awards = [award_of(row) for row in self._all("awards", *mine)]
        awards += [award_of(row) for row in self._all("awards", "rule IN %(rules)s", {"rules": comparing or [""]})]
        lines = self._lines("rule IN %(rules)s", {"rules": rules or [""]})
        return Evidence(
            plan,
            "",
            self._credits(*chosen, plan, history),
            awards,
            lines,
            targets_of(self._all("unit_periods", *mine)),
            self._closes(),
            timeline_of(self._rows, *chosen, _updates_behind(awards, lines)),
            (kind, unit),
            plan_by=cache(self._plan_by),
            plans=history,
        )

    def _history(self, where: str, parameters: dict) -> PlanHistory:
        """Where each plan began to count, and which cells were rebuilt; none where a plan's document is not there."""
        plans, plan_by = self._all("plan_positions", "1", {}), cache(self._plan_by)
        applied = [
            Applied(row["credits_partition"], row["credits_offset"], row["control_id"], plan_by(row["control_id"]))
            for row in plans
        ]
        if any(one.plan is None for one in applied):
            return PlanHistory()
        rebuilt = f"startsWith(adjustment, %(rebuild)s) AND outcome != 'refused' AND {where}"
        cells = self._all("adjustments", rebuilt, parameters | {"rebuild": REBUILD})
        changes = self._rows(
            "SELECT DISTINCT credits_partition, credits_offset FROM kpistream.adjustments FINAL "
            "WHERE outcome = 'adjusted'",
            {},
        )
        adjusted = ((row["credits_partition"], row["credits_offset"]) for row in changes)
        return PlanHistory(applied, map(rebuilt_cell, cells), adjusted)

    def _plan_by(self, control: str) -> Plan | None:
        query = "SELECT document FROM kpistream.plan_versions FINAL WHERE control_id = %(control)s LIMIT 1"
        rows = self._rows(query, {"control": control})
        return read_plan(rows[0]) if rows else None

    def _credits(self, where: str, parameters: dict, plan: Plan, history: PlanHistory) -> list[Credit]:
        order = "ORDER BY credits_offset, facts_offset, facts_index, payee"
        credits = [credit_of(row) for row in self._all("credits", where, parameters, order)]
        if not may_convert(plan, history):
            return credits
        originals = originals_behind(self._rows, credits, where, parameters, own_currency(plan, history))
        return with_conversions(credits, originals, plan, history)

    def _lines(self, where: str, parameters: dict) -> list[dict]:
        rows = self._all("earnings", where, parameters, "ORDER BY credits_offset, credits_index")
        return [line_of(row) for row in rows]

    def _payouts(self, employee: str, plan: str) -> list[PaidOut]:
        rows = self._rows(
            "SELECT * FROM bi.payouts WHERE newest AND plan = %(plan)s AND employee = %(employee)s",
            {"plan": plan, "employee": employee},
        )
        plans = {version: self.plan_of(version) for version in {row["plan_version"] for row in rows}}
        return [
            PaidOut(
                row["period_kind"], row["period"], row["currency"], plans[row["plan_version"]], row["draw"],
                Figures(*(to_fixed(row[name]) for name in _FIGURES)),
            )
            for row in rows
        ]  # fmt: skip

    def _closes(self) -> list[Close]:
        return [
            Close(row["credits_partition"], row["credits_offset"], row["period_kind"], row["period"])
            for row in self._all("period_closes", "1", {})
        ]

    def _all(self, table: str, where: str, parameters: dict, order: str = "") -> list[dict]:
        return self._rows(f"SELECT * FROM kpistream.{table} FINAL WHERE {where} {order}", parameters)

    def plan_of(self, version: int | None) -> Plan:
        """A version of the plan, or the newest one."""
        rows = self._rows(
            "SELECT document FROM kpistream.plan_versions FINAL WHERE %(version)s IN (0, plan_version) "
            "ORDER BY version DESC LIMIT 1",
            {"version": version or 0},
        )
        if not rows:
            missing = f"version {version} of the plan is not in kpistream.plan_versions"
            raise click.ClickException(missing if version else "no plan has been applied")
        return read_plan(rows[0])

    def _rows(self, query: str, parameters: dict) -> list[dict]:
        rows, columns = self._client.execute(query, parameters, with_column_types=True)
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]


def _alike(values: Iterable) -> bool:
    first, *others = values
    return all(one == first for one in others)


def _people_of(plan: Plan, kind: str, unit: str) -> list[str]:
    """Who stands in a unit at one time or another: what they have elsewhere counts where they are compared."""
    return [one.id for one, places in employees_of(plan) if any(getattr(place, kind) == unit for place in places)]


def _updates_behind(awards: list[Award], lines: list[dict]) -> Iterator[str]:
    """Ids of the updates that decided something."""
    yield from (award.cause.id for award in awards if award.cause.type == "kpi-update")
    yield from (line["id"] for line in lines if line["source"] == "kpi-updates")


def _span(plan: Plan, period: str) -> tuple[date, date]:
    kind, calendar = period_kind_of(plan, period), Calendar(plan)
    return tuple(date_of(day) for day in calendar.span(kind, calendar.parse(kind, period)))
