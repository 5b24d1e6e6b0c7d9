"""What is installed, asked without importlib.metadata: that imports email, zipfile and more, a tenth of what a run
takes whose prices are all known.

It finds a distribution as importlib.metadata does, by the name of its folder NAME-VERSION.dist-info in the first place
of sys.path that has one; whatever has none (an egg, a zip) is left to importlib.metadata.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".dist-info"


def version(name: str) -> str:
    """The version of an installed distribution. Raises importlib.metadata.PackageNotFoundError."""
    begin = f"{name.replace('-', '_')}-"
    for folder in _folders():
        if folder.name.startswith(begin):
            return folder.name.removeprefix(begin).removesuffix(SUFFIX)
    from importlib.metadata import version

    return version(name)


def any_plugs_into(group: str) -> bool:
    """Whether a distribution has entry points of this group; which they are, importlib.metadata knows."""
    return any(f"[{group}]" in _text(folder / "entry_points.txt") for folder in _folders())


def _text(file: Path) -> str:
    """Nothing where there is no such file, or none that may be read: importlib.metadata passes over it, too."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _folders() -> Iterator[Path]:
    for place in sys.path:
        try:
            found = sorted(one for one in Path(place or ".").iterdir() if one.name.endswith(SUFFIX))
        except OSError:  # not there, a zip, or not to be read
            continue
        yield from found
