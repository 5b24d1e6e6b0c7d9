"""Where layers are priced: in processes of this machine, or on a cluster."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from onnx2zz.api.extras import require

if TYPE_CHECKING:
    from onnx2zz.pricing.cluster import Cluster


def scheduler_conflicts(scheduler: str | None, jobs: int | None, layer_timeout: float | None) -> Iterator[str]:
    """Options that are about processes of this machine and do not go with a scheduler, each in a sentence; None is an
    option that was not given."""
    for option, value in (("--jobs", jobs), ("--layer-timeout", layer_timeout)):
        if scheduler is not None and value is not None:
            yield f"{option} is about processes of this machine: leave it out with --scheduler"


@contextmanager
def cluster_at(scheduler: str | None, tell: Callable[[str], None]) -> "Generator[Cluster | None]":
    """The connection to a dask scheduler, and a word about who is there; None without one. Raises InputError."""
    if scheduler is None:
        yield None
        return
    from onnx2zz.pricing.cluster import Cluster

    require("distributed", "cluster", "--scheduler")
    with Cluster(scheduler) as cluster:
        there = cluster.workers
        tell(f"{scheduler}: {there or 'no'} worker{'s' if there != 1 else ''} so far")
        yield cluster
