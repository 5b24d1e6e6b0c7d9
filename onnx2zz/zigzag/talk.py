"""Keep ZigZag's log, prints and warnings off the screen: they go to a file."""

import logging
import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import FileIO, TextIOBase
from pathlib import Path

from onnx2zz.errors import InputError, Problem

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def talk_goes_to(path: Path, anew: bool = True) -> Generator[None]:
    """While this is open, whatever ZigZag says goes to `path`, written anew or added to; other loggers are left alone.

    A console that was made before (rich's progress bar on stderr) keeps writing to the screen.
    Raises InputError where `path` cannot be written.
    """
    with (
        _opened(path, "w" if anew else "a") as file,
        _Log(file) as log,
        redirect_stdout(log),
        redirect_stderr(log),
        warnings.catch_warnings(),
        _zigzag_logs_to(log),
    ):
        # The user's filters may turn warnings into errors, and one of numpy's inside ZigZag would then end a price.
        warnings.simplefilter("default")
        yield


def _opened(path: Path, mode: str) -> FileIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The link is replaced, not followed; the opener refuses one that appears between this line and the next.
        if path.is_symlink():
            path.unlink()
        return FileIO(path, mode, opener=_unless_a_link)
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be written ({error.strerror})", "choose another place")) from error


def _unless_a_link(path: str, flags: int) -> int:
    """A link that somebody has put into the folder would have another file of the user's overwritten."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


class _Log(TextIOBase):
    """Text into a file, unbuffered: a disk that is full costs words of the log, and no price."""

    def __init__(self, file: FileIO):
        self._file = file

    def write(self, text: str, /) -> int:
        # `backslashreplace`: names of layers come from files, and may hold halves of surrogate pairs.
        with suppress(OSError):
            self._file.write(text.encode("utf-8", "backslashreplace"))
        return len(text)


@contextmanager
def _zigzag_logs_to(stream: TextIOBase) -> Generator[None]:
    logger = logging.getLogger("zigzag")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    # The root logger's handlers are the user's, and may print to the screen.
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
