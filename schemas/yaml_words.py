"""What YAML's parser says of a text that it cannot read, in the words of those who write it. Pure."""

from __future__ import annotations

import re

_COLUMN = "entries of one list, and settings of one entry, begin in the same column"
#: What the parser says, and what whoever wrote the line can do; groups go where they are named.
_WORDS = (
    (r"did not find expected (key|'-' indicator)", f"indented otherwise than what it belongs to: {_COLUMN}"),
    (
        r"mapping values are not allowed in this context",
        f"a further “: ”: a text with it is put in quotes, and {_COLUMN}",
    ),
    (r"could not find expected ':'", "no “name: value” with a colon and a space behind it"),
    (
        r"parsing a flow mapping did not find expected ',' or '}'",
        "expected “,” or “}”: settings within { } are separated by commas, and a text with “: ” is put in quotes",
    ),
    (r"parsing a flow sequence did not find expected ',' or '\]'",
     "expected “,” or “]”: entries in [ ] are separated by commas"),
    (r"cannot start any token", "a text that begins with “{at}” is put in quotes"),
    (r"found undefined alias '(.*)'", "undefined alias *{0}; a text that begins with “*” is put in quotes"),
    (r"scanning a quoted scalar found unexpected end of stream", "a text begins with a quote here, and none ends it"),
    (r"expected a single document", "“---” begins another document, and a file is a single document"),
)
_DASH_ALONE = re.compile(r"\s*-[^\s-]")


def plain_words(what: str, line: str, at: str) -> str:
    """``what`` the parser says about ``at``, the rest of ``line``, in plain words, or as it is where there are none."""
    if "did not find expected" in what and _DASH_ALONE.match(line):
        return "expected a space behind the “-” that begins an entry"
    for pattern, words in _WORDS:
        if found := re.search(pattern, what, re.DOTALL):
            return words.replace("{at}", at[:1]).replace("{0}", found[1] if found.groups() else "")
    return what
