"""Teams and departments of pages: each word once a page, and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from schemas.interning import Interner
from streams.performance.pages import _coded, _words

_PAGE = st.lists(st.sampled_from(["north", "south", "east", ""]), min_size=1, max_size=6)


@given(st.lists(_PAGE, min_size=1, max_size=5))
def test_words_of_many_pages_come_back(pages):
    names, counts = Interner(["west"]), [len(page) for page in pages]
    codes = names.codes(pa.array([word for page in pages for word in page], pa.string()))
    found = _words(names, codes, np.repeat(np.arange(len(pages)), counts), len(pages))
    assert [words for words, _ in found] == [list(dict.fromkeys(page)) for page in pages]
    told = [[words[number] for number in np.frombuffer(numbers, np.int32)] for words, numbers in found]
    assert told == pages
    assert _coded(names, found, counts).tolist() == codes.tolist()
