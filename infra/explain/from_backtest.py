"""The evidence of an explanation from a backtest."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from runtime.records import Out, RecordBatch
from schemas.blocks import kind_of
from schemas.control import KIND, PeriodClosed, decode_control
from schemas.mapping import TopicMapping
from schemas.money import from_fixed
from schemas.plan import Plan
from schemas.plan_units import judges_units
from schemas.results import Award
from schemas.topics import CREDITS
from streams.backtest import Backtest, BacktestResult
from streams.explain.credits import Close, Credit, credits_of_block
from streams.explain.history import Evidence


class _Recording(Backtest):
    """A backtest that keeps the credits and closes that pass between its stages."""

    def __init__(self, mapping: TopicMapping | None) -> None:
        super().__init__(mapping)
        self.credits: list[tuple[int, bytes]] = []
        self.closes: list[Close] = []

    def _batch(self, topic: str, outs: list[Out]) -> RecordBatch:
        batch = super()._batch(topic, outs)
        for one in batch.records if topic == CREDITS.name else ():
            if kind_of(one.headers) == "credits":
                self.credits.append((one.offset, one.value))
            elif kind_of(one.headers) == KIND and isinstance(control := decode_control(one.value), PeriodClosed):
                self.closes.append(Close(0, one.offset, control.kind, control.period))
        return batch


class BacktestEvidence:
    """Runs the plan once over what ``feed`` gives the backtest, and finds evidence in what came out."""

    def __init__(self, plan: Plan, feed: Callable[[Backtest], None], mapping: TopicMapping | None = None) -> None:
        self.plan = plan
        self._run = run = _Recording(mapping)
        run.apply(plan)
        feed(run)
        self.result: BacktestResult = run.finish()

    def award(self, award_id: str) -> Award | None:
        """The last word on an award."""
        found = [award for award in self.result.awards if award.award_id == award_id]
        return found[-1] if found else None

    def of(self, employee: str, version: int | None = None) -> Evidence:
        """Everything about an employee; a backtest knows one version of the plan."""
        rows = self.result.periods.values()
        return Evidence(
            self.plan,
            employee,
            self._credits(lambda row: row["employee"] == employee),
            [award for award in self.result.awards if award.employee == employee and not award.unit_kind],
            [line for line in self.result.earnings if line["employee"] == employee],
            _targets(row for row in rows if row["employee"] == employee),
            self._run.closes,
        )

    def unit(self, kind: str, unit: str, version: int | None = None, period: str | None = None) -> Evidence:
        """Everything about a unit; the company by any name. ``period`` may narrow the credits, and need not."""
        unit = unit if kind != "company" else self.plan.organisation.company
        rules = {rule.id for rule in self.plan.awards if judges_units(rule) and rule.unit == kind}
        rows = self.result.units.values()
        return Evidence(
            self.plan,
            "",
            self._credits(lambda row: True),
            [award for award in self.result.awards if (award.unit_kind, award.unit) == (kind, unit)],
            [line for line in self.result.earnings if line["rule"] in rules],
            _targets(row for row in rows if (row["unit_kind"], row["unit"]) == (kind, unit)),
            self._run.closes,
            (kind, unit),
        )

    def _credits(self, wanted: Callable[[dict], bool]) -> list[Credit]:
        return [one for record, value in self._run.credits for one in credits_of_block(value, record, wanted)]


def _targets(rows) -> dict[tuple[str, str, str], Fraction | None]:
    return {(row["kpi"], row["period_kind"], row["period"]): _fraction(row["target"]) for row in rows}


def _fraction(fixed: int | None) -> Fraction | None:
    return None if fixed is None else Fraction(from_fixed(fixed))
