"""Write a file, or files that belong together, whole or not at all.

Folders may be shared with strangers and with other containers: a file is written under a name that nobody can guess or
have taken, and takes its place by a rename. A link is replaced, never followed.
"""

import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from onnx2zz.errors import InputError, Problem

Text = str | Iterable[bytes]
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def write_whole(path: Path, text: str) -> None:
    """Put `text` at `path` by way of a temporary file beside it; bytes of a file name that are no text are escaped.

    Raises InputError where that is not possible.
    """
    write_whole_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_whole_bytes(path: Path, content: bytes) -> None:
    """The same for what is no text."""
    write_whole_pieces(path, (content,))


def write_whole_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """The same for what is too large to be held in memory; where the pieces raise, nothing is written."""
    temporary: list[Path] = []
    try:
        if _is_stream(path):
            with path.open("wb") as file:
                file.writelines(pieces)
            return
        temporary.append(_written_beside(path, pieces))
        temporary[0].replace(path)
    except OSError as error:
        _take_back(temporary)
        raise _unwritable(path, error) from error


def write_together(first: Path, text: Text, others: Mapping[Path, Text | None]) -> None:
    """Files of one meaning; those of `others` without a text are removed. A text may come in pieces.

    Nothing changes before there is room for all. What stands beside `first` belongs to it, at whatever moment the
    process is killed; it may be missing. Raises InputError where that is not possible.
    """
    texts = {first: text, **{path: content for path, content in others.items() if content is not None}}
    temporary: dict[Path, Path] = {}
    path = first
    try:
        for path, content in texts.items():
            pieces = (content.encode("utf-8", "backslashreplace"),) if isinstance(content, str) else content
            temporary[path] = _written_beside(path, pieces)
        for path in others:
            path.unlink(missing_ok=True)
        for path, beside in temporary.items():
            beside.replace(path)
    except OSError as error:
        _take_back(temporary.values())
        raise _unwritable(path, error) from error


def _written_beside(path: Path, pieces: Iterable[bytes]) -> Path:
    """A file of a name that is short, since that of `path` may be as long as a name can be, and not made of the
    process's number, which one in another container may have as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".onnx2zz-{secrets.token_hex(8)}")
    descriptor = os.open(beside, NEW_FILE, 0o666)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123
            file.writelines(pieces)
    except BaseException:
        _take_back([beside])
        raise
    return beside


def _take_back(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(Problem(str(path), f"cannot be written ({error.strerror})", "choose another place"))


def _is_stream(path: Path) -> bool:
    """A pipe, a terminal, /dev/stdout: nothing that another file could take the place of. A link leads to one only
    where the system has put it."""
    folder = path.parent.resolve()
    if folder == Path("/dev") or folder.parts[:2] == ("/", "proc"):
        return path.exists()
    return path.exists() and not path.is_file() and not path.is_symlink()
