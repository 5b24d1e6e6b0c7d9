"""What a command says beside its result: notices on stderr, none of them with `-q`, more of them with `-v`."""

from collections.abc import Callable
from typing import TypeVar

import click

from onnx2zz.printable import printable

Command = TypeVar("Command", bound=Callable[..., None])
QUIET, USUAL, MORE = -1, 0, 1
LEVEL = "onnx2zz.talk"
"""Where a click context keeps how much is said."""


def talk_options(command: Command) -> Command:
    """`-q` and `-v`. Warnings and errors are said at any level."""
    verbose = click.option(
        *("-v", "--verbose"), is_flag=True, expose_value=False, callback=_set(MORE), help="Say more of what is done."
    )
    quiet = click.option(
        *("-q", "--quiet"),
        is_flag=True,
        expose_value=False,
        callback=_set(QUIET),
        help="Say nothing but results, warnings and errors.",
    )
    return quiet(verbose(command))


def _set(level: int) -> Callable[[click.Context, click.Parameter, bool], None]:
    def kept(ctx: click.Context, parameter: click.Parameter, given: bool) -> None:
        if given and ctx.meta.get(LEVEL, level) != level:
            raise click.UsageError("-q and -v: say one of them", ctx)
        if given:
            ctx.meta[LEVEL] = level

    return kept


def talk_level() -> int:
    """How much the command at work says."""
    ctx = click.get_current_context(silent=True)
    return ctx.meta.get(LEVEL, USUAL) if ctx is not None else USUAL


def notice(sentence: str) -> None:
    """A line on stderr; not with `-q`."""
    if talk_level() > QUIET:
        click.echo(printable(sentence), err=True)


def detail(sentence: str) -> None:
    """A line on stderr with `-v`."""
    if talk_level() >= MORE:
        click.echo(printable(sentence), err=True)
