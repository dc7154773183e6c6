"""The evidence of an explanation from a backtest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from runtime.records import Out, Record, RecordBatch
from schemas.blocks import decode_block, kind_of
from schemas.control import CLOSED_KIND, KIND, PartitionClosed, PeriodClosed, PlanApplied, decode_control
from schemas.mapping import TopicMapping
from schemas.money import from_fixed, to_fixed
from schemas.plan import Plan
from schemas.plan_units import decided_by, of_units
from schemas.results import Award
from schemas.topics import CREDITS, FACTS, KPI_UPDATES
from streams.backtest import Backtest, BacktestResult
from streams.explain.conversions import may_convert, originals_of, with_conversions
from streams.explain.credits import Close, credits_of_block
from streams.explain.draws import Figures, PaidOut
from streams.explain.history import Evidence
from streams.explain.moments import Published, Timeline
from streams.explain.plan_history import PlanHistory
from streams.ledger.closed import closed_periods
from streams.rollups.alignment import Update


class _Recording(Backtest):
    """A backtest that keeps what passes between its stages, and the facts where amounts may be converted."""

    def __init__(self, mapping: TopicMapping | None) -> None:
        super().__init__(mapping)
        self.facts: list[bytes] = []
        self.credits: list[tuple[int, int, bytes]] = []
        self.closes: list[Close] = []
        self.updates: list[Published] = []

    def _batch(self, topic: str, outs: list[Out]) -> RecordBatch:
        batch = super()._batch(topic, outs)
        for one in batch.records if topic == CREDITS.name else ():
            if kind_of(one.headers) == "credits":
                self.credits.append((0, one.offset, one.value))
            elif kind_of(one.headers) == KIND and isinstance(control := decode_control(one.value), PeriodClosed):
                self.closes.append(Close(0, one.offset, control.kind, control.period))
        if topic == FACTS.name and may_convert(self._plan, PlanHistory()):
            self.facts += (one.value for one in batch.records if kind_of(one.headers) == "facts")
        if topic == KPI_UPDATES.name:
            self.updates += filter(None, map(published, batch.records))
        return batch


class RecordedEvidence:
    """Finds evidence in what came out of a run of the stages, and in what passed between them.

    ``credits``: blocks by partition and offset; ``facts``: blocks.
    """

    def __init__(
        self,
        plan: Plan,
        result: BacktestResult,
        credits: list[tuple[int, int, bytes]],
        closes: list[Close],
        updates: list[Published],
        plans: PlanHistory | None = None,
        facts: Iterable[bytes] = (),
    ) -> None:
        self.plan, self.result = plan, result
        self._plans = plans or PlanHistory()
        blocks = [credit for place in credits for credit in credits_of_block(*place)]
        self._credits = with_conversions(blocks, originals_of(facts, plan, self._plans), plan, self._plans)
        self._closes, self._timeline = closes, Timeline(updates)

    def plan_of(self, version: int) -> Plan:
        """A backtest knows one version of the plan."""
        return self.plan

    def plan_by(self, control: str) -> Plan | None:
        """The plan that took effect with a control record."""
        return self.plan

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
            [credit for credit in self._credits if credit.employee == employee],
            [award for award in self.result.awards if award.employee == employee and not award.unit_kind],
            [line for line in self.result.earnings if line["employee"] == employee],
            _targets(row for row in rows if row["employee"] == employee),
            self._closes,
            payouts=self._payouts_of(employee),
            plans=self._plans,
        )

    def unit(self, kind: str, unit: str, version: int | None = None, period: str | None = None) -> Evidence:
        """Everything about a unit; the company by any name. ``period`` may narrow the credits, and need not."""
        unit = unit if kind != "company" else self.plan.organisation.company
        known = [*self._plans.plans, self.plan]
        rules = {rule.id for plan in known for rule in plan.awards if of_units(rule) and decided_by(rule) == kind}
        rows = self.result.units.values()
        return Evidence(
            self.plan,
            "",
            self._credits,
            [
                award
                for award in self.result.awards
                if (award.unit_kind, award.unit) == (kind, unit) or (not award.unit_kind and award.rule in rules)
            ],
            [line for line in self.result.earnings if line["rule"] in rules],
            _targets(row for row in rows if (row["unit_kind"], row["unit"]) == (kind, unit)),
            self._closes,
            self._timeline,
            (kind, unit),
            plan_by=self.plan_by,
            plans=self._plans,
        )

    def _payouts_of(self, employee: str) -> list[PaidOut]:
        closed = closed_periods(self.plan, self.result.closes, self.result.earnings) if self.plan.draws else []
        return [
            PaidOut(one.kind, one.period, row.payee.currency, self.plan, row.draw, figures_of(row))
            for one in closed
            for row in one.rows
            if row.payee.employee == employee
        ]


class BacktestEvidence(RecordedEvidence):
    """Runs the plan once over what ``feed`` gives the backtest."""

    def __init__(self, plan: Plan, feed: Callable[[Backtest], None], mapping: TopicMapping | None = None) -> None:
        run = _Recording(mapping)
        run.apply(plan)
        feed(run)
        super().__init__(plan, run.finish(), run.credits, run.closes, run.updates, facts=run.facts)


def figures_of(row) -> Figures:
    """The amounts of a payout's row, which has them as Decimals."""
    names = ("earned", "guarantee", "advance", "recovery", "outstanding")
    return Figures(**{name: to_fixed(getattr(row, name)) for name in names})


def published(record: Record) -> Published | None:
    """A record of kpi-updates, where awards of units are decided by it."""
    kind = kind_of(record.headers)
    if kind == "kpi-days":
        meta = decode_block(record.value)[1]
        return Published(record.offset, Update(meta["partition"], meta["offset"]))
    if kind == CLOSED_KIND:
        return Published(record.offset, PartitionClosed.model_validate_json(record.value))
    if kind == KIND and isinstance(control := decode_control(record.value), PlanApplied):
        return Published(record.offset, control.id)
    return None


def _targets(rows) -> dict[tuple[str, str, str], Fraction | None]:
    return {(row["kpi"], row["period_kind"], row["period"]): _fraction(row["target"]) for row in rows}


def _fraction(fixed: int | None) -> Fraction | None:
    return None if fixed is None else Fraction(from_fixed(fixed))
