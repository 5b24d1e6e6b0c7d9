"""`check --fix` as a whole: files are repaired, written to a folder, and judged again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.checks.context import Context
from onnx2zz.checks.decisions import Decisions
from onnx2zz.checks.diagnosis import causes
from onnx2zz.checks.repair import RepairedFile, repair, repaired_context
from onnx2zz.files.written_file import write_whole


@dataclass(frozen=True)
class Fixed:
    """The files as they are now: `context` to be judged again, what was `written` where, and the codes `cured`."""

    context: Context
    files: tuple[RepairedFile, ...] = ()
    written: tuple[Path, ...] = ()
    cured: tuple[str, ...] = ()


def fix(context: Context, decisions: Decisions, folder: Path) -> Fixed:
    """Repairs all that has one sensible repair, or a decision, and writes every file to `folder`. Nothing is written
    where a file cannot be read. Raises InputError where one cannot be written."""
    if context.unreadable:
        return Fixed(context)
    before = Counter(one.code for one in causes(context))
    files = repair(context, decisions)
    written = tuple(folder / name for name in _names(files))
    for file, path in zip(files, written, strict=True):
        write_whole(path, file.text)
    after = repaired_context(context, files)
    return Fixed(after, files, written, tuple(sorted(before - Counter(one.code for one in causes(after)))))


def _names(files: Sequence[RepairedFile]) -> list[str]:
    """The names that the files had; equal ones get a number in front."""
    names = [Path(file.path).name for file in files]
    return [name if names.count(name) == 1 else f"{number}_{name}" for number, name in enumerate(names)]
