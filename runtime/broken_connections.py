"""A connection that breaks must fail the request, not the client.

aiokafka takes an OSError of the transport for a broken connection. uvloop's transports raise RuntimeError once they
were closed (asyncio's own only warn). It then escapes from wherever a request is sent; in the task that refreshes
metadata it ends that task for good, and from then on everything that waits for metadata waits for ever. Seen after a
broker was killed.
"""

from __future__ import annotations

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError


def _failing_as_broken(send):
    def sending(self: AIOKafkaConnection, *arguments, **options):
        try:
            return send(self, *arguments, **options)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection broken: {error}") from error

    return sending


def mend() -> None:
    """Make it so for every client of this process; calling it again changes nothing."""
    for name in ("send", "_send_sasl_token"):
        method = getattr(AIOKafkaConnection, name)
        if method.__name__ != "sending":
            setattr(AIOKafkaConnection, name, _failing_as_broken(method))
