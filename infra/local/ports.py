"""Ports that stay ours from the moment they are chosen."""

import errno
import socket

from infra.local.errors import StackError

HOST = "127.0.0.1"


class PortReservation:
    """A loopback port, free when taken and kept from others until `release`.

    The socket is bound and never listens. Linux lets the server bind beside it, because both allow address
    reuse, but gives the port to no outgoing connection and to nobody who asks for any free one. So no port is
    lost between choosing and starting, nor while a server is down for a restart.
    """

    def __init__(self, port: int | None = None, purpose: str = "the server") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if port:
            self._refuse_listener(port, purpose)
            # Connections of an earlier run may linger for a minute; they do not count as taken.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port or 0))
        except OSError as error:
            self._socket.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise StackError(_taken(port, purpose)) from error
            raise
        # Only now for a chosen port: allowed earlier, the kernel might choose another's reservation.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port: int = self._socket.getsockname()[1]

    def release(self) -> None:
        """Give the port back."""
        self._socket.close()

    def _refuse_listener(self, port: int, purpose: str) -> None:
        # Binding beside a listener on another address can succeed; connecting shows who would answer.
        if answers(port):
            self._socket.close()
            raise StackError(_taken(port, purpose))


def answers(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _taken(port: int | None, purpose: str) -> str:
    return f"Port {port} for {purpose} is taken or not allowed: choose another, or none to get a free one."
