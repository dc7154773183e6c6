"""Fixed-point numbers: every amount and measure is an integer count of ten-thousandths.

Four decimals hold the minor unit of every ISO 4217 currency in use (0 to 4 decimals) and the four-decimal
unit prices common in ERP exports, so sums are exact in 64-bit integers and equal ClickHouse's Decimal(18, 4).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

SCALE = 10_000
DECIMALS = 4
#: A whole in parts per million, in which shares of an event are told.
WHOLE = 1_000_000
#: Largest magnitude one event may carry, in units; leaves room for ten million such events in an int64 sum.
MAX_UNITS = 10**11 // 1000

#: Decimals of the minor unit where ISO 4217 has something other than 2.
_MINOR_DIGITS = {
    "BIF": 0,
    "CLP": 0,
    "DJF": 0,
    "GNF": 0,
    "ISK": 0,
    "JPY": 0,
    "KMF": 0,
    "KRW": 0,
    "PYG": 0,
    "RWF": 0,
    "UGX": 0,
    "UYI": 0,
    "VND": 0,
    "VUV": 0,
    "XAF": 0,
    "XOF": 0,
    "XPF": 0,
    "BHD": 3,
    "IQD": 3,
    "JOD": 3,
    "KWD": 3,
    "LYD": 3,
    "OMR": 3,
    "TND": 3,
    "CLF": 4,
    "UYW": 4,
}


def minor_step(currency: str) -> int:
    """Size of the currency's minor unit in ten-thousandths: 100 for CNY (0.01), 10,000 for JPY (1)."""
    return 10 ** (DECIMALS - _MINOR_DIGITS.get(currency, 2))


def to_fixed(value: Decimal | int) -> int:
    """Ten-thousandths of ``value``; raises ValueError where that would lose digits."""
    scaled = Decimal(value) * SCALE
    fixed = int(scaled)
    if fixed != scaled:
        raise ValueError(f"{value} has more than {DECIMALS} decimals")
    return fixed


def from_fixed(fixed: int) -> Decimal:
    """The Decimal that ``fixed`` ten-thousandths stand for."""
    return Decimal(fixed).scaleb(-DECIMALS)


def round_half_up(amount: Fraction, step: int) -> int:
    """Nearest multiple of ``step`` to ``amount``, halves away from zero; both in ten-thousandths."""
    top, below = amount.numerator, amount.denominator * step  # on integers: called often, and Fractions are slow
    nearest = (2 * abs(top) + below) // (2 * below)
    return (nearest if top >= 0 else -nearest) * step


def format_fixed(fixed: int, decimals: int = 2) -> str:
    """``fixed`` ten-thousandths as text with ``decimals`` places (0 to 4), rounded half-up."""
    step = 10 ** (DECIMALS - decimals)
    whole, rest = divmod((2 * abs(fixed) + step) // (2 * step), 10**decimals)
    return f"{'-' if fixed < 0 else ''}{whole}" + (f".{rest:0{decimals}d}" if decimals else "")


def split_largest_remainder(total: int, shares: list[int], whole: int, step: int = 1) -> list[int]:
    """Split ``total`` by ``shares`` (which sum to ``whole``) into multiples of ``step`` that sum to ``total``.

    Hamilton's method: floors first, the remaining steps to the largest remainders, ties to the earlier share.
    A total that is not a multiple of ``step`` leaves its odd part with the first share.
    """
    sign = -1 if total < 0 else 1
    steps, odd = divmod(abs(total), step)
    parts = [steps * share // whole for share in shares]
    remainders = [steps * share % whole for share in shares]
    missing = steps - sum(parts)
    for index in sorted(range(len(shares)), key=lambda i: (-remainders[i], i))[:missing]:
        parts[index] += 1
    result = [sign * part * step for part in parts]
    result[0] += sign * odd
    return result
