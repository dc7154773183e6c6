"""Ending a process that must not go on."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

EXIT_FATAL = 70  # EX_SOFTWARE of sysexits.h

log = logging.getLogger("kpistream")


def fatal(sentence: str) -> NoReturn:
    """Say why and end at once, without clean-up: a restart from the checkpoint is the one way back that is tested."""
    log.critical(sentence, exc_info=sys.exc_info()[0] is not None)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(EXIT_FATAL)
