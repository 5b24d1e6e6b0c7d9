"""The options of `evaluate` that are about a system of cores, and which options go with what."""

from collections.abc import Callable
from pathlib import Path

import click
from click.core import ParameterSource

from onnx2zz.pricing.schedule_kind import CORES, SCHEDULES
from onnx2zz.system.schedule_options import MOST_FRAMES


def system_options(command: Callable[..., None]) -> Callable[..., None]:
    """Where and how layers run on a system: `--placement`, `--schedule`, `--frames`, `--cores`."""
    for option in (
        click.option(
            "--cores",
            type=click.Choice(CORES),
            help="Pipelines on fewer cores of a system: on any number of them, beside the one on all (how many the "
            "weights need, and what more of them buy), or on the fewest on which all weights stay.",
        ),
        click.option(
            "--frames",
            type=click.IntRange(min=1, max=MOST_FRAMES),
            metavar="N",
            help="How many frames follow each other through a system; a pipeline takes no more of them together. Left "
            "out: one, and of a pipeline as many as it takes together, or 3 that overlap.",
        ),
        click.option(
            "--schedule",
            type=click.Choice(SCHEDULES),
            default="auto",
            show_default=True,
            help="How the cores of a system take up the layers: in their order, in stacks band by band, or frame after "
            "frame, weights staying.",
        ),
        click.option(
            "--placement",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Where layers run on a system: LAYER: {cores: [0, 1], split: {K: 2}}; or a mapping file of Stream's.",
        ),
    ):
        command = option(command)
    return command


def refuse_what_is_for_others(ctx: click.Context, arch: str, of_system: bool) -> None:
    """Raises UsageError for options that are about one accelerator where `arch` is a system of cores, and the other way
    round."""
    from onnx2zz.api.system import ONE_ACCELERATOR_ONLY, SYSTEM_ONLY, refused_on_a_system, refused_on_one

    flags = {f"--{name.replace('_', '-')}" for name in (ONE_ACCELERATOR_ONLY if of_system else SYSTEM_ONLY)}
    typed = [
        parameter.opts[0]
        for parameter in ctx.command.params
        if parameter.opts[0] in flags and ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ]
    if typed:
        raise click.UsageError((refused_on_a_system if of_system else refused_on_one)(typed, arch), ctx)
