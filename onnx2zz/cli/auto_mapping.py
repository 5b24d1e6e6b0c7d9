"""The options of `--mapping auto`."""

from collections.abc import Callable

import click


def auto_options(command: Callable[..., None]) -> Callable[..., None]:
    """What may be chosen, and for how long it is searched."""
    command = click.option(
        "--mapping-budget",
        type=click.IntRange(min=1),
        metavar="N",
        help="Mappings to price for a layer at most, with `--mapping auto`.  [default: 30]",
    )(command)
    return click.option(
        "--mapping-rules",
        type=click.Choice(["strict", "free"]),
        default="strict",
        show_default=True,
        help="With `--mapping auto`: only wires that the accelerator declares, or whatever ZigZag accepts.",
    )(command)
