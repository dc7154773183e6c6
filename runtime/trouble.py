"""What fails again and again is told as it begins, when its reason changes, and once it is over."""

from __future__ import annotations

import logging


class Trouble:
    """``extra`` goes with each line of the log."""

    def __init__(self, log: logging.Logger, over: str, **extra: object) -> None:
        self._log, self._over, self._extra = log, over, extra
        self._told: tuple[str, str] | None = None

    def met(self, sentence: str, error: object) -> None:
        """It has failed."""
        if (sentence, str(error)) != self._told:
            self._told = sentence, str(error)
            self._log.warning(sentence, extra=self._extra | {"error": str(error)})

    def over(self) -> None:
        """It works."""
        if self._told is not None:
            self._told = None
            self._log.info(self._over, extra=self._extra)
