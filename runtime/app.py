"""Faust applications as all our processes use them: worker, agents, web server; no tables, one small topic."""

from __future__ import annotations

import logging

import faust
from faust.auth import SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT

import runtime.record_batches  # noqa: F401  what it mends holds for every consumer of the process
from runtime.connections import mend
from runtime.ending import EndsSoon
from schemas.topics import CONTROL

log = logging.getLogger("kpistream")


class _Worker(EndsSoon, faust.Worker):
    pass


def make_app(name: str, settings, logging_config: dict) -> faust.App:
    """An application whose own consumer group is ``<group prefix>-<name>``."""
    mend()
    app = faust.App(
        f"{settings.group_prefix}-{name}",
        broker=[f"kafka://{broker}" for broker in settings.kafka_bootstrap.split(",")],
        broker_credentials=_credentials(settings),
        store="memory://",
        datadir=settings.faust_data,
        # Faust starts nothing before its own consumer has joined: after a kill that waits for the dead one's session
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_host=settings.web_host,
        web_port=settings.web_port,
        stream_wait_empty=False,
        logging_config=logging_config,
        Worker=_Worker,
    )

    @app.agent(app.topic(CONTROL.name, value_type=bytes, value_serializer="raw"), name="plans")
    async def plans(stream) -> None:
        """Tells of plan changes; gives Faust's own consumer a topic, without which its worker does not start."""
        async for value in stream:
            log.info("control record", extra={"bytes": len(value)})

    return app


def _credentials(settings) -> CredentialsT | None:
    context = settings.kafka_tls_context()
    if settings.kafka_security.startswith("SASL"):
        return SASLCredentials(
            username=settings.kafka_user,
            password=settings.kafka_password.get_secret_value(),
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=context,
        )
    return SSLCredentials(context) if context else None
