"""A request over a connection that was closed under it fails as a broken connection, under uvloop too."""

from __future__ import annotations

import asyncio

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from runtime.broken_connections import mend


async def send_over_a_closed_transport() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    connection = AIOKafkaConnection("127.0.0.1", 1)
    connection._writer, connection._versions = writer, {MetadataRequest.API_KEY: (0, 5)}
    writer.transport.abort()
    await asyncio.sleep(0.01)
    try:
        await connection.send(MetadataRequest(None))
    finally:
        server.close()


def test_the_error_is_one_that_the_client_expects():
    mend()
    mend()
    with pytest.raises(KafkaConnectionError):
        uvloop.run(send_over_a_closed_transport())
