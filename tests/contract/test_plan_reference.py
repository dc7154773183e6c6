"""docs/plan.md describes every setting with its true default, and every example on it is a valid plan."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from schemas import plan as models
from schemas.event_fields import BUILT_IN
from schemas.plan_fields import Model
from schemas.plan_file import check_plan, examine_plan, load_plan

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
PLANS = sorted((ROOT / "plans").rglob("*.yaml"))

MODELS = {model.__name__: model for model in Model.__subclasses__()}

#: What the fragments of the page refer to; a fragment replaces the whole section of the same name.
BASE = {
    "plan": "plan: p\ntimezone: Asia/Shanghai\ncurrency: CNY\n",
    "organisation": """organisation:
  company: acme
  departments:
    - id: sales
      teams:
        - id: north
          employees:
            - {id: E1, role: rep}
""",
    "kpis": """kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale, refund], field: amount, unit: money}
  - {id: satisfaction, name: S, description: S, aggregate: mean, events: [survey_answer], field: score,
     unit: points}
""",
    "targets": "targets:\n  - {kpi: revenue, period: month, value: 1000}\n",
}


def complete(example: str) -> str:
    """The example itself, or the base with it in place of its section."""
    if example.startswith("plan:"):
        return example
    section = example.split(":")[0]
    base = dict(BASE)
    if section == "kpis":
        base.pop("targets")
    return "".join((base | {section: example}).values())


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=[example.splitlines()[0] + str(n) for n, example in enumerate(EXAMPLES)]
)
def test_every_example_is_valid(example):
    plan, errors, _ = examine_plan(complete(example), "docs/plan.md")
    assert not errors
    assert models.Plan.model_validate_json(plan.model_dump_json()) == plan


def test_an_example_with_an_error_would_be_noticed():
    assert check_plan(complete(EXAMPLES[0].replace("aggregate: sum", "aggregate: total")))[1]
    assert len(EXAMPLES) >= 10


def rows_of(model: str) -> dict[str, str]:
    """Default by setting, from the table under the model's heading."""
    section = re.search(rf"^#+ {model}\n(.*?)(?=^#|\Z)", PAGE, re.S | re.M)
    assert section, f"docs/plan.md has no heading for {model}"
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \| [^|]{4,} \|$", section[1], re.M))


def default_of(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    default = field.default
    if field.is_required():
        return "required"
    if isinstance(default, BaseModel):
        return "defaults"
    if default is None:
        return "none"
    if default in ((), {}, ""):
        return "empty"
    if isinstance(default, Decimal):
        return f"`{default * 100:f}%`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


@pytest.mark.parametrize("name", MODELS)
def test_every_setting_is_described_with_its_default(name):
    model = MODELS[name]
    assert rows_of(name) == {field: default_of(model, field) for field in model.model_fields}


def test_every_built_in_event_type_is_listed_with_its_fields():
    for event_type, fields in BUILT_IN.items():
        row = re.search(rf"^\| `{event_type}` \| (.*) \|$", PAGE, re.M)
        assert row, event_type
        listed = re.split(r"[,;] ", re.sub(r"\b(texts?|flags?): ", "", row[1]))
        assert sorted(listed) == sorted(fields)


@pytest.mark.parametrize("path", PLANS, ids=[path.stem for path in PLANS])
def test_every_plan_that_ships_is_valid_and_without_warnings(path):
    plan, errors, warnings = examine_plan(path.read_text(encoding="utf-8"), str(path))
    assert not errors
    assert not warnings
    assert models.Plan.model_validate_json(plan.model_dump_json()) == plan


def test_the_example_plan_uses_every_aggregate_and_every_way_of_paying():
    plan = load_plan(ROOT / "plans" / "example.yaml")
    assert {kpi.aggregate for kpi in plan.kpis} == {"sum", "count", "mean", "ratio", "distinct", "min", "max"}
    assert {award.pays for award in plan.awards if award.kind == "tiers"} == {
        "marginal",
        "slab",
        "flat",
        "nothing",
    }
    assert {award.settle for award in plan.awards} == {"live", "sticky", "period_end"}
    assert any(len(award.all) > 1 for award in plan.awards if award.kind == "threshold")
    assert any(award.period.startswith("rolling_") for award in plan.awards)
    assert all(kpi.name.zh and kpi.description.zh for kpi in plan.kpis)
    assert all(award.name.zh for award in plan.awards)
