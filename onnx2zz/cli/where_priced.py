"""Where layers are priced, and for how long each may take: `--jobs`, `--layer-timeout`, `--scheduler`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from onnx2zz.pricing.cluster import Cluster

jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes; else one for each usable core."
)


def where_priced_options(command: Callable[..., Any]) -> Callable[..., Any]:
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
    """Both are about processes of this machine."""
    for option, value in (("--jobs", jobs), ("--layer-timeout", layer_timeout)):
        if scheduler is not None and value is not None:
            raise click.UsageError(f"{option} is about processes of this machine: leave it out with --scheduler")


@contextmanager
def cluster_at(scheduler: str | None) -> "Iterator[Cluster | None]":
    """The connection, and a word about who is there. Raises InputError."""
    if scheduler is None:
        yield None
        return
    from onnx2zz.cli.extras import require
    from onnx2zz.pricing.cluster import Cluster

    require("distributed", "cluster", "--scheduler")
    with Cluster(scheduler) as cluster:
        there = cluster.workers
        click.echo(f"{scheduler}: {there or 'no'} worker{'s' if there != 1 else ''} so far", err=True)
        yield cluster
