"""`onnx2zz.convert`: files of other forms as ZigZag's of today, and workloads as other tools read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.api.figure_file import not_one_of
from onnx2zz.conversion.write import FORMS, Form
from onnx2zz.errors import Problem, raise_if_any


@dataclass(frozen=True)
class Conversion:
    """One document: `kind` is what it is (an accelerator, a mapping, a workload) or the form that was asked for.
    `notes` say what the source has and the document has not; `file` is where it was written, None if nowhere."""

    kind: str
    text: str
    notes: tuple[str, ...] = ()
    file: Path | None = None


def convert(*files: str | Path, to: Form | None = None, output: str | Path | None = None) -> tuple[Conversion, ...]:
    """ZigZag's Python (before 2024-05), SCALE-Sim's CSV or Timeloop's YAML as ZigZag's YAML, a document each; or, with
    `to`, a workload.yaml as SCALE-Sim or AccelForge reads it.

    `output`: where it is written; a folder where several documents come of it. Raises InputError with all that is
    wrong in the files.

    >>> import onnx2zz
    >>> onnx2zz.compile("lenet5").write("lenet5")
    >>> (topology,) = onnx2zz.convert("lenet5/workload.yaml", to="scale-sim")
    >>> print(topology.text.splitlines()[1])
    L0_conv1, 32, 32, 5, 5, 1, 6, 1,
    """
    raise_if_any(_problems(len(files), to))
    paths = tuple(map(str, files))
    found = tuple(_as_yaml(paths, output) if to is None else [_in_form(paths[0], to, output)])
    for one in found:
        if one.file is not None:
            from onnx2zz.files.written_file import write_whole

            write_whole(one.file, one.text)
    return found


def _problems(files: int, to: Form | None) -> Iterator[Problem]:
    if files == 0:
        yield Problem("", "no file is named")
    if to is not None:
        yield from not_one_of("to", to, FORMS)
        if files > 1:
            yield Problem(f"to={to!r}", "takes one workload", "convert one after the other")


def _as_yaml(paths: tuple[str, ...], output: str | Path | None) -> Iterator[Conversion]:
    from onnx2zz.conversion.read import read_any
    from onnx2zz.conversion.yaml_files import places, yaml_text

    documents = read_any(paths)
    targets = (None,) * len(documents) if output is None else places(documents, str(output))
    for document, target in zip(documents, targets, strict=True):
        yield Conversion(document.kind, yaml_text(document), document.notes, target)


def _in_form(path: str, to: Form, output: str | Path | None) -> Conversion:
    from onnx2zz.conversion.write import written_as

    written = written_as(to, path)
    return Conversion(to, written.text, written.notes, None if output is None else Path(output))
