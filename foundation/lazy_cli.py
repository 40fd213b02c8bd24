"""A group of commands that names its commands at once and loads each of them only when it is called.

`fleet --help` and `fleet baseline --help` stay quick, and a command that needs no database never meets one: its
module is imported when somebody types its name, not before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A click group whose commands are given as `"name": "package.module:attribute"`.

    >>> group = LazyGroup("baseline", help="Références.", lazy={"assess": "baseline.assess.cli:assess"})

    `short_helps` may give the line shown beside each name in the table of contents; without it, the help of the
    group has to load the command to quote its first sentence.
    """

    def __init__(
        self,
        name: str,
        *,
        help: str,  # noqa: A002 - click's own word for it
        lazy: Mapping[str, str],
        short_helps: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the addresses; nothing is imported."""
        super().__init__(name, help=help, no_args_is_help=True)
        self._lazy = dict(lazy)
        self._short_helps = dict(short_helps or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, alphabetically."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, importing its module the first time; None for a name nobody gave."""
        address = self._lazy.get(cmd_name)
        if address is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = address.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            message = f"{address} is not a command"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of contents from the short helps, so that asking for help loads nothing."""
        rows = []
        for name in self.list_commands(ctx):
            line = self._short_helps.get(name)
            if line is None:
                command = self.get_command(ctx, name)
                if command is None or command.hidden:
                    continue
                line = command.get_short_help_str(formatter.width)
            rows.append((name, line))
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
