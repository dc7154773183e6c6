"""Connections to Kafka: what fails fails as a broken connection, and messages of any size and cut arrive whole."""

from __future__ import annotations

import asyncio
import struct
from typing import get_args

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest, ProduceRequestStruct
from aiokafka.protocol.struct import Struct
from hypothesis import given
from hypothesis import strategies as st

from runtime.connections import mend
from tests.depth import examples


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


async def received(sent: bytes, cut: list[int]) -> tuple[list[bytes], BaseException, bool]:
    """What a connection takes for frames in ``sent``, which comes in pieces of these sizes, over and over; how it ends,
    and whether it still says that it is connected.
    """
    mend()

    async def serve(_, writer):
        at = place = 0
        while at < len(sent):
            size = cut[place % len(cut)]
            writer.write(sent[at : at + size])
            await writer.drain()
            at, place = at + size, place + 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    connection, frames = AIOKafkaConnection(*server.sockets[0].getsockname()), []
    connection._do_version_lookup = lambda: asyncio.sleep(0)
    connection._handle_frame = frames.append
    await connection.connect()
    task = connection._read_task
    await asyncio.wait([task], timeout=10)
    connected = connection.connected()
    connection.close()
    await asyncio.wait_for(connection._closed_fut, 10)
    server.close()
    return frames, task.exception(), connected


def framed(frames: list[bytes]) -> bytes:
    return b"".join(struct.pack(">i", len(frame)) + frame for frame in frames)


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
@pytest.mark.parametrize("cut", [[1], [3, 5], [7, 1, 64], [100_000]])
def test_frames_arrive_whole_however_they_are_cut(run, cut):
    sizes = [0, 1, 2, 3, 4, 5, 70, 0, 300] + [5_000_000] * (cut[0] == 100_000) + [9]
    frames = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    found, why, connected = run(received(framed(frames), cut))
    assert found == frames
    assert isinstance(why, EOFError)
    assert not connected


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
def test_a_frame_that_breaks_off_is_not_handed_on(run):
    found, why, _ = run(received(framed([b"whole"]) + framed([b"half"])[:-1], [4]))
    assert (found, type(why)) == ([b"whole"], EOFError)


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
def test_a_size_below_nothing_ends_the_connection(run):
    found, why, _ = run(received(framed([b"whole"]) + struct.pack(">i", -5) + b"more", [100]))
    assert (found, type(why)) == ([b"whole"], KafkaConnectionError)


_partitions = st.lists(st.tuples(st.integers(0, 9), st.none() | st.binary(max_size=99)))


@given(st.none() | st.text(max_size=5), st.lists(st.tuples(st.text(max_size=5), _partitions)))
@examples(60)
def test_a_request_to_produce_has_the_bytes_that_aiokafka_makes(transactional_id, topics):
    mend()
    for version in get_args(ProduceRequestStruct):
        request = ProduceRequest(None if version.API_VERSION < 3 else transactional_id, -1, 1000, topics).build(version)
        assert request.encode() == Struct.encode(request)
