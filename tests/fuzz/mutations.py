"""Damage to bytes, from a seed."""

from __future__ import annotations

from random import Random

_INTERESTING = (
    b"", b"\x00", b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"-1", b"0", b"1e999", b"-0", b"NaN", b"null",
    b"true", b'""', b"[]", b"{}", b"[" * 64, b'{"a":' * 64, b"9" * 40, b"0.00001", b"\\u0000", b"\\ud800", b"\xc3\x28",
    b"'", b'"', b"`;--", b"&a *a", b"<<: *a", b"!!python/object", b"%", b"\r\n", b"\t", "员".encode(),
    b"\xf0\x9f\x92\xa9",
)  # fmt: skip


def mutated(dice: Random, corpus: list[bytes]) -> bytes:
    """One of ``corpus`` with one to six kinds of damage."""
    data = bytearray(dice.choice(corpus))
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        dice.choice(_KINDS)(dice, data, corpus)
    return bytes(data)


def _flip(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _overwrite(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    if data:
        at = dice.randrange(len(data))
        data[at : at + dice.randint(1, 8)] = dice.randbytes(dice.randint(1, 8))


def _insert(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    at = dice.randint(0, len(data))
    data[at:at] = dice.choice(_INTERESTING)


def _replace(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    at = dice.randint(0, len(data))
    data[at : at + dice.randint(1, 16)] = dice.choice(_INTERESTING)


def _delete(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    at = dice.randint(0, len(data))
    del data[at : at + dice.randint(1, 64)]


def _cut(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    del data[dice.randint(0, len(data)) :]


def _repeat(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    at = dice.randint(0, len(data))
    piece = bytes(data[at : at + dice.randint(1, 64)])
    data[at:at] = piece * dice.choice((1, 2, 30))


def _splice(dice: Random, data: bytearray, corpus: list[bytes]) -> None:
    other = dice.choice(corpus)
    at, start = dice.randint(0, len(data)), dice.randint(0, len(other))
    data[at:] = other[start:]


_KINDS = (_flip, _flip, _overwrite, _insert, _replace, _replace, _delete, _cut, _repeat, _splice)
