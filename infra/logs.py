"""Structured logs: one JSON object a line, or plain text for people."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "data"}
_SPARING_SECONDS = 60.0
_SPARING_TEXTS = 1000  # that are remembered


class JsonFormatter(logging.Formatter):
    """``time``, ``level``, ``logger``, ``message``, then whatever was given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD and not key.startswith("_")}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Time, level, message, extras as key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of text (more with an exception)."""
        extras = " ".join(
            f"{key}={value}" for key, value in vars(record).items() if key not in _STANDARD and not key.startswith("_")
        )
        line = f"{self.formatTime(record)} {record.levelname:<8} {record.getMessage()} {extras}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class Sparing(logging.Filter):
    """Lets what aiokafka says pass once a minute: while Kafka is away it says the same dozens of times a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it."""
        if record.name.partition(".")[0] != "aiokafka":
            return True
        said, now = (record.name, record.getMessage()), self._clock()
        if now - self._told.get(said, now - _SPARING_SECONDS) < _SPARING_SECONDS:
            return False
        if len(self._told) >= _SPARING_TEXTS:
            self._told.clear()
        self._told[said] = now
        return True


def logging_config(log_format: str) -> dict:
    """A ``logging.config`` dictionary that writes every logger to standard error."""
    formatter = "infra.logs.JsonFormatter" if log_format == "json" else "infra.logs.TextFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "filters": {"sparing": {"()": "infra.logs.Sparing"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler", "formatter": "line", "filters": ["sparing"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            "aiokafka": {"level": "WARNING"},
            "kafka": {"level": "CRITICAL"},  # whoever asked says it in a sentence
            "faust": {"level": "WARNING"},
            "mode": {"level": "WARNING"},
            "aiohttp": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
        },
    }
