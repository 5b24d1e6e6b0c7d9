"""Accelerators, mappings and models by name: ours first, then the ones inside the installed ZigZag.

Ours lie in the package (a wheel) or in the top-level folders of the checkout. ZigZag is located, never imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Value
from onnx2zz.formats.yaml_source import load_yaml

ZIGZAG = "zigzag:"
"""A name with this prefix is ZigZag's own file, even where we ship one of the same name."""


@dataclass(frozen=True)
class Found:
    """A file that was asked for by path or by name. `note` is what the user must be told about the choice."""

    name: str
    path: Path
    note: str = ""


@dataclass(frozen=True)
class Shelf:
    """One kind of file that ships: what it is called, where ours lie, and where ZigZag's lie."""

    noun: str
    folder: str
    suffix: str
    zigzag_folder: str
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])


ACCELERATORS = Shelf("accelerator", "accelerators", ".yaml", "inputs/hardware")
SYSTEMS = Shelf("system", "accelerators/systems", ".yaml", "inputs/system")
MAPPINGS = Shelf("mapping", "mappings", ".yaml", "inputs/mapping")
MODELS = Shelf("model", "models", ".onnx", "inputs/workload", {"lenet": "lenet5"})

CASES = "validation"
"""The folder of cases that are held against published figures, a folder each."""


def find_accelerator(text: str) -> Found:
    """The accelerator, or system of them, that `text` (a path or a name) stands for. Raises InputError with
    suggestions."""
    name = text.removesuffix(SYSTEMS.suffix)
    # A file of the user's goes before anything that ships, here as everywhere.
    if name in ours(SYSTEMS) and not is_there(Path(text)):
        return _find(SYSTEMS, text)
    return _find(ACCELERATORS, text)


def find_model(text: str) -> Found:
    """The ONNX model that `text` (a path or a name) stands for. Raises InputError with suggestions."""
    return _find(MODELS, text)


def find_mapping(text: str) -> Found:
    """The mapping that `text` (a path or a name) stands for. Raises InputError with suggestions.

    A name of one of ZigZag's accelerators that has no mapping of that name takes NAME_like, then the default one.
    """
    bare = text.removeprefix(ZIGZAG)
    by_accelerator = bare not in shipped(MAPPINGS, text) and bare in zigzags(ACCELERATORS) and not is_there(Path(text))
    if by_accelerator:
        return _say_so(zigzag_mapping(Found(bare, zigzags(ACCELERATORS)[bare])), text)
    return _find(MAPPINGS, text)


def choose_mapping(asked: str | None, accelerator: Found, compiled: Path | None = None) -> Found:
    """Which mapping file to use: the one asked for; else `compiled` (what `compile` wrote for the same accelerator);
    else ours with the accelerator's name; else ZigZag's own, from which `--mapping auto` starts."""
    if asked is not None:
        return find_mapping(asked)
    # What was compiled for this accelerator may have been edited since: it holds before what ships.
    if compiled is not None and compiled.is_file():
        return Found(compiled.stem, compiled)
    if accelerator.name in ours(MAPPINGS):
        return Found(accelerator.name, ours(MAPPINGS)[accelerator.name])
    return zigzag_mapping(accelerator)


def stands_for(text: str | None, accelerator: Found) -> bool:
    """Whether a path or a name is that of this accelerator."""
    try:
        return text is not None and find_accelerator(text).path.resolve() == accelerator.path.resolve()
    except InputError:
        return False


def zigzag_mapping(accelerator: Found) -> Found:
    """ZigZag's own mapping for an accelerator: NAME, NAME_like, else default_imc (in-memory compute) or default."""
    theirs = zigzags(MAPPINGS)
    for name in (accelerator.name, f"{accelerator.name}_like"):
        if name in theirs:
            return Found(name, theirs[name])
    name = "default_imc" if _computes_in_memory(accelerator.path) else "default"
    return Found(name, theirs[name])


def sidecar(accelerator: Found) -> Path:
    """NAME.onnx2zz.yaml beside the accelerator; for one of ZigZag's, ours of that name. It need not exist."""
    beside = accelerator.path.with_name(f"{accelerator.path.stem}.onnx2zz.yaml")
    # By path and not by name: a file of the user's that is called like one of ZigZag's has nothing to do with our
    # figures.
    theirs = accelerator.path == zigzags(ACCELERATORS).get(accelerator.path.stem)
    return _folder(ACCELERATORS) / beside.name if theirs else beside


