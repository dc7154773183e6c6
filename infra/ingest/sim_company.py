"""A made-up company of any size, with KPIs, targets and awards, for when there is no plan at hand."""
from __future__ import annotations

from random import Random
from typing import Any

from schemas.plan import Plan

_FAMILY = ("Li", "Wang", "Chen", "Zhang", "Liu", "Huang", "Smith", "Garcia", "Müller", "Rossi", "Okafor", "Novak",
           "Sato", "Kim")
_GIVEN = ("Wei", "Fang", "Jie", "Min", "Anna", "Lena", "Marco", "Sofia", "Tom", "Priya", "Ada", "Jan", "Yuki", "Ji-woo")
_TEAM_SIZE = 8
#: Department: names, role, share of the people.
_DEPARTMENTS = (
    ("sales", {"en": "Sales", "zh": "销售部"}, "sales", 5),
    ("service", {"en": "Service", "zh": "客服部"}, "service", 3),
    ("delivery", {"en": "Delivery", "zh": "交付部"}, "delivery", 2),
)


def generate_plan(employees: int, seed: int, timezone: str = "Asia/Shanghai", currency: str = "CNY") -> Plan:
    """A valid plan for ``employees`` people in teams of eight; the same arguments give the same plan."""
    if employees < 1:
        raise ValueError("a company needs at least one employee")
    rng = Random(f"company {seed}")
    roles = [role for _, _, role, share in _DEPARTMENTS for _ in range(share)]
    by_role: dict[str, list[dict[str, Any]]] = {role: [] for role in roles}
    for number in range(1, employees + 1):
        role = roles[number * 7 % len(roles)]  # 7 and 10 have no common factor: every ten people hold all shares
        name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"
        by_role[role].append({"id": f"E{number:05}", "name": name, "role": role})
    departments = [
        {"id": id_, "name": name, "teams": _teams(id_, by_role[role])}
        for id_, name, role, _ in _DEPARTMENTS
        if by_role[role]
    ]
    return Plan.model_validate({
        "plan": f"simulated-{employees}-{seed}", "timezone": timezone, "currency": currency,
        "organisation": {"company": "simulated", "name": {"en": "Simulated company", "zh": "模拟公司"},
                         "departments": departments},
        "kpis": _KPIS, "targets": _targets(by_role), "awards": _awards(by_role),
    })


def _teams(department: str, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": f"{department}-{start // _TEAM_SIZE + 1}", "employees": people[start:start + _TEAM_SIZE]}
        for start in range(0, len(people), _TEAM_SIZE)
    ]


_KPIS: list[dict[str, Any]] = [
    {"id": "revenue", "description": {"en": "Sales minus refunds", "zh": "销售额减去退款"},
     "name": {"en": "Revenue", "zh": "销售额"},
     "aggregate": "sum", "events": ["sale", "refund"],
     "field": "amount", "unit": "money", "periods": ["day", "month", "quarter", "rolling_30d"]},
    {"id": "visits", "description": {"en": "Visits to customers", "zh": "拜访客户的次数"},
     "name": {"en": "Customer visits", "zh": "客户拜访"},
     "aggregate": "count", "events": ["visit"],
     "unit": "count", "periods": ["week", "month"]},
    {"id": "tickets", "description": {"en": "Service tickets resolved", "zh": "解决的服务工单数"},
     "name": {"en": "Tickets resolved", "zh": "已解决工单"},
     "aggregate": "count",
     "events": ["ticket_resolved"], "unit": "count", "periods": ["day", "week", "month"]},
    {"id": "satisfaction", "description": {"en": "Mean score of answers, 0 to 100", "zh": "问卷平均得分（0 至 100）"},
     "name": {"en": "Satisfaction", "zh": "客户满意度"},
     "aggregate": "mean",
     "events": ["survey_answer"], "field": "score", "unit": "points", "periods": ["month", "rolling_30d"]},
    {"id": "on_time", "description": {"en": "Share of deliveries on time", "zh": "准时交付的占比"},
     "name": {"en": "Delivered on time", "zh": "准时交付率"},
     "aggregate": "ratio",
     "events": ["delivery"], "numerator": {"where": {"on_time": True}}, "denominator": {}, "unit": "percent",
     "periods": ["week", "month"]},
]


def _targets(by_role: dict[str, list]) -> list[dict[str, Any]]:
    wanted = (("revenue", "100000", "sales"), ("visits", "20", "sales"), ("satisfaction", "85", "sales"),
              ("tickets", "60", "service"), ("satisfaction", "88", "service"), ("on_time", "90%", "delivery"))
    return [
        {"kpi": kpi, "period": "month", "value": value, "role": role} for kpi, value, role in wanted if by_role[role]
    ]


def _awards(by_role: dict[str, list]) -> list[dict[str, Any]]:
    tiers = [{"attainment": "0%", "rate": "1%"}, {"attainment": "80%", "rate": "2%"},
             {"attainment": "100%", "rate": "3%"}, {"attainment": "120%", "rate": "4%"}]
    awards: list[dict[str, Any]] = [
        {"kind": "tiers", "id": "commission", "name": {"en": "Commission", "zh": "销售提成"}, "kpi": "revenue",
         "period": "month", "pays": "marginal", "tiers": tiers, "roles": ["sales"]},
        {"kind": "threshold", "id": "balanced-seller", "period": "month",
         "name": {"en": "Revenue and satisfaction", "zh": "业绩与口碑双达标"},
         "all": [{"kpi": "revenue", "attainment": "100%"},
                 {"kpi": "satisfaction", "attainment": "100%", "min_sample": 5}],
         "bonus": "2000", "promotion": True, "roles": ["sales"]},
        {"kind": "threshold", "id": "service-star", "name": {"en": "Service star", "zh": "服务之星"}, "period": "month",
         "all": [{"kpi": "tickets", "attainment": "100%"},
                 {"kpi": "satisfaction", "attainment": "100%", "min_sample": 10}],
         "bonus": "500", "roles": ["service"]},
    ]
    return [award for award in awards if all(by_role[role] for role in award["roles"])]
