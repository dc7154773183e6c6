"""Field rules: what a number, a text or a flag in an event may be. Each stands in a field's ``Annotated``.

pydantic validates by a rule, the column decoder reads bounds and patterns from the same object, so there is
one place to change. Every number is held exactly: JSON text → Decimal → ten-thousandths, without a float.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic_core import PydanticCustomError, core_schema

from schemas.money import DECIMALS, MAX_UNITS, SCALE, from_fixed
from schemas.plan_fields import IDENTIFIER

MAX_TEXT = 200
MAX_FIXED = MAX_UNITS * SCALE

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class RuleError(ValueError):
    """A value that its field's rule refuses; the text says what was expected."""


def fixed_of(number: Decimal) -> int:
    """Ten-thousandths of ``number``, exactly; raises RuleError beyond four decimals or MAX_UNITS."""
    if not number.is_finite():
        raise RuleError("expected a finite number")
    if not number:
        return 0
    if number.adjusted() > 18:  # before any power of ten is computed: 1e999999 must cost nothing
        raise RuleError(f"expected a number of at most {MAX_UNITS} either way")
    sign, digits, exponent = number.as_tuple()
    shift = exponent + DECIMALS
    if shift < 0:
        if any(digits[shift:]):
            raise RuleError(f"expected at most {DECIMALS} decimals")
        digits, shift = digits[:shift], 0
    fixed = int("".join(map(str, digits))) * 10**shift
    if fixed > MAX_FIXED:
        raise RuleError(f"expected a number of at most {MAX_UNITS} either way")
    return -fixed if sign else fixed


def decimal_of(value: object) -> Decimal:
    """The Decimal that an int, a Decimal or a decimal text stands for; raises RuleError."""
    if (type(value) is str and _DECIMAL.fullmatch(value)) or type(value) is int or type(value) is Decimal:
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    raise RuleError("expected a number, or a text such as 12.50")


@dataclass(frozen=True)
class NumberRule:
    """A number between bounds (in whole units), ``above`` exclusive."""

    minimum: int | None = None
    above: int | None = None
    maximum: int | None = None
    kind = "number"

    def fixed(self, value: object) -> int:
        """Ten-thousandths of ``value``; raises RuleError."""
        fixed = fixed_of(decimal_of(value))
        if self.minimum is not None and fixed < self.minimum * SCALE:
            raise RuleError(f"expected {self.minimum} or more")
        if self.above is not None and fixed <= self.above * SCALE:
            raise RuleError(f"expected more than {self.above}")
        if self.maximum is not None and fixed > self.maximum * SCALE:
            raise RuleError(f"expected {self.maximum} or less")
        return fixed

    @property
    def description(self) -> str:
        """For people."""
        bounds = {"at least": self.minimum, "more than": self.above, "at most": self.maximum}
        given = [f"{word} {bound}" for word, bound in bounds.items() if bound is not None]
        return ", ".join(["number", *given])

    def bounds(self) -> tuple[int, int]:
        """Lowest and highest ten-thousandths allowed."""
        low = -MAX_FIXED if self.minimum is None else self.minimum * SCALE
        low = low if self.above is None else self.above * SCALE + 1
        return low, MAX_FIXED if self.maximum is None else self.maximum * SCALE

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return plain(lambda value: from_fixed(self.fixed(value)), "number")

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict:
        bounds = {"minimum": self.minimum if self.minimum is not None else -MAX_UNITS}
        if self.above is not None:
            bounds = {"exclusiveMinimum": self.above}
        bounds["maximum"] = MAX_UNITS if self.maximum is None else self.maximum
        text = {"type": "string", "pattern": rf"^{_DECIMAL.pattern}$"}
        return {"anyOf": [{"type": "number", **bounds}, text], "description": f"At most {DECIMALS} decimals."}


@dataclass(frozen=True)
class TextRule:
    """A text of at most 200 characters, of a pattern where one is given."""

    pattern: str | None = None
    expected: str = ""
    #: Whether any text of printable characters fits, which is quick to see for many at once.
    printable_fits: bool = False
    kind = "string"

    @property
    def description(self) -> str:
        """For people."""
        return f"text: {self.expected}" if self.expected else "text"

    def check(self, value: str) -> str:
        """``value`` itself; raises RuleError."""
        if self.pattern is not None and not re.search(self.pattern, value):
            raise RuleError(f"expected {self.expected}")
        return value

    def refused(self, values: list[str]) -> list[int]:
        """Places of the ``values`` that ``check`` refuses."""
        if self.printable_fits and "" not in values and "".join(values).isprintable():
            return []
        matches = re.compile(self.pattern or "").search
        return [place for place, value in enumerate(values) if not matches(value)]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        text = core_schema.str_schema(strict=True, max_length=MAX_TEXT)
        return text if self.pattern is None else _after(self.check, text)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict:
        pattern = {} if self.pattern is None else {"pattern": self.pattern.replace(r"\Z", "$")}
        return {"type": "string", "maxLength": MAX_TEXT, **pattern}


@dataclass(frozen=True)
class FlagRule:
    """true or false, not 0, 1 or a text."""

    kind = "boolean"
    description = "true or false"

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.bool_schema(strict=True)


def plain(read: Any, kind: str) -> core_schema.CoreSchema:
    """A pydantic schema that calls ``read`` on the raw value and reports its RuleError as ``kind``."""
    return core_schema.no_info_plain_validator_function(_reporting(read, kind))


def _after(read: Any, schema: core_schema.CoreSchema) -> core_schema.CoreSchema:
    return core_schema.no_info_after_validator_function(_reporting(read, "text"), schema)


def _reporting(read: Any, kind: str) -> Any:
    def call(value: object) -> object:
        try:
            return read(value)
        except RuleError as error:
            raise PydanticCustomError(kind, "{expected}", {"expected": str(error)}) from None

    return call


Number = Annotated[Decimal, NumberRule()]
NonNegative = Annotated[Decimal, NumberRule(minimum=0)]
Positive = Annotated[Decimal, NumberRule(above=0)]
Score = Annotated[Decimal, NumberRule(minimum=0, maximum=100)]
PERCENT = NumberRule(above=0, maximum=100)
Percentage = Annotated[Decimal, PERCENT]
Name = Annotated[str, TextRule()]
EMPLOYEE = TextRule(IDENTIFIER.replace("$", r"\Z"), "1 to 64 letters, digits and _.:@-")
EmployeeId = Annotated[str, EMPLOYEE]
CURRENCY = TextRule(r"^[A-Z]{3}\Z", "an ISO 4217 code, three upper-case letters such as CNY")
Currency = Annotated[str, CURRENCY]
Flag = Annotated[bool, FlagRule()]
#: A CloudEvents attribute, and what refers to one. Its specification forbids C0 and C1 control characters;
#: a NUL would also let two identities hash alike.
ATTRIBUTE = TextRule(r"^[^\x00-\x1f\x7f-\x9f]+\Z", "at least one character, no control characters", True)
Attribute = Annotated[str, ATTRIBUTE]
