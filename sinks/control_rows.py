"""Control records as rows: what a plan says (its version, KPIs, targets, the organisation), and closes. Pure."""

from __future__ import annotations

from schemas.control import PeriodClosed, PlanApplied, decode_control
from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.plan_fields import Named
from schemas.plan_goals import targets_of
from schemas.plan_moves import employees_of
from schemas.plan_scorecards import Scorecard
from sinks.columns import columns
from sinks.insert import Objects, Origin, Table
from sinks.json_rows import rows_from_dicts

_PLAN = "plan:text plan_version:int "
_LOADED = " version:uint processed_at:time"

PLAN_VERSIONS = Table(
    "plan_versions",
    columns(_PLAN + "control_id:text timezone:text currency:text company:text document:text" + _LOADED),
)
KPIS = Table(
    "kpis",
    columns(
        _PLAN
        + "kpi:text name_en:text name_zh:text description_en:text description_zh:text "
        "aggregate:text events:texts "
        "field:text unit:text direction:text definition:text" + _LOADED
    ),
)
TARGETS = Table(
    "targets",
    columns(
        _PLAN + "number:int kpi:text period_kind:text at:text value:fixed employee:text role:text team:text "
        "department:text" + _LOADED
    ),
)
ORGANISATION = Table(
    "organisation",
    columns(
        _PLAN + "employee:text employee_name:text role:text team:text team_name_en:text team_name_zh:text "
        "department:text department_name_en:text department_name_zh:text company:text company_name_en:text "
        "company_name_zh:text" + _LOADED
    ),
)

PLAN_POSITIONS = Table(
    "plan_positions",
    columns("credits_partition:int credits_offset:int control_id:text plan:text plan_version:int" + _LOADED),
)


CLOSES = Table(
    "closes",
    columns("plan:text period_kind:text period:text control_offset:int closed_by:text closed_at:time" + _LOADED),
)


PERIOD_CLOSES = Table(
    "period_closes",
    columns("credits_partition:int credits_offset:int control_id:text period_kind:text period:text" + _LOADED),
)

ADJUSTMENT_RECORDS = Table(
    "adjustment_records",
    columns("credits_partition:int credits_offset:int control_id:text record:text" + _LOADED),
)


def position_rows(value: bytes, origin: Origin) -> list[Objects]:
    """Where a plan version begins to count in one credits partition, a period was closed, or values were adjusted, from
    the copy there.
    """
    record = decode_control(value)
    place = {
        "credits_partition": origin.partition,
        "credits_offset": origin.offset,
        "control_id": record.id,
    }
    if isinstance(record, PeriodClosed):
        row = place | {"period_kind": record.kind, "period": record.period}
        return [rows_from_dicts(PERIOD_CLOSES, [row], origin)]
    if not isinstance(record, PlanApplied):
        return [rows_from_dicts(ADJUSTMENT_RECORDS, [place | {"record": value}], origin)]
    row = place | {"plan": record.plan.plan, "plan_version": record.plan.version}
    return [rows_from_dicts(PLAN_POSITIONS, [row], origin)]


def control_rows(value: bytes, origin: Origin) -> list[Objects]:
    """Rows of every dimension table for the plan version that a control record applies; or the close."""
    record = decode_control(value)
    if isinstance(record, PeriodClosed):
        return [rows_from_dicts(CLOSES, [_close(record, origin)], origin)]
    plan = record.plan
    head = {"plan": plan.plan, "plan_version": plan.version}
    version = head | {
        "control_id": record.id,
        "timezone": plan.timezone,
        "currency": plan.currency,
        "company": plan.organisation.company,
        "document": plan.model_dump_json(exclude_none=True),
    }
    tables = {
        PLAN_VERSIONS: [version],
        KPIS: _kpis(plan),
        TARGETS: _targets(plan),
        ORGANISATION: _organisation(plan),
    }
    return [
        rows_from_dicts(table, [head | row for row in rows], origin) for table, rows in tables.items() if rows
    ]


def _close(record: PeriodClosed, origin: Origin) -> dict:
    """The plan version that it was closed under follows from its place among the plans of the topic."""
    return {
        "plan": record.plan_id,
        "period_kind": record.kind,
        "period": record.period,
        "control_offset": origin.offset,
        "closed_by": record.by,
        "closed_at": record.time,
    }


def _text(name: Named | None, prefix: str) -> dict[str, str]:
    return {f"{prefix}_en": name.en if name else "", f"{prefix}_zh": name.zh if name else ""}


def _kpis(plan: Plan) -> list[dict]:
    return [
        {
            "kpi": kpi.id,
            **_text(kpi.name, "name"),
            **_text(kpi.description, "description"),
            "aggregate": kpi.aggregate,
            "events": kpi.events,
            "field": kpi.field or "",
            "unit": kpi.unit,
            "direction": kpi.direction,
            "definition": kpi.model_dump_json(exclude_none=True),
        }
        for kpi in plan.kpis
    ] + [_score(card) for card in plan.scorecards]


def _score(card: Scorecard) -> dict:
    """A scorecard in the dictionary of KPIs, where its scores have their name and unit."""
    return {
        "kpi": card.id,
        **_text(card.name, "name"),
        **_text(None, "description"),
        "aggregate": "score",
        "events": (),
        "field": "",
        "unit": card.unit,
        "direction": "up",
        "definition": card.model_dump_json(exclude_none=True),
    }


def _targets(plan: Plan) -> list[dict]:
    return [
        {
            "number": number,
            "kpi": target.kpi,
            "period_kind": target.period,
            "at": target.at or "",
            "value": to_fixed(target.value),
            "employee": target.employee or "",
            "role": target.role or "",
            "team": target.team or "",
            "department": target.department or "",
        }
        for number, target in enumerate(targets_of(plan))
        if target.unit is None
    ]


def _organisation(plan: Plan) -> list[dict]:
    """Where everybody stands after the last of their moves."""
    organisation = plan.organisation
    company = {"company": organisation.company, **_text(organisation.name, "company_name")}
    teams = {team.id: (department, team) for department in organisation.departments for team in department.teams}
    return [
        company
        | {
            "department": department.id,
            **_text(department.name, "department_name"),
            "team": team.id,
            **_text(team.name, "team_name"),
            "employee": employee.id,
            "employee_name": employee.name,
            "role": latest.role,
        }
        for employee, latest in ((employee, places[-1]) for employee, places in employees_of(plan))
        for department, team in (teams[latest.team],)
    ]
