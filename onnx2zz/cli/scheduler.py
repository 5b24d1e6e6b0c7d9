"""`--scheduler`: price on a dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from onnx2zz.evaluate.cluster import Cluster

scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Price on the workers of this dask scheduler, tcp://HOST:8786 (needs onnx2zz[cluster]), instead of here.",
)


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
    from onnx2zz.evaluate.cluster import Cluster

    require("distributed", "cluster", "--scheduler")
    with Cluster(scheduler) as cluster:
        there = cluster.workers
        click.echo(f"{scheduler}: {there or 'no'} worker{'s' if there != 1 else ''} so far", err=True)
        yield cluster
