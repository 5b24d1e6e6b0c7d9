"""Whether a file describes a system of cores."""

import re
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.formats.shipped_files import Found

SYSTEM = re.compile(r"^cores?\s*:", re.MULTILINE)


def is_system(path: Path) -> bool:
    """Whether a file describes a system and no accelerator: it has `core` or `cores`."""
    try:
        return SYSTEM.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def one_accelerator(found: Found, way_out: str) -> Found:
    """The file, which must describe one accelerator. Raises InputError for a system of cores, with the way out."""
    if is_system(found.path):
        raise InputError(Problem(str(found.path), "a system of cores, where one accelerator is needed", way_out))
    return found
