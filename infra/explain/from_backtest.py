"""The evidence of an explanation from a backtest."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from runtime.records import Out, RecordBatch
from schemas.blocks import kind_of
from schemas.mapping import TopicMapping
from schemas.money import from_fixed
from schemas.plan import Plan
from schemas.results import Award
from schemas.topics import CREDITS
from streams.backtest import Backtest, BacktestResult
from streams.explain.credits import credits_of_block
from streams.explain.evidence import Evidence


class _Recording(Backtest):
    """A backtest that keeps the credits that pass between its stages."""

    def __init__(self, mapping: TopicMapping | None, kept: list[tuple[int, bytes]]) -> None:
        super().__init__(mapping)
        self._kept = kept

    def _batch(self, topic: str, outs: list[Out]) -> RecordBatch:
        batch = super()._batch(topic, outs)
        if topic == CREDITS.name:
            self._kept += [(one.offset, one.value) for one in batch.records if kind_of(one.headers) == "credits"]
        return batch


class BacktestEvidence:
    """Runs the plan once over what ``feed`` gives the backtest, and finds evidence in what came out."""

    def __init__(self, plan: Plan, feed: Callable[[Backtest], None], mapping: TopicMapping | None = None) -> None:
        self.plan = plan
        self._credits: list[tuple[int, bytes]] = []
        run = _Recording(mapping, self._credits)
        run.apply(plan)
        feed(run)
        self.result: BacktestResult = run.finish()

    def award(self, award_id: str) -> Award | None:
        """The last word on an award."""
        found = [award for award in self.result.awards if award.award_id == award_id]
        return found[-1] if found else None

    def of(self, employee: str, version: int | None = None) -> Evidence:
        """Everything about an employee; a backtest knows one version of the plan."""
        targets = {
            (row["kpi"], row["period_kind"], row["period"]): _fraction(row["target"])
            for row in self.result.periods.values()
            if row["employee"] == employee
        }
        return Evidence(
            self.plan,
            employee,
            [one for record, value in self._credits for one in credits_of_block(value, record, employee)],
            [award for award in self.result.awards if award.employee == employee],
            [line for line in self.result.earnings if line["employee"] == employee],
            targets,
        )


def _fraction(fixed: int | None) -> Fraction | None:
    return None if fixed is None else Fraction(from_fixed(fixed))
