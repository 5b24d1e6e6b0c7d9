"""How units of work are done: here, in worker processes of this machine, or elsewhere. What a unit is does not matter:
a layer to be priced, or to be mapped."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from onnx2zz.pricing.price_cache import KeyValues, NoStore


class Work(Protocol):
    """A unit of work: the layer's name, and about how many seconds it takes. It is pickled on its way to a worker."""

    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float: ...


One = TypeVar("One", bound=Work)
Out = TypeVar("Out")


class Elsewhere(Protocol):
    """Where units are done instead of here."""

    def outcomes(
        self, units: Sequence[One], do: Callable[[One], Out], begun: Callable[[One], None]
    ) -> Generator[tuple[One, Out | str], None, None]:
        """Each unit with its outcome, as they come, or with the sentence why there is none; `begun` is told of each."""
        ...


@dataclass(frozen=True)
class Resources:
    """How the numbers are come by, which they do not depend on. `watch` is told of each distinct layer before it is
    priced (how many are done, of how many, its name), `tell` what the user must know. With `jobs` > 1 worker processes
    share the work, if there is enough of it. A layer that takes longer than `layer_timeout` seconds is given up; since
    that needs a process that can be ended, there are workers then in any case. With `elsewhere` none of this machine's
    processes prices anything."""

    store: KeyValues = field(default_factory=NoStore)
    jobs: int = 1
    watch: Callable[[int, int, str], None] = lambda done, total, layer: None
    tell: Callable[[str], None] = lambda sentence: None
    layer_timeout: float | None = None
    elsewhere: Elsewhere | None = None

    def outcomes(
        self, units: Sequence[One], do: Callable[[One], Out], log: Path, begun: Callable[[One], None]
    ) -> Generator[tuple[One, Out | str], None, None]:
        """Each unit with what `do`, a function of a module, makes of it, as they come, or with the sentence why there
        is nothing; `begun` is told of each. What ZigZag says in a worker goes to `log`."""
        if self.elsewhere is not None:
            yield from self.elsewhere.outcomes(units, do, begun)
            return
        if units and (self.layer_timeout is not None or self.jobs > 1):
            # It brings multiprocessing along: a run whose prices are all known has no use for it.
            from onnx2zz.pricing.workers import Crew, outcomes_of_workers, worker, worth_workers

            if self.layer_timeout is not None or worth_workers(units):
                crew = Crew(self.jobs, lambda: worker(log), self.tell, self.layer_timeout)
                yield from outcomes_of_workers(units, do, crew, begun)
                return
        for unit in units:
            begun(unit)
            yield unit, do(unit)


ALONE = Resources()
"""In this process, and nothing is kept."""
