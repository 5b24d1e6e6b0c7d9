"""The options of `--mapping auto` and `--mapping optimal`."""

from collections.abc import Callable

import click


class Share(click.ParamType[float]):
    """`1%`, or 0.01."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value)
        try:
            return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self.fail(f"{text!r} is no share: 1% or 0.01, say", param, ctx)


def auto_options(command: Callable[..., None]) -> Callable[..., None]:
    """What may be chosen, and for how long it is searched."""
    for option in (
        click.option(
            "--mapping-budget",
            type=click.IntRange(min=1),
            metavar="N",
            help="Mappings to price for a layer at most.  [default: 30 with `--mapping auto`, 48 with `optimal`, none "
            "with `--gap`]",
        ),
        click.option(
            "--gap",
            type=Share(),
            metavar="SHARE",
            help="With `--mapping optimal`: end when no mapping can be better by more, 1% say; exit code 3 where that "
            "is not reached.  [default: end at 0.1%, of energy at 0, after 16 prices at 1%; 3 above 1%]",
        ),
        click.option(
            "--mapping-rules",
            type=click.Choice(["strict", "free"]),
            default="strict",
            show_default=True,
            help="Of a mapping that is chosen: only wires that the accelerator declares, or whatever ZigZag accepts.",
        ),
    ):
        command = option(command)
    return command
