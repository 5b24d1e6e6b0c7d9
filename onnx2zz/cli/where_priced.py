"""Where layers are priced, and for how long each may take: `--jobs`, `--layer-timeout`, `--scheduler`."""

from collections.abc import Callable

import click

jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes; else one for each usable core."
)


def where_priced_options(command: Callable[..., None]) -> Callable[..., None]:
    """The three options; those of processes are refused with a scheduler (`refuse_with_scheduler`)."""
    for option in (
        click.option(
            "--layer-timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Give up a layer that takes longer; the others are priced.",
        ),
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Price on the workers of this dask scheduler, tcp://HOST:8786 (needs onnx2zz[cluster]), not here.",
        ),
        jobs_option,
    ):
        command = option(command)
    return command


def refuse_with_scheduler(scheduler: str | None, jobs: int | None, layer_timeout: float | None) -> None:
    """Raises click.UsageError for options about processes of this machine."""
    from onnx2zz.api.where_priced import scheduler_conflicts

    for conflict in scheduler_conflicts(scheduler, jobs, layer_timeout):
        raise click.UsageError(conflict)
