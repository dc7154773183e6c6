"""The views in their newest form, from the files in views/. Pure but for reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("views")
#: Those that others read come first. What else is there is for KPI values of every level and period.
_FILES = ("current", "plan", "credits", "attainment", "progress", "awards", "ledger", "operations")


@dataclass(frozen=True)
class _Level:
    """Whose values a view shows. ``unit``: SQL for whose a row of kpi_days is; ``counted``: rows without it are left
    out; ``prefix``: of the sums that count there; ``name``: column of current_organisation.
    """

    level: str
    column: str
    name: str
    name_comment: str
    unit: str
    counted: str
    prefix: str

    @property
    def title(self) -> str:
        return self.column.capitalize()


def _unit(level: str, unit: str) -> _Level:
    comment = f"Name of the {level} in English"
    return _Level(level, level, f"{level}_name_en", comment, unit, counted="team", prefix=f"{level}_")


_LEVELS = (
    _Level("person", "employee", "employee_name", "Name of the employee in the newest plan",
           unit="employee", counted="employee", prefix=""),
    _unit("team", "team"),
    _unit("department", "department"),
    _unit("company", "ifNull((SELECT company FROM kpistream.current_plan), '')"),
)  # fmt: skip


@dataclass(frozen=True)
class _Period:
    """What a view adds up over. ``start``: SQL for its first day, of ``{day}``; ``key``: SQL for its key or ''."""

    period: str
    start: str
    key: str = ""

    @property
    def period_columns(self) -> str:
        if not self.key:
            return f"`{self.period}` Date COMMENT 'Day in the time zone of the plan'"
        return (
            f"`{self.period}` Date COMMENT 'First day of the {self.period}',\n"
            "    `period` String COMMENT 'Key of the period, as in attainment'"
        )

    @property
    def period_values(self) -> str:
        start = f"c.start AS {self.period}"
        return f"{start},\n    {self.key} AS period" if self.key else start


_PERIODS = (
    _Period("day", "{day}"),
    _Period("month", "toStartOfMonth({day})", "formatDateTime(c.start, '%Y-%m')"),
    _Period(
        "quarter", "toStartOfQuarter({day})", "concat(toString(toYear(c.start)), '-Q', toString(toQuarter(c.start)))"
    ),
)

_DISTINCT = "(SELECT kpi FROM kpistream.current_kpis WHERE aggregate = 'distinct')"


def read_views(folder: Path = FOLDER) -> str:
    """Every view as SQL, in the order in which they are made, KPI values of every level and period among them."""
    return "\n\n".join([*(_read(folder, name) for name in _FILES), *_kpi_views(folder)])


def _kpi_views(folder: Path) -> list[str]:
    per_period, rolling, value = (_read(folder, name) for name in ("kpi_period", "kpi_rolling", "kpi_value"))
    of_days, of_months = _read(folder, "kpi_of_days"), _read(folder, "kpi_of_months")
    values = {f"value_{days}": value.format(window=f"_{days}") for days in (7, 30, 90)}
    made = []
    for level in _LEVELS:
        made += [
            per_period.format(
                of=level, over=period, value=value.format(window=""), sums=_sums(level, period, of_days, of_months)
            )
            for period in _PERIODS
        ]
        days = of_days.format(of=level, start="day", only="", members="groupUniqArrayArray")
        made.append(rolling.format(of=level, sums=days, **values))
    return made


def _sums(of: _Level, over: _Period, of_days: str, of_months: str) -> str:
    """What a view takes its values from. Members of three months are no sum: distinct KPIs go by days."""

    def filled(source: str, day: str, only: str = "") -> str:
        return source.format(of=of, start=over.start.format(day=day), only=only, members="uniqExactArray")

    if of.level == "person" or over.period == "day":
        return filled(of_days, "day")
    if over.period == "month":
        return filled(of_months, "first_day")
    months = filled(of_months, "first_day", f" AND kpi NOT IN {_DISTINCT}")
    return f"{months}\n    UNION ALL\n    {filled(of_days, 'day', f' AND kpi IN {_DISTINCT}')}"


def _read(folder: Path, name: str) -> str:
    lines = (folder / f"{name}.sql").read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith("--")).strip()
