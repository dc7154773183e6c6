"""What the view shows, and the thread that asks Kafka and ClickHouse for it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal

from clickhouse_driver import Client
from clickhouse_driver.errors import Error
from kafka.errors import KafkaError

from infra.run.positions import Positions, folded_offsets
from infra.settings import Settings
from schemas.plan import Kpi, Plan
from schemas.plan_goals import targets_of
from sinks.connection import connect_briefly, reader_from_settings

_EVERY_SECONDS = 1.0
#: Views over the tables cost more than offsets.
_TABLES_EVERY = 2
#: People on the leaderboard.
_TOP = 5
_PREFERRED_PERIODS = ("month", "quarter", "week", "day", "year")


@dataclass(frozen=True)
class Outcomes:
    """What became of the source records, as the tables have it."""

    applied: int = 0
    duplicate: int = 0
    dead_lettered: int = 0
    parked: int = 0
    gaps: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.applied + self.duplicate + self.dead_lettered + self.parked + self.gaps


@dataclass(frozen=True)
class Rank:
    """One line of the leaderboard."""

    employee: str
    value: Decimal | None
    attainment_percent: Decimal | None


@dataclass(frozen=True)
class Board:
    """The leaderboard of one KPI in its newest period."""

    kpi: str
    period: str
    unit: str
    ranks: tuple[Rank, ...] = ()


@dataclass(frozen=True)
class Figures:
    """A snapshot; ``asked_at``: monotonic seconds when its reading began."""

    asked_at: float = 0.0
    came_in: int = 0
    rate: float = 0.0  # events a second that came in
    lags: dict[str, int] = field(default_factory=dict)  # by stage, in records
    uncommitted: int | None = None
    unannounced: int | None = None
    outcomes: Outcomes = Outcomes()
    earned: dict[str, Decimal] = field(default_factory=dict)  # by currency
    board: Board | None = None
    trouble: str = ""

    @property
    def caught_up(self) -> bool:
        """Whether every stage had committed all that was there."""
        return self.uncommitted == 0

    @property
    def announced(self) -> bool:
        """Whether every award was pushed and every delivery is in the tables."""
        return self.unannounced == 0


def board_of(plan: Plan) -> tuple[Kpi, str] | None:
    """KPI and kind of period for the leaderboard: the first KPI with a target, else the first."""
    if not plan.kpis:
        return None
    aimed = {target.kpi: target.period for target in reversed(targets_of(plan))}
    kpi = next((kpi for kpi in plan.kpis if kpi.id in aimed), plan.kpis[0])
    kinds = [aimed[kpi.id]] if kpi.id in aimed else [*kpi.periods]
    return kpi, next((kind for kind in _PREFERRED_PERIODS if kind in kinds), kinds[0] if kinds else "month")


def bi_client(settings: Settings) -> Client:
    """A client with the rights of people who read."""
    return connect_briefly(reader_from_settings(settings))


def read_outcomes(client: Client) -> Outcomes:
    """The counts of all source partitions."""
    rows = client.execute(
        "SELECT sum(applied), sum(duplicate), sum(dead_lettered), sum(parked), sum(gaps) FROM bi.conservation"
    )
    return Outcomes(*map(int, rows[0]))


def read_earned(client: Client) -> dict[str, Decimal]:
    """Sum of the earning lines by currency, without what was lent."""
    return dict(
        client.execute(
            "SELECT currency, sum(amount) FROM bi.earnings WHERE reason NOT IN ('advance', 'recovery') "
            "GROUP BY currency ORDER BY currency"
        )
    )


def read_board(client: Client, kpi: Kpi, kind: str) -> Board | None:
    """The best of the newest period of ``kind`` that has values; None where there are none yet."""
    order = "ASC" if kpi.direction == "down" else "DESC"
    asked = {"kpi": kpi.id, "kind": kind}
    rows = client.execute(
        f"""SELECT period, unit, if(employee_name = '', employee, employee_name), value, attainment_percent
        FROM bi.attainment
        WHERE kpi = %(kpi)s AND period_kind = %(kind)s AND value IS NOT NULL AND first_day = (
            SELECT max(first_day) FROM bi.attainment WHERE kpi = %(kpi)s AND period_kind = %(kind)s)
        ORDER BY value {order}, employee LIMIT {_TOP}""",
        asked,
    )
    if not rows:
        return None
    return Board(kpi.name.en or kpi.id, rows[0][0], rows[0][1], tuple(Rank(*row[2:]) for row in rows))


class FiguresReader:
    """Reads in a thread of its own; ``newest`` is the last snapshot. Silent servers are asked again.

    ``ports`` serve the /metrics of the worker and sink processes.
    """

    def __init__(self, settings: Settings, plan: Plan, ports: tuple[int, ...] = ()) -> None:
        self.newest = Figures()
        self._ports = ports
        self._settings, self._board = settings, board_of(plan)
        self._positions: Positions | None = None
        self._client = bi_client(settings)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_on, name="figures", daemon=True)
        for logger in ("kafka", "clickhouse_driver"):  # troubles are shown as figures.trouble
            logging.getLogger(logger).setLevel(logging.CRITICAL)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(10)

    def _read_on(self) -> None:
        number = 0
        while not self._stop.is_set():
            self._read(tables=number % _TABLES_EVERY == 0)
            number += 1
            self._stop.wait(_EVERY_SECONDS)
        if self._positions:
            self._positions.close()
        self._client.disconnect()

    def _read(self, tables: bool) -> None:
        before, now = self.newest, time.monotonic()
        try:
            self._positions = self._positions or Positions(self._settings)
            found = self._positions.read(folded_offsets(self._ports))
            rate = (found.came_in - before.came_in) / (now - before.asked_at) if before.asked_at else 0.0
            after = replace(
                before,
                asked_at=now,
                came_in=found.came_in,
                rate=rate,
                lags=found.lags,
                uncommitted=found.uncommitted,
                unannounced=found.unannounced,
                trouble="",
            )
            self.newest = self._with_tables(after) if tables else after
        except KafkaError as error:
            self.newest = replace(before, trouble=f"Kafka does not answer ({type(error).__name__})")
            self._positions = None
        except (Error, OSError, EOFError) as error:
            self.newest = replace(after, trouble=f"ClickHouse does not answer ({type(error).__name__})")
            self._client.disconnect()

    def _with_tables(self, figures: Figures) -> Figures:
        board = read_board(self._client, *self._board) if self._board else None
        return replace(
            figures, outcomes=read_outcomes(self._client), earned=read_earned(self._client), board=board
        )
