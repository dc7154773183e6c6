"""What bounds the money of a tier table: a hurdle, a floor, a cap. In columns, on rounded money."""

from __future__ import annotations

import numpy as np

from schemas.money import to_fixed
from schemas.plan import Kpi
from schemas.plan_awards import TierAward
from streams.performance.ladder import Ladder


class Limits:
    """The limits of one rule. Without any, ``apply`` gives back what it got."""

    def __init__(self, kpi: Kpi, rule: TierAward) -> None:
        self._cap = None if rule.cap is None else to_fixed(rule.cap)
        self._floor = None if rule.floor is None else to_fixed(rule.floor)
        self._hurdle = None
        if rule.hurdle is not None:
            by = "attainment" if rule.hurdle.attainment is not None else "value"
            self._hurdle = Ladder(kpi, [getattr(rule.hurdle, by)], by, rule.min_sample)

    def apply(
        self, money: np.ndarray, num: np.ndarray, den: np.ndarray, target: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """What is paid of ``money``, and what the cap withholds (None without a cap)."""
        over = None
        if self._hurdle is not None:
            over = (self._hurdle.levels(num, den, target) > 0) & (den > 0)
            money = np.where(over, money, 0)
        if self._floor is not None:
            deserves = money > 0 if over is None else over
            money = np.where(deserves, np.maximum(money, self._floor), money)
        if self._cap is None:
            return money, None
        paid = np.minimum(money, self._cap)
        return paid, money - paid
