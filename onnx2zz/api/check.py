"""`onnx2zz.check`: what is wrong with an accelerator, a mapping, a workload."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from onnx2zz.checks.context import Context
from onnx2zz.checks.decisions import decision_problem
from onnx2zz.checks.diagnosis import diagnose
from onnx2zz.checks.finding import Diagnosis, Repaired
from onnx2zz.checks.fixing import fix as repaired
from onnx2zz.checks.kinds import sorted_by_kind
from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.formats.shipped_files import ACCELERATORS, SYSTEMS, find_accelerator, find_mapping, ours, shipped
from onnx2zz.formats.system_kind import is_system
from onnx2zz.formats.yaml_source import YamlSource, read_yaml
from onnx2zz.zigzag.layer_price import LPF_LIMIT

if TYPE_CHECKING:
    from onnx2zz.api.compile import AnyModelOptions, Model


def check(
    *files: str | Path,
    model: "Model | None" = None,
    lpf_limit: int = LPF_LIMIT,
    exploit_data_locality: bool = False,
    fix: str | Path | None = None,
    decide: Mapping[str, str] | None = None,
    **options: "Unpack[AnyModelOptions]",
) -> Diagnosis:
    """What is wrong with an accelerator, a mapping and a workload: alone, or all three as ZigZag would run them.

    `model`: the model that the workload was written for. `.ok` is whether there is no error.
    `fix`: a folder; what has one sensible repair is repaired and every file written to it (`.repaired`), what is left
    is in `.findings`. `decide`: what only you can, code by code, as `--decide` takes it.

    Raises InputError for files that cannot be read or written, and for decisions that there are not.

    >>> import onnx2zz
    >>> onnx2zz.check("seneca").ok
    True
    """
    decisions = decide or {}
    raise_if_any(_decision_problems(decisions, fix))
    context = read_context(map(str, files), lambda sentence: warnings.warn(sentence, stacklevel=4))
    context = replace(context, lpf_limit=lpf_limit, exploit_data_locality=exploit_data_locality)
    if model is not None:
        from onnx2zz.api.compile import compile

        context = replace(context, model=compile(model, **options).entries)
    if fix is None:
        return Diagnosis(diagnose(context))
    fixed = repaired(context, decisions, Path(fix))
    written = (Repaired(path, file.diff) for path, file in zip(fixed.written, fixed.files, strict=True))
    return Diagnosis(diagnose(fixed.context), tuple(written), fixed.cured)


def _decision_problems(decisions: Mapping[str, str], fix: str | Path | None) -> Iterator[Problem]:
    if decisions and fix is None:
        yield Problem("decide", "goes with a repair", "name a folder for the repaired files: fix=DIR")
    for code, choice in decisions.items():
        if problem := decision_problem(code, choice):
            yield Problem(f"decide {code}={choice}", problem)


def read_context(files: Iterable[str], tell: Callable[[str], None]) -> Context:
    """The files, each by path or by the name of one that ships; `tell` hears of a choice among names.

    Raises InputError with every file that cannot be read.
    """
    problems: list[Problem] = []
    sources: list[YamlSource] = []
    for file in files:
        with noted_in(problems):
            path = _found(file, tell)
            sources.append(read_yaml(path, place_keys=is_system(path)))
    raise_if_any(problems)
    return sorted_by_kind(sources)


def _found(file: str, tell: Callable[[str], None]) -> Path:
    """A file as it is named, else what ships under the name: an accelerator before a mapping."""
    if Path(file).is_file():
        return Path(file)
    name = file.removeprefix("zigzag:").removesuffix(".yaml")
    is_accelerator = name in shipped(ACCELERATORS, file) or name in ours(SYSTEMS)
    found = find_accelerator(file) if is_accelerator else find_mapping(file)
    if found.note:
        tell(found.note)
    return found.path
