"""The Python files of an installed package, without importing it."""

import os
from collections.abc import Iterator


def python_files(folder: str) -> Iterator[os.DirEntry[str]]:
    """Those below a folder, in the order of their paths. By the system's own entries: paths as objects take four times
    as long."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.is_dir():
                yield from python_files(entry.path)
            elif entry.name.endswith(".py"):
                yield entry
