"""Reserved ports: ours to listen on, nobody else's."""

import socket

import pytest

from infra.local.errors import StackError
from infra.local.ports import HOST, PortReservation, answers


def server_socket() -> socket.socket:
    """A socket set up as Kafka and ClickHouse set up theirs."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return server


def test_a_reserved_port_takes_our_server_and_again_after_a_restart() -> None:
    reservation = PortReservation()
    for _ in range(2):
        assert not answers(reservation.port)
        with server_socket() as server:
            server.bind((HOST, reservation.port))
            server.listen()
            assert answers(reservation.port)
    reservation.release()


def test_a_reserved_port_is_given_to_nobody_else() -> None:
    reservation = PortReservation()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((HOST, reservation.port))
    others = [PortReservation() for _ in range(50)]
    assert len({reservation.port, *(other.port for other in others)}) == 51
    for taken in (reservation, *others):
        taken.release()


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} for Kafka is taken"):
            PortReservation(port, "Kafka")
    PortReservation(port, "Kafka").release()
