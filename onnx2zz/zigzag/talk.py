"""Keep ZigZag's log, prints and warnings off the screen: they go to a file."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def talk_goes_to(path: Path, anew: bool = True) -> Iterator[None]:
    """While this is open, whatever ZigZag says goes to `path`, written anew or added to; other loggers are left alone.

    A console that was made before (rich's progress bar on stderr) keeps writing to the screen.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("w" if anew else "a", encoding="utf-8", buffering=1) as log,
        redirect_stdout(log),
        redirect_stderr(log),
        warnings.catch_warnings(),
        _zigzag_logs_to(log),
    ):
        warnings.simplefilter("default")
        yield


@contextmanager
def _zigzag_logs_to(stream: TextIO) -> Iterator[None]:
    logger = logging.getLogger("zigzag")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
