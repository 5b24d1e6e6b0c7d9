"""`--memory-limit`: how much memory a command and its workers may take, each."""

import re
from typing import Any

import click

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
SIZE = re.compile(r"(\d+)([KMG])i?B?", re.IGNORECASE)


class Size(click.ParamType):
    """`512M`, `4G`: a number of bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = SIZE.fullmatch(str(value))
        if match is None:
            self.fail(f"cannot read {value!r}; write 512M or 4G", param, ctx)
        return int(match[1]) * UNITS[match[2].upper()]


def _limit(ctx: click.Context, param: click.Parameter, size: int | None) -> None:
    """Holds until the command ends. Processes that it starts inherit the limit."""
    if size is None:
        return
    try:
        import resource
    except ImportError:
        raise click.UsageError("--memory-limit needs an operating system with limits of its own", ctx) from None
    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))
    ctx.call_on_close(lambda: resource.setrlimit(resource.RLIMIT_DATA, (before, hard)))


memory_limit_option = click.option(
    "--memory-limit",
    type=Size(),
    metavar="SIZE",
    callback=_limit,
    expose_value=False,
    help="Memory that the command, and each of its workers, may take: 512M, 4G.",
)
