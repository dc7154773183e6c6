"""Texts to codes, few and many, in C and in Python: the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

import schemas.interning
from schemas.interning import Interner
from tests.depth import examples

TEXTS = st.text("ab中\x00é", max_size=5)


@pytest.fixture(params=["python", "few", "many"])
def kept(request, monkeypatch):
    """Kept in Python, in C from the first name on, or in C once there are some."""
    if request.param == "python":
        monkeypatch.setattr(schemas.interning, "LIBRARY", None)
    monkeypatch.setattr(schemas.interning, "_MANY", {"few": 1, "many": 5}.get(request.param, 1))
    monkeypatch.setattr(schemas.interning, "_AT_ONCE", 3)


def test_it_is_compiled():
    assert schemas.interning.LIBRARY, "make setup says what is missing"


@pytest.mark.usefixtures("kept")
@given(st.lists(st.lists(TEXTS, max_size=20), max_size=8), st.lists(TEXTS))
@examples(100)
def test_codes_are_those_of_a_dictionary(batches, asked):
    interner, expected = Interner(), {}
    for number, batch in enumerate(batches):
        codes = [expected.setdefault(name, len(expected)) for name in batch]
        names = pa.array(["before", *batch, "after"], pa.string())[1:-1] if number % 2 else batch
        assert interner.codes(names).tolist() == codes
        assert interner.find("not there") == -1
        assert [interner.code(name) for name in batch] == codes
    assert len(interner) == len(expected)
    found = [expected.get(name, -1) for name in asked]
    assert interner.find_all(asked).tolist() == interner.find_all(pa.array(asked, pa.string())).tolist() == found
    assert [interner.find(name) for name in asked] == found
    assert list(interner.names) == list(interner.names[:]) == list(expected)
    assert interner.hashes().tolist() == [xxhash.xxh3_64_intdigest(name.encode()) for name in expected]
    backwards = np.arange(len(expected))[::-1]
    assert interner.column(backwards).type == pa.string()
    assert interner.column(backwards).to_pylist() == interner.texts(backwards) == list(expected)[::-1]


@pytest.mark.usefixtures("kept")
def test_names_one_by_one_get_codes_in_their_order():
    interner, names = Interner(), [f"E{number}" for number in range(5_000)]
    assert Interner(iter(names)).codes(names[::-1]).tolist() == list(range(5_000))[::-1]
    assert [interner.code(name) for name in names] == list(range(5_000))
    assert interner.find("E") == interner.find("E5000") == -1
    assert [interner.names[-1], interner.names[17]] == ["E4999", "E17"]
    with pytest.raises(IndexError):
        interner.names[5_000]


def test_names_that_come_again_take_little_room():
    names = pa.array([f"E{number}" for number in range(3_000)], pa.string())
    once, often = Interner(names), Interner(pa.chunked_array([names] * 300).combine_chunks())
    assert list(once.names) == list(often.names)
    assert _room(once) < _room(often) < 4 << 20


def _room(interner: Interner) -> int:
    """Bytes."""
    names = interner.names
    return names._places.nbytes + names._starts.nbytes + names._words.nbytes


@pytest.mark.usefixtures("kept")
def test_hashes_that_were_asked_for_before_stay():
    interner = Interner(["a", "b", "c"])
    before = interner.hashes().tolist()
    interner.codes(["d", "a", *map(str, range(100))])
    assert interner.hashes()[:3].tolist() == before
    assert interner.hashes()[3] == xxhash.xxh3_64_intdigest(b"d")


def test_a_name_that_is_no_text_has_no_code():
    interner = Interner(map(str, range(schemas.interning._MANY)))
    assert interner.find("\udcff") == -1
