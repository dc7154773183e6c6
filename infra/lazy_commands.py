"""Groups of commands that are imported when they are called: ``plan validate`` need not load Kafka clients."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar, NamedTuple

import click


class Lazily(NamedTuple):
    """Where a command is (module:attribute), and what lists of commands say of it, so that they need not import it."""

    target: str
    summary: str

    def load(self) -> click.Command:
        """Import it."""
        module, attribute = self.target.split(":")
        return getattr(import_module(module), attribute)


class LazyGroup(click.Group):
    """A group whose commands are in ``lazily``, by name and in the order in which they are listed."""

    lazily: ClassVar[Mapping[str, Lazily]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As Group."""
        return list(self.lazily)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """As Group."""
        found = self.lazily.get(name)
        return found.load() if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As Group, without a look at the commands themselves."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.summary) for name, one in self.lazily.items()])
