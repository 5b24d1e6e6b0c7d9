"""ZigZag's own switches, as `evaluate` takes them (get_hardware_performance_zigzag, api.py)."""

from collections.abc import Callable
from typing import Any

import click

from onnx2zz.zigzag.layer_price import LPF_LIMIT

lpf_limit_option = click.option(
    "--lpf-limit",
    type=click.IntRange(min=1),
    default=LPF_LIMIT,
    show_default=True,
    help="Loop factors to order.",
)


def zigzag_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--engine`, `--temporal` and `--mixed-mapping`."""
    for option in (
        click.option(
            "--mixed-mapping",
            is_flag=True,
            help="ZigZag's generator may unroll several loops over one array dim; keeps data low, as ZigZag does.",
        ),
        click.option(
            "--temporal",
            type=click.Choice(["uneven", "even"]),
            default="uneven",
            show_default=True,
            help="Whether operands may be cut at different loops.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["loma", "salsa"]),
            default="loma",
            show_default=True,
            help="Temporal search: all orderings, or ZigZag's simulated annealing (slow, another result each time).",
        ),
    ):
        command = option(command)
    return command


def refuse_salsa_with(ctx: click.Context, engine: str, opt: str, paranoid: bool, auto: bool) -> None:
    """Raises click.UsageError for what simulated annealing cannot do."""
    if engine != "salsa":
        return
    if opt == "EDP":
        raise click.UsageError("--engine salsa optimises latency or energy", ctx)
    if paranoid:
        raise click.UsageError("--paranoid compares searches of all orderings, and --engine salsa is none", ctx)
    if auto:
        way_out = "name a mapping, the mapping.yaml that auto writes, say"
        raise click.UsageError(f"--engine salsa: --mapping auto prices with all orderings; {way_out}", ctx)
