"""Numbers, money, periods and kinds of events as people write them, in English and Chinese. Pure."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from schemas.money import DECIMALS, SCALE, from_fixed, minor_step, round_half_up

Language = Literal["en", "zh"]

#: What stands after a number, by unit; money has its currency, and counts need nothing.
_UNITS: dict[str, dict[str, str]] = {
    "en": {"points": " points", "minutes": " minutes", "hours": " hours", "days": " days", "percent": "%"},
    "zh": {"points": " 分", "minutes": " 分钟", "hours": " 小时", "days": " 天", "percent": "%"},
}
#: A difference of percentages is no percentage.
_POINTS = {"en": " percentage points", "zh": " 个百分点"}
_CURRENCIES_ZH = {"CNY": "元", "USD": "美元", "EUR": "欧元", "JPY": "日元", "GBP": "英镑", "HKD": "港元"}
#: Two decimals say enough of what is measured so, and of a count that is expected or forecast.
_MEASURED = frozenset([*_UNITS["en"], "count"])
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ROLLING = re.compile(r"rolling_(\d+)d")
#: What lasts so long, one and many, and the noun in Chinese.
_LASTING = {
    "day": ("day", "天", "日"), "week": ("week", "周", "周"), "month": ("month", "个月", "月"),
    "quarter": ("quarter", "个季度", "季度"), "year": ("year", "年", "年"),
}  # fmt: skip
_LASTING_ELSE = ("period", "个周期", "周期")
#: What the events of ``schemas/events.py``, and what else decides, are called.
_EVENTS_ZH = {
    "sale": "销售", "refund": "退款", "correction": "更正", "cancellation": "取消", "ticket_resolved": "工单解决",
    "complaint": "投诉", "survey_answer": "问卷评分", "delivery": "配送", "defect": "缺陷", "lead": "线索",
    "visit": "拜访", "training_completed": "培训完成", "adjustment": "人工调整", "plan": "方案变更", "close": "关账",
}  # fmt: skip


def number(value: Decimal) -> str:
    """With thousands marks, without needless zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: Decimal, currency: str, language: Language = "en") -> str:
    """``5,000.00 CNY``, with the decimals of the currency, and more only where the amount has them."""
    places = DECIMALS + 1 - len(str(minor_step(currency)))
    exact = max(places, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{exact}f} {currency_name(currency, language)}".rstrip()


def currency_name(currency: str, language: Language) -> str:
    """Its code, or its Chinese name."""
    return _CURRENCIES_ZH.get(currency, currency) if language == "zh" else currency


def percent(ratio: Decimal | Fraction) -> str:
    """``1.0333`` as ``103.33%``."""
    return f"{number(rounded(ratio * 100))}%"


def rounded(value: Decimal | Fraction, places: int = 2) -> Decimal:
    """To so many decimals; all four where it would look whole: 89.9996 is not yet the 90 that were asked for."""
    exact = Fraction(value) * SCALE
    short = round_half_up(exact, 10 ** (DECIMALS - places))
    return from_fixed(round_half_up(exact, 1) if places and short % SCALE == 0 else short)


def measured(value: Decimal | Fraction, unit: str, currency: str, language: Language) -> str:
    """A KPI's value with its unit."""
    if unit == "money":
        shown = rounded(value, DECIMALS + 1 - len(str(minor_step(currency))))
        whole = shown == shown.to_integral_value()
        return f"{shown:,.0f} {currency_name(currency, language)}" if whole else money(shown, currency, language)
    text = number(rounded(value, 2 if unit in _MEASURED else DECIMALS))
    after = _UNITS[language].get(unit, "")
    return text + (after.removesuffix("s") if text == "1" and language == "en" else after)


def difference(value: Decimal | Fraction, unit: str, currency: str, language: Language) -> str:
    """What lies between two values of a KPI."""
    if unit != "percent":
        return measured(value, unit, currency, language)
    text = number(rounded(value)) + _POINTS[language]
    return text.removesuffix("s") if text == "1 percentage points" else text


def period(kind: str, key: str, language: Language) -> str:
    """``March 2026``; keys of the plan's own calendars stay as they are."""
    if found := _ROLLING.fullmatch(kind):
        return f"最近 {found[1]} 天" if language == "zh" else f"the last {found[1]} days"
    year, _, rest = key.partition("-")
    try:
        match kind:
            case "day":
                return day(date.fromisoformat(key), language)
            case "week":
                week = int(rest.removeprefix("W"))
                return f"{year}年第{week}周" if language == "zh" else f"week {week} of {year}"
            case "month":
                return f"{year}年{int(rest)}月" if language == "zh" else f"{_MONTHS[int(rest) - 1]} {year}"
            case "quarter":
                return f"{year}年第{int(rest[1:])}季度" if language == "zh" else f"{rest} {year}"
            case "year":
                return f"{year}年" if language == "zh" else year
    except (ValueError, IndexError):
        return key
    return key


def within(kind: str, key: str) -> str:
    """``in March 2026``, ``on 31 March 2026``."""
    return f"{'on' if kind == 'day' else 'in'} {period(kind, key, 'en')}"


def period_noun(kind: str, language: Language) -> str:
    """What a period of a kind is: ``month``; of the plan's own calendars just a period."""
    english, _, chinese = _LASTING.get(kind, _LASTING_ELSE)
    return chinese if language == "zh" else english


def periods(count: int, kind: str, language: Language) -> str:
    """``3 months``."""
    english, chinese, _ = _LASTING.get(kind, _LASTING_ELSE)
    return f"{count} {chinese}" if language == "zh" else f"{count} {english}{'' if count == 1 else 's'}"


def periods_running(count: int, kind: str, language: Language) -> str:
    """``3 months in a row``."""
    text = periods(count, kind, language)
    if count == 1:
        return text
    return f"连续 {text}" if language == "zh" else f"{text} in a row"


def day(when: date, language: Language) -> str:
    """``31 March 2026``."""
    if language == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def event(kind: str, language: Language) -> str:
    """What a kind of event is called; one of the plan's own by its id."""
    return _EVENTS_ZH.get(kind, kind) if language == "zh" else kind.replace("_", " ")
