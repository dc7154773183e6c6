"""Operators' commands wait for a broker that is away instead of failing, and say so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import click
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from infra.control_lock import LockLost
from infra.settings import Settings
from infra.troubles import kafka_refusal

T = TypeVar("T")

_PAUSE_SECONDS = 1.0


def patiently(settings: Settings, work: Callable[[], T]) -> T:
    """What ``work`` returns, begun anew while Kafka is away, for KPISTREAM_COMMAND_PATIENCE_SECONDS at most.

    ``work`` must bear being cut off anywhere and being done again. Raises its last error; at once one that waiting
    does not mend, such as a refused account.
    """
    deadline = time.monotonic() + settings.command_patience_seconds
    refused = 0
    while True:
        try:
            return work()
        except (KafkaError, LockLost) as error:
            left = deadline - time.monotonic()
            if left <= 0 or not _passes(error):
                raise
            # a broker that ends hangs up as well: what it says twice it means
            refused = refused + 1 if kafka_refusal(settings, silence=False) else 0
            if refused > 1:
                raise
            click.echo(f"{_what(settings, error)}; trying for {left:.0f} s more", err=True)
            time.sleep(min(_PAUSE_SECONDS, left))


def _passes(error: Exception) -> bool:
    return isinstance(error, LockLost) or (error.retriable and not isinstance(error, UnknownTopicOrPartitionError))


def _what(settings: Settings, error: Exception) -> str:
    if isinstance(error, LockLost):
        return str(error)
    return f"Kafka at {settings.kafka_bootstrap} does not answer ({type(error).__name__})"
