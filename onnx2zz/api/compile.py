"""`onnx2zz.compile`: a model (an ONNX file, the name of one that ships, or in memory, a module of PyTorch) as a ZigZag
workload."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, Unpack

from onnx import ModelProto

from onnx2zz.api.torch_module import ExampleInputs, TorchModule, exported, is_torch_module
from onnx2zz.compiler import Compiled, CompileOptions, compile_layers
from onnx2zz.errors import IncompleteResult, InputError, Problem, raise_if_any
from onnx2zz.formats.shipped_files import Found, find_model
from onnx2zz.frontend.binding import Bindings
from onnx2zz.lowering.options import (
    INT8,
    WIDTHS,
    WORDS,
    LoweringOptions,
    Movement,
    Precision,
    PrecisionWord,
    Unsupported,
    as_precision,
    unknown_operands,
)
from onnx2zz.pricing.accounted import host_nodes, lost_work

Model = str | Path | ModelProto | Compiled | TorchModule


class ModelOptions(TypedDict, total=False):
    """What may be said about any model: the options of the commands that take MODEL.

    `shapes` fixes inputs ({"image": (1, 3, 224, 224)}) and tensors behind an unknown operator, `batch` the first axis
    of every input that leaves it open, `dims` named dims ({"N": 1}), `values` fills inputs with a value that shapes and
    conditions may use. `op_like` takes an operator without a lowering as one that has one ({"my.lab.Gate": "Relu"}).
    `dims_of` fixes sizes that the data of a run decide, by tensor and axis ({("picked", 0): 512}), `tokens_per_expert`
    how many tokens each expert of a mixture gets, `steps` how many steps a loop makes that only a run could count, by
    its name ({"decoding": 32}).
    `precision`: "int8", "native", or bits ({"W": 4, "I": 8}).
    """

    shapes: Mapping[str, tuple[int, ...]]
    dims: Mapping[str, int]
    values: Mapping[str, float]
    batch: int | None
    op_like: Mapping[str, str]
    dims_of: Mapping[tuple[str, int], int]
    tokens_per_expert: int | None
    steps: Mapping[str, int]
    precision: PrecisionWord | Mapping[str, int]
    unsupported: Unsupported
    movement: Movement


class AnyModelOptions(ModelOptions, total=False):
    """What may be said about a model where it may be a torch.nn.Module, too.

    `example_inputs`: what its forward takes, a tensor, a sequence of what stands in order, or a mapping of names.
    """

    example_inputs: ExampleInputs | None


def compile(model: Model, example_inputs: ExampleInputs | None = None, **options: Unpack[ModelOptions]) -> Compiled:
    """The model as a ZigZag workload, every node accounted for; `.write(folder)` writes it.

    A torch.nn.Module (`pip install "onnx2zz[torch]"`) is exported first, for `example_inputs`: what its forward takes,
    a tensor, a sequence, or a mapping of names.

    Warns (IncompleteResult) where the host has MACs that no layer holds. Raises InputError for what is wrong with the
    model, every independent problem at once, and where no node becomes a layer.

    >>> import onnx2zz
    >>> compiled = onnx2zz.compile("lenet5", precision={"W": 4, "I": 8})
    >>> compiled.headline
    'lenet5: 7 layers, 416,520 MACs'
    >>> compiled.write("lenet5_w4")
    """
    compiled = compiled_of(model, {**options, "example_inputs": example_inputs})
    if compiled is not model and compiled.workload.incomplete:
        left = "; ".join(map(str, lost_work(host_nodes(compiled.coverage))))
        warnings.warn(f"{compiled.headline}, left to the host: {left}", IncompleteResult, stacklevel=2)
    return compiled


def compiled_of(model: Model, options: AnyModelOptions) -> Compiled:
    """The model compiled, for functions that say in their own way what it lacks. Raises InputError."""
    example_inputs = options.get("example_inputs")
    said = [name for name in options if name != "example_inputs" or example_inputs is not None]
    if isinstance(model, Compiled):
        if said:
            raise InputError(Problem(", ".join(said), "for a model; this one is compiled already"))
        return model
    chosen = compile_options(options)
    compiled = compile_layers(_source(model, example_inputs), chosen)
    for note in compiled.notes:
        warnings.warn(note, stacklevel=3)
    return compiled


def _source(model: str | Path | ModelProto | TorchModule, example_inputs: ExampleInputs | None) -> Path | ModelProto:
    """What the compiler reads. Raises InputError."""
    if is_torch_module(model):
        return exported(model, example_inputs)
    if example_inputs is not None:
        what = "for a torch.nn.Module; another model says the shapes of its inputs itself"
        raise InputError(Problem("example_inputs", what, "leave it out; shapes={...} fixes what is open"))
    return model if isinstance(model, ModelProto) else noticed(find_model(str(model))).path


def compile_options(options: AnyModelOptions) -> CompileOptions:
    """The options as the compiler takes them. Raises InputError for what there is not."""
    raise_if_any(
        Problem(name, "no such option", f"these are: {', '.join(AnyModelOptions.__annotations__)}")
        for name in options
        if name not in AnyModelOptions.__annotations__
    )
    bindings = Bindings(
        options.get("shapes", {}),
        options.get("dims", {}),
        options.get("values", {}),
        options.get("batch"),
        options.get("op_like", {}),
        options.get("dims_of", {}),
        options.get("tokens_per_expert"),
        options.get("steps", {}),
    )
    precision = _precision(options.get("precision", INT8))
    return CompileOptions(
        bindings,
        LoweringOptions(
            precision,
            options.get("unsupported", LoweringOptions.unsupported),
            options.get("movement", LoweringOptions.movement),
        ),
    )


def _precision(asked: str | Mapping[str, int]) -> Precision:
    if not isinstance(asked, str):
        known = f"{', '.join(WIDTHS)} are"
        raise_if_any(Problem(f"precision[{name!r}]", "no such operand", known) for name in unknown_operands(asked))
    try:
        return as_precision(asked)
    except ValueError as error:
        words = ", ".join(f'"{word}"' for word in WORDS)
        raise InputError(
            Problem(f"precision={asked!r}", "no such widths", f'say {words} or {{"W": 4, ...}}')
        ) from error


def noticed(found: Found) -> Found:
    """The file, after what must be said about its choice has been said."""
    if found.note:
        warnings.warn(found.note, stacklevel=3)
    return found
