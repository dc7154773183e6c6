"""Teams, departments, the company: values, targets and awards of whole units, from what performance publishes."""

from streams.rollups.values import UnitValue, rolled_up, unit_values

__all__ = ["UnitValue", "rolled_up", "unit_values"]