def templates(accelerator: Found) -> Path | None:
    """NAME.templates.yaml beside the accelerator; for one that ships, ours of that name. None where there is none."""
    name = accelerator.path.stem
    ships = accelerator.path in (ours(ACCELERATORS).get(name), zigzags(ACCELERATORS).get(name))
    path = (_folder(MAPPINGS) if ships else accelerator.path.parent) / f"{name}.templates.yaml"
    return path if path.is_file() else None


def ours(shelf: Shelf) -> dict[str, Path]:
    """Name -> path of what this project ships. Files with a second dot (NAME.templates.yaml) go with another file."""
    return _by_name(_folder(shelf), shelf.suffix)


def validation_cases() -> dict[str, Path]:
    """Name -> folder of each case of validation that ships."""
    return {file.parent.name: file.parent for file in sorted(_place(CASES).glob("*/case.yaml"))}


def _folder(shelf: Shelf) -> Path:
    return _place(shelf.folder)


def _place(folder: str) -> Path:
    package = Path(__file__).parents[1]
    # In a wheel the folders lie inside the package; in a checkout, beside it.
    folders = (package / "shipped" / folder, package.parent / folder)
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def zigzags(shelf: Shelf) -> dict[str, Path]:
    """Name -> path of what the installed ZigZag ships."""
    spec = find_spec("zigzag")
    assert spec is not None and spec.submodule_search_locations, "zigzag-dse is a dependency of this package"
    return _by_name(Path(spec.submodule_search_locations[0]) / shelf.zigzag_folder, shelf.suffix)


def shipped(shelf: Shelf, text: str = "") -> dict[str, Path]:
    """Name -> path of everything that `text` may stand for: only ZigZag's if it says so, else ours before ZigZag's."""
    return zigzags(shelf) if text.startswith(ZIGZAG) else zigzags(shelf) | ours(shelf)


def _by_name(folder: Path, suffix: str) -> dict[str, Path]:
    # NAME.onnx2zz.yaml and NAME.templates.yaml belong to NAME.yaml and are no accelerators.
    return {path.stem: path for path in sorted(folder.glob(f"*{suffix}")) if "." not in path.stem}


def is_there(path: Path) -> bool:
    """Whether a file lies at `path`; what is too long for a path is the name of none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _find(shelf: Shelf, text: str) -> Found:
    if is_there(Path(text)):
        return Found(Path(text).stem, Path(text))
    bare = text.removeprefix(ZIGZAG)
    stem = bare.removesuffix(shelf.suffix)
    name = shelf.aliases.get(stem, stem)
    if name not in shipped(shelf, text):
        raise InputError(_unknown(shelf, text, bare))
    found = Found(name, shipped(shelf, text)[name])
    return found if name == bare else _say_so(found, text)


def _say_so(found: Found, asked: str) -> Found:
    return Found(found.name, found.path, f"{asked} does not exist: taking {found.name}, which ships ({found.path})")


def _unknown(shelf: Shelf, text: str, bare: str) -> Problem:
    systems = ours(SYSTEMS) if shelf is ACCELERATORS and not text.startswith(ZIGZAG) else {}
    names = sorted({*shipped(shelf, text), *shelf.aliases, *systems})
    from difflib import get_close_matches

    close = get_close_matches(Path(bare).name.removesuffix(shelf.suffix), names, n=2, cutoff=0.5)
    suggestion = f"did you mean {' or '.join(close)}? " if close else ""
    return Problem(
        text,
        f"no such file, and no {shelf.noun} of that name ships",
        f"{suggestion}these ship: {', '.join(names)}",
    )


def _computes_in_memory(accelerator: Path) -> bool:
    try:
        document: Value = load_yaml(accelerator)
    except InputError:
        return False  # whoever reads the accelerator itself says what is wrong with it
    array = document.get("operational_array") if isinstance(document, dict) else None
    return isinstance(array, dict) and bool(array.get("is_imc"))
