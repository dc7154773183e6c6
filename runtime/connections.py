"""aiokafka's connections, mended: they fail as its client expects, and copy large messages once instead of many times.

**Failing.** aiokafka takes an OSError of the transport for a broken connection. uvloop's transports raise RuntimeError
once they were closed (asyncio's own only warn). It then escapes from wherever a request is sent; in the task that
refreshes metadata it ends that task for good, and from then on everything that waits for metadata waits for ever. Seen
after a broker was killed.

**Copying.** asyncio's stream reader collects a response of many megabytes in a buffer that grows, and copies it out:
here the socket is read into the response's own bytes. A request to produce is joined at every level of its structure:
here once. Both were a tenth of a worker's time.
"""

from __future__ import annotations

import asyncio
import ctypes
import struct
from collections import deque
from collections.abc import Iterator
from typing import Any, get_args

from aiokafka import conn
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.produce import ProduceRequestStruct
from aiokafka.protocol.types import Array, Bytes, Int32, Schema

_SIZE = struct.Struct(">i")

# Bytes that are filled after they were made, as the C API allows for new ones: they need not be zeroed, nor copied
# https://docs.python.org/3/c-api/bytes.html#c.PyBytes_FromStringAndSize
_new_bytes = ctypes.pythonapi.PyBytes_FromStringAndSize
_new_bytes.restype, _new_bytes.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_ssize_t)
_address = ctypes.pythonapi.PyBytes_AsString
_address.restype, _address.argtypes = ctypes.c_void_p, (ctypes.py_object,)
_memory = ctypes.pythonapi.PyMemoryView_FromMemory
_memory.restype, _memory.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)
_WRITABLE = 0x200


class _Frames(asyncio.BufferedProtocol):
    """Reads a connection's frames, four bytes of size before each; ``reader`` only shows whether it has ended.

    In place of AIOKafkaProtocol, with the arguments that it is given.
    """

    def __init__(
        self, closed: asyncio.Future, reader: asyncio.StreamReader, *, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._closed, self._reader, self._loop = closed, reader, loop
        self._complete: deque[bytes] = deque()
        self._waiter: asyncio.Future | None = None
        self._drained: asyncio.Future | None = None
        self._ended: BaseException | None = None
        self._size = bytearray(_SIZE.size)
        self._expect(None, memoryview(self._size))

    def _expect(self, frame: bytes | None, into: memoryview) -> None:
        """Read ``frame`` next, its memory being ``into``; None for the size of one."""
        self._frame, self._into, self._filled = frame, into, 0

    async def frame(self) -> bytes:
        """The next one; raises what ended the connection."""
        while not self._complete:
            if self._ended is not None:
                raise self._ended
            self._waiter = self._loop.create_future()
            await self._waiter
        return self._complete.popleft()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._into[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if self._filled < len(self._into):
            return
        if self._frame is None:
            size = _SIZE.unpack(self._size)[0]
            if size < 0:
                self._end(KafkaConnectionError(f"a response of {size} bytes"))
                self._transport.abort()
                return
            if size:
                frame = _new_bytes(None, size)
                self._expect(frame, _memory(_address(frame), size, _WRITABLE))
                return
        self._complete.append(self._frame or b"")
        self._expect(None, memoryview(self._size))
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end(self, why: BaseException) -> None:
        if self._ended is None:
            self._ended = why
            self._reader.feed_eof()
        self._wake()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def eof_received(self) -> None:
        self._end(EOFError("the broker has closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or EOFError("the connection was closed"))
        self.resume_writing()
        if not self._closed.done():
            self._closed.set_result(None)

    # -- what a StreamWriter asks of its protocol

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    async def _drain_helper(self) -> None:
        if self._drained is not None:
            await self._drained


async def _read(of: Any) -> None:
    """As AIOKafkaConnection's: ``of`` is a weak reference to the connection, which this must not keep alive."""
    connection = of()
    if connection is None:
        return
    frames = connection._protocol
    del connection
    while True:
        frame = await frames.frame()
        connection = of()
        if connection is None:
            return
        connection._handle_frame(frame)
        del connection


def _pieces(kind: Any, value: Any) -> Iterator[bytes]:
    """What ``kind.encode(value)`` joins, with large bytes as they are."""
    if isinstance(kind, Schema):
        for field, part in zip(kind.fields, value, strict=True):
            yield from _pieces(field, part)
    elif isinstance(kind, Array) and value is not None:
        yield Int32.encode(len(value))
        for part in value:
            yield from _pieces(kind.array_of, part)
    elif kind is Bytes and value is not None:
        yield Int32.encode(len(value))
        yield value
    else:
        yield kind.encode(value)


def _joined_once(self) -> bytes:
    return b"".join(_pieces(self.SCHEMA, [getattr(self, name) for name in self.SCHEMA.names]))


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
    conn.AIOKafkaProtocol = _Frames
    AIOKafkaConnection._read = staticmethod(_read)
    for version in get_args(ProduceRequestStruct):
        version.encode = _joined_once
