"""Objects named in settings, so that packages that must not import each other can still be put together."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def load(name: str) -> Any:
    """The object that ``module:attribute`` names; raises ValueError with a sentence where there is none."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{name!r} names nothing that can be loaded: {error}") from error
