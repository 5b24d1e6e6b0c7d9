"""Do units of work in worker processes, longest first.

Each worker is an executor of its own with one process: when a process dies, it is known which layer it died of, and the
others go on. The processes are forked from a server that has imported ZigZag once, where the system has that.
"""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from onnx2zz.pricing.resources import One, Out, Work
from onnx2zz.zigzag.talk import talk_goes_to

WORTH_S = 4.0
"""Work that is done sooner than this is done before workers have come up."""
DIED = "its worker process died (killed, or out of memory)"
TOO_LONG = "took longer than"
DIED_TWICE = f"{DIED} twice; `--jobs 1` needs less memory"

_open_log = ExitStack()


@dataclass(frozen=True)
class Crew:
    """Where units are done: `jobs` processes, each made by `recruit`; `tell` hears of one that died. A layer that
    takes longer than `patience` seconds is given up."""

    jobs: int
    recruit: Callable[[], Executor]
    tell: Callable[[str], None]
    patience: float | None = None


def worth_workers(units: Sequence[Work]) -> bool:
    """Whether there is enough work to be shared."""
    return len(units) > 1 and sum(unit.seconds for unit in units) > WORTH_S


def longest_first(units: Sequence[One]) -> list[One]:
    """In this order the last ones leave nobody idle for long."""
    return sorted(units, key=lambda unit: unit.seconds, reverse=True)


def worker(log: Path) -> Executor:
    """A process that does one unit after the other; what ZigZag says in it is added to `log`."""
    server = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if server else "spawn")
    # ZigZag takes a second to import. A process that is forked from one that has it begins at once.
    if server:
        context.set_forkserver_preload(["onnx2zz.zigzag.price"])
    return ProcessPoolExecutor(1, context, _start, (log,))


def _start(log: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the main process ends the others
    Thread(target=_end_with_main, daemon=True).start()
    _open_log.enter_context(talk_goes_to(log, anew=False))


def _end_with_main() -> None:
    """A main process that is killed tells nobody: without this its workers would wait for work for ever."""
    main = multiprocessing.parent_process()
    assert main is not None, "workers are started by the main process"
    main.join()
    os._exit(1)


def in_time(unit: One, do: Callable[[One], Out], seconds: float | None) -> Out:
    """What is done with a unit; the kernel ends this process when it takes longer, whatever it is doing."""
    if seconds is None:
        return do(unit)
    # No handler: a Python one would wait until numpy, or a loop in C, comes back.
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return do(unit)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def outcomes_of_workers(
    units: Sequence[One], do: Callable[[One], Out], crew: Crew, begun: Callable[[One], None]
) -> Iterator[tuple[One, Out | str]]:
    """Each unit with its outcome, as they come; `begun` is told of each that a worker takes up.

    A unit whose worker dies is tried once more. On the way out, whatever the reason, no worker is left.
    """
    # Each worker is an executor of its own with one unit at a time, so that a process that dies takes one unit with it,
    # and it is known which. A layer that takes too long dies by the kernel's signal, which looks like any other death:
    # only the clock tells them apart.
    # The caller may have other processes, which are none of ours to end.
    strangers = multiprocessing.active_children()
    waiting = deque(longest_first(units))
    everyone = [crew.recruit() for _ in range(min(crew.jobs, len(units)))]
    idle = list(everyone)
    at_work: dict[Future[Out], tuple[Executor, One, float]] = {}
    died: list[One] = []
    in_the_middle = True
    try:
        while waiting or at_work:
            while waiting and idle:
                unit, executor = waiting.popleft(), idle.pop()
                begun(unit)
                future = executor.submit(in_time, unit, do, crew.patience)
                at_work[future] = executor, unit, time.monotonic()
            for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                executor, unit, since = at_work.pop(future)
                try:
                    outcome: Out | str = future.result()
                except BrokenExecutor:
                    executor.shutdown(wait=False)
                    # A broken executor takes no more work, so its place is given to a new one.
                    executor = crew.recruit()
                    everyone.append(executor)
                    late = crew.patience is not None and time.monotonic() - since >= crew.patience
                    if not late and not any(unit is other for other in died):
                        died.append(unit)
                        # First in line again: it was among the longest, and its second death should be known early.
                        waiting.appendleft(unit)
                        crew.tell(f"{unit.name}: {DIED}; it is tried once more")
                        idle.append(executor)
                        continue
                    outcome = f"{TOO_LONG} {crew.patience:g} s (--layer-timeout)" if late else DIED_TWICE
                idle.append(executor)
                yield unit, outcome
        in_the_middle = False
    finally:
        # `idle` and `at_work` do not tell: Ctrl-C can come while a worker is between the two.
        _dismiss(everyone, strangers, in_the_middle)


def _dismiss(executors: Sequence[Executor], strangers: Sequence[object], in_the_middle: bool) -> None:
    if in_the_middle:
        # In the middle workers are at work, and `shutdown` would wait for what they do.
        for process in multiprocessing.active_children():
            if process not in strangers:
                process.terminate()
    for executor in executors:
        executor.shutdown(wait=True, cancel_futures=True)
