"""How a sale stands after what came about it: corrected, refunded, cancelled; and what its payees have of it."""

from __future__ import annotations

from typing import NamedTuple

from streams.crediting.splits import parts_of
from streams.crediting.terms import PLAIN, Terms


class Standing(NamedTuple):
    """``amount``: as sold or last corrected; ``back``: refunded of it (both fixed). ``terms``: number of those that a
    correction brought to a sale without any. ``payees``: (assignment number, ppm) where a correction named them; else
    they are the sale's own. ``seen``: the amount that filters have seen last, -1 for ``amount``.
    """

    amount: int
    back: int = 0
    cancelled: bool = False
    terms: int = PLAIN
    payees: tuple[tuple[int, int], ...] = ()
    seen: int = -1

    def after(self, type_: str, amount: int) -> Standing | str:
        """How it stands after an event of ``type_`` with ``amount``; or the reason why that cannot be."""
        if self.cancelled:
            return "sale_cancelled"
        if type_ == "cancellation":
            return self._replace(cancelled=True)
        if type_ == "correction":
            return self._replace(amount=amount, seen=-1) if amount >= self.back else "correction_below_refunds"
        if self.back + amount > self.amount:
            return "refund_exceeds_sale"
        return self._replace(back=self.back + amount)

    def whole(self) -> Standing:
        """As filters see it, with nothing taken back."""
        return Standing(self.amount if self.seen < 0 else self.seen, terms=self.terms)

    def credit(self, terms: Terms | None, ppm: list[int], overlay: list[bool], step: int) -> list[int]:
        """What each payee is left with (fixed).

        What is taken back is split as a whole, and so is what was sold: the parts of every event about a sale are
        the differences between two standings, sum to what changed, and leave nothing once nothing is left.
        """
        if self.cancelled:
            return [0] * len(ppm)
        sold, back = self.amount, self.back
        if terms:
            sold = terms.credited(self.amount)
            back = sold - terms.credited(self.amount - self.back)
        parts = (parts_of(total, ppm, overlay, step) for total in (sold, back))
        return [had - taken for had, taken in zip(*parts, strict=True)]
