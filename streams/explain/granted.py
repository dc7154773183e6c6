"""An award of which there is one at most in a period: whether it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Granted:
    """Whether an award stands, of which there is one at most in a period."""

    stands: bool = False
    before: bool = False
    cools_until: int | None = None

    def turn(self, rule, reached: bool, day: int | None = None, cool_down: int = 0) -> None:
        """What the rule makes of it that it is reached, or no more; a change of plan has no day."""
        cools = cool_down and self.cools_until is not None and (day is None or day < self.cools_until)
        if reached and not self.stands and not cools and (rule.rearm or not self.before):
            self.stands, self.before, self.cools_until = True, True, None
        elif not reached and self.stands and rule.settle != "sticky":
            self.stands = False
            self.cools_until = day + cool_down if cool_down and day is not None else None
