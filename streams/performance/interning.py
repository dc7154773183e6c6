"""Strings as small integers, so that keys group and compare as numpy columns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xxhash


class Interner:
    """Codes in order of first appearance. Codes are local to one partition's state and never leave it."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: list[str] = list(names)
        self._codes = {name: code for code, name in enumerate(self.names)}
        self._hashes = np.empty(0, np.uint64)

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The code of ``name``, a new one if need be."""
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code

    def find(self, name: str) -> int:
        """The code of ``name``, −1 if it has none."""
        return self._codes.get(name, -1)

    def codes(self, names: Iterable[str]) -> np.ndarray:
        """int64 codes of ``names``, new ones if need be."""
        known, before = self._codes, len(self.names)
        asked = names if isinstance(names, list) else list(names)
        codes = np.array([known.setdefault(name, len(known)) for name in asked], np.int64)
        if len(known) > before:
            self.names += dict.fromkeys(asked[at] for at in np.flatnonzero(codes >= before).tolist())
        return codes

    def hashes(self) -> np.ndarray:
        """uint64 xxh3 of every name, indexed by code."""
        known = len(self._hashes)
        if known < len(self.names):
            more = np.fromiter((xxhash.xxh3_64_intdigest(name.encode()) for name in self.names[known:]), np.uint64)
            self._hashes = np.concatenate([self._hashes, more])
        return self._hashes
