"""Where layers are priced, and for how long each may take: `--jobs`, `--layer-timeout`, `--scheduler`."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnx2zz.cli.talk import QUIET, talk_level
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.pricing.cache_on_disk import Store
    from onnx2zz.pricing.resources import Elsewhere, Resources

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


@dataclass(frozen=True)
class WherePriced:
    """Where prices are kept and who finds them, as the options say."""

    cache_folder: Path | None
    no_cache: bool
    jobs: int | None
    layer_timeout: float | None
    cluster: "Elsewhere | None"

    def unless(self, no_cache: bool) -> "WherePriced":
        """The same without a cache, if so."""
        return replace(self, no_cache=self.no_cache or no_cache)


@contextmanager
def resources_at(where: WherePriced) -> Generator["Resources"]:
    """What is told meanwhile is said once the progress bar is gone, whatever ended the run."""
    from onnx2zz.pricing.price_cache import NoStore
    from onnx2zz.pricing.resources import Resources
    from onnx2zz.pricing.usable_cores import usable_cores
    from onnx2zz.report.progress import progress_on_stderr

    notices: list[str] = []
    try:
        with (
            nullcontext(NoStore()) if where.no_cache else _store(where.cache_folder, notices.append) as store,
            nullcontext(_unwatched) if talk_level() == QUIET else progress_on_stderr() as watch,
        ):
            jobs = where.jobs or usable_cores()
            yield Resources(store, jobs, watch, notices.append, where.layer_timeout, where.cluster)
    finally:
        for sentence in dict.fromkeys(notices):
            click.echo(f"warning: {printable(sentence)}", err=True)


def _unwatched(done: int, total: int, name: str) -> None:
    return None


def _store(folder: Path | None, tell: Callable[[str], None]) -> "Store":
    from onnx2zz.pricing.cache_on_disk import Store, folder_or_default

    return Store(folder_or_default(folder), tell)
