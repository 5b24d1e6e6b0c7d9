"""Do units of work on a dask cluster that somebody has started: on any number of machines, which may come and go.

Units of a worker that dies are given to others by dask itself. Prices are kept by the process that asks for them, so
that workers need neither the cache nor a common file system. dask pickles what it sends over its own connections:
whoever may connect to a scheduler may run what he likes there.
"""

import os
import re
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from onnx2zz import __version__
from onnx2zz.errors import InputError, Problem
from onnx2zz.pricing.price_cache import versions, zigzags_source
from onnx2zz.pricing.resources import One, Out
from onnx2zz.pricing.workers import DIED, longest_first
from onnx2zz.zigzag.talk import talk_goes_to

ADDRESS = re.compile(r"[a-z]+://.+:\d+")
PATIENCE_S = 10
"""For a scheduler to answer."""
DIED_EVERYWHERE = f"{DIED} on each worker that it was given to"

_alone = threading.Lock()
"""A worker may have several threads; ZigZag's objects and its log are the process's."""


class Cluster:
    """A connection to a dask scheduler (`tcp://host:8786`). Use as a context manager, or `close` it.

    Raises InputError if no scheduler answers.
    """

    def __init__(self, address: str):
        if not ADDRESS.fullmatch(address):
            raise InputError(Problem(address, "is no address of a dask scheduler", "write tcp://HOST:8786"))
        self._dask, self._address = import_module("distributed"), address
        try:
            # Not as dask's default: a library must not redirect what else the program computes with dask.
            self._client = self._dask.Client(address, timeout=PATIENCE_S, set_as_default=False)
        except OSError as error:
            way_out = "start one with `dask scheduler`, and give its address"
            raise InputError(Problem(address, f"no dask scheduler answers ({error})", way_out)) from error

    @property
    def workers(self) -> int:
        """How many there are now; more may come."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def outcomes(
        self, units: Sequence[One], do: Callable[[One], Out], begun: Callable[[One], None]
    ) -> Generator[tuple[One, Out | str], None, None]:
        """Each unit with its outcome, as they come; `begun` is told of each when it comes back.

        Raises InputError if the scheduler goes, or if a worker has other software than we have.
        """
        asked = {
            # `pure=False`: dask would take two equal calls for one, and a unit that failed must be able to be asked
            # again.
            self._client.submit(done_elsewhere, unit, do, software(), pure=False): unit
            for unit in longest_first(units)
        }
        try:
            for future in self._dask.as_completed(list(asked), loop=self._client.loop):
                unit = asked.pop(future)
                outcome: Out | str = self._outcome(future)
                begun(unit)
                yield unit, outcome
        finally:
            # Interrupted, or a worker had other software: what is still queued would keep the cluster busy for nobody.
            if asked:
                self._client.cancel(list(asked), force=True)

    def _outcome(self, future: Any) -> Any:
        with self._explained():
            try:
                return future.result()
            # dask gives a unit to others first, and says so only when it has killed several: then it is the unit's
            # fault.
            except self._dask.KilledWorker:
                return DIED_EVERYWHERE

    @contextmanager
    def _explained(self) -> Generator[None, None, None]:
        """What may go wrong between machines, in a sentence."""
        try:
            yield
        except (CancelledError, OSError) as error:
            what = "the scheduler went away in the middle"
            raise InputError(Problem(self._address, what, "what is priced is kept: start again")) from error
        except (ImportError, RuntimeError) as error:
            what = f"units cannot be read there ({type(error).__name__}: {error})"
            way_out = f"scheduler and workers need the same environment as this one: {software()}"
            raise InputError(Problem(self._address, what, way_out)) from error

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def done_elsewhere(unit: One, do: Callable[[One], Out], wanted: str) -> Out:
    """What a worker does. Raises InputError if its software is not the one that is `wanted`: prices depend on it."""
    if software() != wanted:
        where = f"the worker on {os.uname().nodename}"
        raise InputError(Problem(where, f"has {software()}; {wanted} is wanted", "install the same there"))
    # The log would lie on the worker's machine, where nobody looks for it.
    with _alone, talk_goes_to(Path(os.devnull)):
        return do(unit)


def software() -> str:
    """Everything that a price depends on beside what was asked."""
    return f"onnx2zz {__version__}, {versions()} (source {zigzags_source()[:12]})"
