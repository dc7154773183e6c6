"""Which versions of a rule leave something behind that another kind of it depends on."""

from __future__ import annotations

import pytest

from schemas.plan_awards import ThresholdAward
from schemas.plan_spiff import Spiff
from streams.explain.shapes import is_tangled

ABOUT = {"id": "a", "name": "A", "period": "month"}
EACH = Spiff.model_validate(ABOUT | {"events": ["sale"], "amount": 5})
ONCE, AGAIN = (
    ThresholdAward.model_validate(ABOUT | {"all": [{"kpi": "k", "value": 1}], "bonus": 9, "rearm": rearm})
    for rearm in (False, True)
)


@pytest.mark.parametrize(
    ("versions", "tangled"),
    [
        ([ONCE, EACH], False),  # events are remembered from the first version on that pays by them
        ([EACH, ONCE, EACH], True),
        ([EACH, ONCE], True),  # what was awarded once is not awarded again
        ([EACH, AGAIN], False),
        ([ONCE, ONCE], False),
    ],
)
def test_what_depends_on_a_version_of_another_kind(versions, tangled):
    assert is_tangled(versions[-1], versions) is tangled
