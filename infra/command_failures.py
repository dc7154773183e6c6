"""Failures that any command may meet, in a sentence: settings that are not usable, servers that are not there."""

from __future__ import annotations

import traceback


def command_failure(error: Exception) -> str | None:
    """What ``error`` means for whoever typed the command; None where it is none of these."""
    library = _library(error)
    if library == "pydantic_core":
        from infra.settings import setting_problems

        return "\n".join(setting_problems(error)) if getattr(error, "title", "") == "Settings" else None
    if library in ("kafka", "aiokafka"):
        from infra.settings import load_settings
        from infra.troubles import kafka_refusal

        settings = load_settings()
        if "Authorization" in type(error).__name__:
            account = settings.kafka_user or "an account without a name"
            return f"Kafka allows {account} no such thing: grant it the role that may (docs/security.md, Rights)"
        refusal = kafka_refusal(settings)
        silent = f"Kafka at {settings.kafka_bootstrap} does not answer ({type(error).__name__}): try kpistream doctor"
        return refusal or silent
    if library == "clickhouse_driver":
        from infra.settings import load_settings
        from infra.troubles import clickhouse_refusal

        settings = load_settings()
        return "ClickHouse: " + clickhouse_refusal(error, f"{settings.clickhouse_host}:{settings.clickhouse_port}")
    if type(error).__name__ in ("OthersAtWork", "LockLost"):
        return str(error)
    return None


def _library(error: Exception) -> str:
    """The one that raised ``error``: what sockets raise themselves belongs to the client that used them."""
    if isinstance(error, (OSError, EOFError)):
        for frame, _ in traceback.walk_tb(error.__traceback__):
            package = frame.f_globals.get("__name__", "").partition(".")[0]
            if package in ("kafka", "aiokafka", "clickhouse_driver"):
                return package
    return type(error).__module__.partition(".")[0]
