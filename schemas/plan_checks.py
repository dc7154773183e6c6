"""What must hold between the parts of a plan: references, types of fields, calendars, targets. Pure."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from itertools import pairwise

from schemas.event_fields import BUILT_IN
from schemas.plan import CALENDAR_KINDS, CustomPeriod, Plan, Target
from schemas.plan_award_checks import check_awards
from schemas.plan_crediting_checks import check_crediting
from schemas.plan_decomposition_checks import check_decompositions
from schemas.plan_draw_checks import check_draws
from schemas.plan_fiscal import FISCAL_KINDS
from schemas.plan_goals import targets_of
from schemas.plan_kpi_checks import check_kpis
from schemas.plan_lookup import Finding, Lookup, is_rolling, period_key_problem
from schemas.plan_manager_checks import check_managers
from schemas.plan_move_checks import check_moves
from schemas.plan_scorecard_checks import check_scorecards
from schemas.plan_target_checks import check_attendance, check_dating, check_repeated
from schemas.plan_unit_checks import check_unit_target

_ROLE_KPIS = 5
#: Distances from UTC, that name no zone.
_OFFSET = re.compile(r"(utc|gmt)? ?[+-]\d", re.IGNORECASE)
#: What currencies are called, and their codes.
_NO_CODES = {"RMB": "CNY", "CNH": "CNY", "NTD": "TWD", "YEN": "JPY", "STG": "GBP"}


def check(plan: Plan) -> list[Finding]:
    """Every finding on a plan whose fields are each right by themselves."""
    lookup = Lookup(plan)
    return [
        *_general(plan),
        *_events(plan),
        *_organisation(plan),
        *check_moves(lookup),
        *check_managers(lookup),
        *check_crediting(lookup),
        *check_attendance(plan),
        *_calendars(plan),
        *check_kpis(lookup),
        *_targets(lookup),
        *check_scorecards(lookup),
        *check_decompositions(lookup),
        *check_awards(lookup),
        *check_draws(lookup),
    ]


def _general(plan: Plan) -> Iterator[Finding]:
    try:
        zoneinfo.ZoneInfo(plan.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if "beijing" in plan.timezone.lower():
            yield Finding(("timezone",), f"no such time zone: {plan.timezone}; China's is Asia/Shanghai")
        elif _OFFSET.match(plan.timezone):
            message = f"no such time zone: {plan.timezone}; expected one named after a place, such as Asia/Shanghai"
            yield Finding(("timezone",), message)
        else:
            yield Finding.unknown(("timezone",), "time zone", plan.timezone, zoneinfo.available_timezones())
    if code := _NO_CODES.get(plan.currency):
        yield Finding(("currency",), f"{plan.currency} is no ISO 4217 code; {code} is", warning=True)


def _events(plan: Plan) -> Iterator[Finding]:
    for name, declared in plan.events.items():
        if name in BUILT_IN:
            yield Finding(("events", name), f"{name} is a built-in event type and cannot be declared again")
        for reserved in {"employee", "splits"} & set(declared.fields):
            yield Finding(("events", name, "fields", reserved), f"{reserved} is part of every event already")
        for index, required in enumerate(declared.required):
            if required not in declared.fields:
                yield Finding.unknown(("events", name, "required", index), "field", required, declared.fields)


def _organisation(plan: Plan) -> Iterator[Finding]:
    """Ids are unique across the whole organisation, kind by kind."""
    seen: dict[tuple[str, str], tuple] = {}
    for kind, id_, path in _units(plan):
        if (kind, id_) in seen:
            yield Finding((*path, "id"), f"{kind} {id_} is given twice")
        seen[kind, id_] = path


def _units(plan: Plan) -> Iterator[tuple[str, str, tuple]]:
    for d, department in enumerate(plan.organisation.departments):
        path = ("organisation", "departments", d)
        yield "department", department.id, path
        for t, team in enumerate(department.teams):
            yield "team", team.id, (*path, "teams", t)
            for e, employee in enumerate(team.employees):
                yield "employee", employee.id, (*path, "teams", t, "employees", e)


def _calendars(plan: Plan) -> Iterator[Finding]:
    for name, periods in plan.calendars.items():
        path = ("calendars", name)
        if name in (*CALENDAR_KINDS, *FISCAL_KINDS) or is_rolling(name):
            yield Finding(path, f"{name} is a built-in period; give the calendar another name")
        if not periods:
            yield Finding(path, "expected at least one period")
        else:
            yield from _calendar(path, periods)


def _calendar(path: tuple, periods: tuple[CustomPeriod, ...]) -> Iterator[Finding]:
    keys: set[str] = set()
    for index, period in enumerate(periods):
        if period.key in keys:
            yield Finding((*path, index, "key"), f"key {period.key} is given twice")
        keys.add(period.key)
        if period.end is not None and period.end <= period.start:
            yield Finding((*path, index, "end"), f"must be later than the start, {period.start}")
    for index, (one, other) in enumerate(pairwise(periods), start=1):
        if other.start <= one.start:
            yield Finding((*path, index, "start"), f"must be later than the start before it, {one.start}")
        elif one.end is not None and one.end > other.start:
            yield Finding((*path, index - 1, "end"), f"must not be later than the next start, {other.start}")
    if periods[-1].end is None:
        yield Finding(
            (*path, len(periods) - 1), "the last period of a calendar needs an end (the first day after it)"
        )


def _targets(lookup: Lookup) -> Iterator[Finding]:
    by_role: dict[str, set[str]] = {}
    for index, target in enumerate(lookup.plan.targets):
        path = ("targets", index)
        yield from lookup.refer((*path, "kpi"), "kpi", target.kpi)
        for kind in ("employee", "role", "team", "department"):
            if getattr(target, kind) is not None:
                yield from lookup.refer((*path, kind), kind, getattr(target, kind))
        yield from lookup.period((*path, "period"), target.period)
        yield from _target(lookup, path, target)
        yield from check_unit_target(path, target)
        yield from check_dating(lookup, path, target)
        if target.role and target.unit is None:
            by_role.setdefault(target.role, set()).add(target.kpi)
    yield from check_repeated(lookup.plan)
    for role, kpis in by_role.items():
        if len(kpis) > _ROLE_KPIS:
            yield Finding(
                ("targets",), f"role {role} has targets on {len(kpis)} KPIs; people follow 3 to 5", True
            )
    yield from _without_target(lookup)


def _target(lookup: Lookup, path: tuple, target: Target) -> Iterator[Finding]:
    if target.value < 0:
        yield Finding((*path, "value"), "must not be negative")
    yield from lookup.measure((*path, "value"), target.kpi, target.value)
    if target.at is None:
        return
    if is_rolling(target.period):
        yield Finding((*path, "at"), "a rolling period has no single period to name; leave out at")
    elif problem := period_key_problem(lookup.plan, target.period, target.at):
        yield Finding((*path, "at"), problem, needs=frozenset([target.at]))


def _without_target(lookup: Lookup) -> Iterator[Finding]:
    targets = [target for target in targets_of(lookup.plan) if target.unit is None]
    if not targets:
        return
    covered = {employee for employee, *_ in lookup.covered(targets)}
    for kind, id_, path in _units(lookup.plan):
        if kind == "employee" and id_ not in covered:
            yield Finding(path, f"no target applies to employee {id_}", True)
