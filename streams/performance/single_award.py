"""What awards have in common of which a person has one at most in a period: its state, its bonus, its end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from schemas.money import to_fixed
from schemas.results import KpiEvidence
from streams.performance.award_records import AwardWriter, number_text
from streams.performance.award_states import AwardStates
from streams.performance.decisions import Decisions, Lines
from streams.performance.running import key_parts, period_key

_Seen = tuple[KpiEvidence, ...]


class SingleAward:
    """``rule`` has a bonus or none; ``kind`` is what its records say, with ``bonus`` added where it has one."""

    def __init__(self, index: int, rule, kinds: tuple[str, ...], states: AwardStates, writer: AwardWriter) -> None:
        self.index, self.rule, self.states, self.writer = index, rule, states, writer
        self.kind = "+".join(kinds)
        self.bonus = to_fixed(rule.bonus) if rule.bonus is not None else 0

    def as_it_stands(self, key: int) -> tuple[str, _Seen]:
        """The bound, and the evidence for the award now."""
        raise NotImplementedError

    def earned(self) -> dict[int, tuple[int, int]]:
        """The bonus, wherever the award stands."""
        return dict.fromkeys(self._standing(), (self.bonus, 0))

    def change_bonus(self, earned_before: dict[int, tuple[int, int]], decisions: Decisions, origins) -> None:
        """A plan took effect: what awards that stand pay by it, before they are decided again.

        What stands and was not paid for stood for a rule of another kind, or over other windows, that had the id; and
        what was paid for stands, whatever such a rule has made of it in between.
        """
        standing = set(self._standing())
        for key in self.writer.people.taking_part(self.rule, {*earned_before, *standing}):
            paid = key in earned_before
            if paid != (key in standing):
                self._stand(key, paid)
            change = self.bonus - earned_before[key][0] if paid else 0
            if change:
                columns = (np.array([one]) for one in (-1, key, change, 0, 0))
                decisions.lines.append(Lines(self.index, *columns, reason=origins.reason))

    def _stand(self, key: int, stands: bool) -> None:
        holder = self._holder(key)
        (sequence, *_), *others = self.states.of(*holder, 1)
        self.states.set(*holder, [[max(sequence, stands), int(stands)], *others])

    def _standing(self) -> Iterator[int]:
        """Period keys of the awards that stand."""
        for key in self.states.awarded_keys(self.rule, self.writer.people):
            if self.states.of(*self._holder(key), 1)[0][1]:
                yield key

    def finalise(self, ordinal: int, decisions: Decisions, origins) -> None:
        """Its period was closed: announce what stands as final."""
        period = self.writer.period_text(self.rule.period, ordinal)
        for employee in self.states.standing(self.rule.id, period):
            code = self.writer.people.code(employee)
            threshold, seen = self.as_it_stands(int(period_key(code, ordinal)))
            sequence = self.states.of(self.rule.id, employee, period, 1)[0][0]
            award = self.writer.write(
                self.rule, self.kind, code, ordinal, 0, sequence, True, seen, origins.of(-1), self._texts(threshold)
            )
            decisions.award(-1, self.index, award)

    def _holder(self, key: int) -> tuple[str, str, str]:
        code, ordinal = key_parts(key)
        period = self.writer.period_text(self.rule.period, ordinal)
        return self.rule.id, self.writer.people.id(code), period

    def _texts(self, threshold: str) -> dict:
        bonus = number_text(self.rule.bonus) if self.rule.bonus is not None else None
        return {
            "name": self.rule.name.by_language(),
            "threshold": threshold,
            "pays": bonus or "",
            "amount": bonus,
        }

    def _announce(
        self, key: int, row: int, sequence: int, granted: bool, seen: _Seen, threshold: str, decisions: Decisions,
        origins,
    ) -> None:  # fmt: skip
        """The award, and its bonus."""
        code, ordinal = key_parts(key)
        award = self.writer.write(
            self.rule, self.kind, code, ordinal, 0, sequence, granted, seen, origins.of(row), self._texts(threshold)
        )
        decisions.award(row, self.index, award)
        if self.bonus:
            amount = self.bonus if granted else -self.bonus
            columns = (np.array([one]) for one in (row, key, amount, 0, 0))
            reason = "award" if granted else "revocation"
            decisions.lines.append(Lines(self.index, *columns, reason=reason, award_id=award.award_id))
