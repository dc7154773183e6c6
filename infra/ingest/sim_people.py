"""The people of a simulated company: what they do by role, how busy, how able, how well liked."""
from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from random import Random

from schemas.plan import Plan

#: What people of a kind do, as shares of their events.
ACTIVITIES: dict[str, dict[str, float]] = {
    "sales": {"sale": 50, "lead": 18, "visit": 20, "survey_answer": 9, "complaint": 1.5, "training_completed": 0.7},
    "service": {"ticket_resolved": 64, "survey_answer": 30, "complaint": 4, "training_completed": 0.7},
    "delivery": {"delivery": 76, "defect": 14, "survey_answer": 6, "complaint": 2, "training_completed": 0.7},
    "general": {"sale": 25, "lead": 10, "visit": 10, "ticket_resolved": 20, "survey_answer": 12, "delivery": 18,
                "defect": 3, "complaint": 1.5, "training_completed": 0.7},
}
#: Words in a role's id that tell which kind it is; the first that fits wins.
_ROLE_WORDS = (
    ("service", ("service", "support", "care", "desk", "agent", "customer_success", "ticket")),
    ("sales", ("sale", "sell", "account", "shop", "store", "retail", "business_dev", "growth", "closer")),
    ("delivery", ("engineer", "develop", "deliver", "courier", "logist", "purchas", "produc", "quality", "project")),
)
#: What everyone does now and then.
_COMMON = {"survey_answer": 6.0, "complaint": 1.5, "training_completed": 0.7}
#: Share of an event type that the plan declares.
_OWN_TYPE = 15.0


@dataclass(slots=True)
class Person:
    """One simulated employee."""

    id: str
    activities: dict[str, float]  # share of each event type in what this person does
    skill: float  # factor on amounts and pace, about 1
    quality: float  # 0 to 1: satisfaction, punctuality, care
    mates: list[str] = field(default_factory=list)  # ids of the others in the team


def kind_of_role(role: str) -> str:
    """sales, service, delivery or general, by the words in the role's id."""
    lowered = role.lower()
    if "rep" in re.split("[^a-z]+", lowered):
        return "sales"
    return next((kind for kind, words in _ROLE_WORDS if any(word in lowered for word in words)), "general")


def activities_of_role(plan: Plan, role: str) -> dict[str, float]:
    """Share of each event type: what the role's targets measure, and what its name suggests."""
    kpis = {kpi.id: kpi for kpi in plan.kpis}
    own = [target.kpi for target in plan.targets if target.role == role and target.unit is None]
    measured = [kpis[kpi] for kpi in own if kpi in kpis]
    possible = {*ACTIVITIES["general"], *plan.events}  # refunds follow from sales
    types = sorted({event for kpi in measured for event in kpi.events if event in possible})
    suggested = ACTIVITIES[kind_of_role(role)]
    if next(iter(suggested)) in types:  # the name and the targets mean the same
        return suggested | {name: _OWN_TYPE for name in types if name not in suggested}
    if types:
        return _COMMON | {name: ACTIVITIES["general"].get(name, _OWN_TYPE) for name in types}
    aimed = {target.kpi for target in plan.targets if target.role is not None and target.unit is None}
    taken = {event for kpi in plan.kpis if kpi.id in aimed for event in kpi.events}
    return suggested | {name: _OWN_TYPE for name in plan.events if name not in taken}


def people_of(plan: Plan, rng: Random) -> list[Person]:
    """Everyone of the plan's organisation, in its order; their traits are drawn from ``rng``."""
    people: list[Person] = []
    by_role: dict[str, dict[str, float]] = {}
    for department in plan.organisation.departments:
        for team in department.teams:
            members = []
            for employee in team.employees:
                skill = math.exp(rng.gauss(0.0, 0.3))
                quality = min(1.0, max(0.0, rng.gauss(0.7, 0.18)))
                if employee.role not in by_role:
                    by_role[employee.role] = activities_of_role(plan, employee.role)
                members.append(Person(employee.id, by_role[employee.role], skill, quality))
            for person in members:
                person.mates = [other.id for other in members if other is not person]
            people += members
    return people


def activity_table(people: list[Person]) -> tuple[list[tuple[Person, str]], list[float]]:
    """Who does what, with cumulative weights that end at 1: the draw for the next event."""
    choices: list[tuple[Person, str]] = []
    sums: list[float] = []
    total = 0.0
    for person in people:
        whole = sum(person.activities.values())
        for event_type, share in person.activities.items():
            total += person.skill * share / whole
            choices.append((person, event_type))
            sums.append(total)
    return choices, [value / total for value in sums]


def typical_sale(plan: Plan, sales_a_day: float) -> float:
    """Amount of a usual sale, in currency units, with which the plan's revenue targets are just within reach.

    ``sales_a_day``: how many sales a salesperson makes in a calendar day. 800 where the plan has no such target.
    """
    days = {"day": 1.0, "week": 7.0, "month": 30.4, "quarter": 91.3, "year": 365.0}
    revenue = {kpi.id for kpi in plan.kpis if kpi.aggregate == "sum" and kpi.field == "amount" and "sale" in kpi.events}
    rates = sorted(
        float(target.value) / days[target.period]
        for target in plan.targets
        if target.kpi in revenue and target.period in days
        and (target.unit, target.team, target.department) == (None, None, None)
    )
    if not rates or not sales_a_day:
        return 800.0
    mean_of_log_normal = 1.5  # e^(σ²/2) at the σ of simulate.py
    return rates[len(rates) // 2] / sales_a_day / mean_of_log_normal
