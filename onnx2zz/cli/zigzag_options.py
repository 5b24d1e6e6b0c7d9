"""ZigZag's own switches, as `evaluate` takes them (get_hardware_performance_zigzag, api.py)."""

from collections.abc import Callable
from typing import get_args

import click

from onnx2zz.zigzag.layer_price import LPF_LIMIT, Engine, PriceOptions, Search, TemporalMappingType
from onnx2zz.zigzag.objective import LATENCY, NAMES

opt_option = click.option("--opt", type=click.Choice(NAMES), default=LATENCY, show_default=True)
lpf_limit_option = click.option(
    "--lpf-limit",
    type=click.IntRange(min=1),
    default=LPF_LIMIT,
    show_default=True,
    help="Loop factors to order.",
)


def zigzag_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--engine`, `--temporal` and `--mixed-mapping`."""
    for option in (
        click.option(
            "--mixed-mapping",
            is_flag=True,
            help="ZigZag's generator may unroll several loops over one array dim; keeps data low, as ZigZag does.",
        ),
        click.option(
            "--temporal",
            type=click.Choice(get_args(TemporalMappingType)),
            default=PriceOptions.temporal_mapping_type,
            show_default=True,
            help="Whether operands may be cut at different loops.",
        ),
        click.option(
            "--engine",
            type=click.Choice(get_args(Engine)),
            default=PriceOptions.engine,
            show_default=True,
            help="Temporal search: all orderings, or ZigZag's simulated annealing (slow, another result each time).",
        ),
    ):
        command = option(command)
    return command


def refuse_annealing(ctx: click.Context, options: PriceOptions, search: Search, auto: bool) -> None:
    """Raises click.UsageError for what simulated annealing cannot do."""
    from onnx2zz.pricing.request import annealing_conflict

    if conflict := annealing_conflict(options, search, auto):
        raise click.UsageError(conflict, ctx)
