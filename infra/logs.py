"""Structured logs: one JSON object a line, or plain text for people."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "data"}


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


def logging_config(log_format: str) -> dict:
    """A ``logging.config`` dictionary that writes every logger to standard error."""
    formatter = "infra.logs.JsonFormatter" if log_format == "json" else "infra.logs.TextFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            "aiokafka": {"level": "WARNING"},
            "kafka": {"level": "ERROR"},
            "faust": {"level": "WARNING"},
            "mode": {"level": "WARNING"},
            "aiohttp": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
        },
    }
