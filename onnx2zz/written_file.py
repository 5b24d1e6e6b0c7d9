"""Write a file whole or not at all."""

import os
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
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if _is_stream(path):
            path.write_bytes(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise InputError(Problem(str(path), f"cannot be written ({error.strerror})", "choose another place")) from error


def _is_stream(path: Path) -> bool:
    """A pipe, a terminal, /dev/stdout: nothing that another file could take the place of."""
    return path.exists() and (not path.is_file() or path.parent == Path("/dev"))
