"""What was written where, and what took another file's place: a line for each folder, once it is done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.cli.talk import notice

OVERWRITTEN = " (overwritten)"
MOST_NAMES = 12
"""Files of a folder that are named."""


@dataclass(frozen=True)
class Targets:
    """Where a run is about to write: files, and folders with all files in them. `before`: what lay there, with the
    time (ns) at which it was written."""

    paths: tuple[Path, ...]
    before: Mapping[Path, int]

    @classmethod
    def of(cls, *paths: Path | None) -> "Targets":
        """Files and folders as they are now; None is none."""
        asked = tuple(path for path in paths if path is not None)
        return cls(asked, {file: file.stat().st_mtime_ns for file in _files(asked)})

    def tell(self) -> None:
        """Says which files were written since, and which of them were there before."""
        folders: dict[Path, list[str]] = {}
        for file in dict.fromkeys(_files(self.paths)):
            if self.before.get(file) != file.stat().st_mtime_ns:
                told = f"{file.name}{OVERWRITTEN}" if file in self.before else file.name
                folders.setdefault(file.parent, []).append(told)
        for folder, names in folders.items():
            notice(f"wrote {_listed(names)}{'' if folder == Path() else f' to {folder}'}")


def _listed(names: Sequence[str]) -> str:
    """The names, or how many there are where they would fill the screen."""
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    over = sum(name.endswith(OVERWRITTEN) for name in names)
    return f"{len(names)} files{f', {over} of them overwritten' if over else ''}"


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.is_file())
        elif path.is_file():
            yield path
