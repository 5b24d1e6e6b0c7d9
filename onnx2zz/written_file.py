"""Write a file, or files that belong together, whole or not at all."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from onnx2zz.errors import InputError, Problem


def write_whole(path: Path, text: str) -> None:
    """Put `text` at `path` by way of a temporary file beside it; bytes of a file name that are no text are escaped.

    Raises InputError where that is not possible.
    """
    write_whole_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_whole_bytes(path: Path, content: bytes) -> None:
    """The same for what is no text."""
    try:
        if _is_stream(path):
            path.write_bytes(content)
            return
        _put_beside(path, content)
        _beside(path).replace(path)
    except OSError as error:
        _take_back([path])
        raise _unwritable(path, error) from error


def write_together(first: Path, text: str, others: Mapping[Path, str | None]) -> None:
    """Files of one meaning; those of `others` without a text are removed.

    Nothing changes before there is room for all. What stands beside `first` belongs to it, at whatever moment the
    process is killed; it may be missing. Raises InputError where that is not possible.
    """
    texts = {first: text} | {path: content for path, content in others.items() if content is not None}
    path = first
    try:
        for path, content in texts.items():
            _put_beside(path, content.encode("utf-8", "backslashreplace"))
        for path in others:
            path.unlink(missing_ok=True)
        for path in texts:
            _beside(path).replace(path)
    except OSError as error:
        _take_back(texts)
        raise _unwritable(path, error) from error


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _put_beside(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _beside(path).write_bytes(content)


def _take_back(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            _beside(path).unlink()


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(Problem(str(path), f"cannot be written ({error.strerror})", "choose another place"))


def _is_stream(path: Path) -> bool:
    """A pipe, a terminal, /dev/stdout: nothing that another file could take the place of."""
    return path.exists() and (not path.is_file() or path.parent == Path("/dev"))
