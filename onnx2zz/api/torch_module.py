"""A module of PyTorch as the ONNX model that torch.onnx.export makes of it; torch itself is imported by nobody here.

Source: PyTorch, torch.onnx.export with dynamo=True; package onnx_ir, which holds what that gives.
"""

import sys
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol, TypeGuard, cast

from onnx import ModelProto

from onnx2zz.api.extras import require
from onnx2zz.errors import InputError, Problem

ExampleInputs = object
"""What the module's `forward` takes: a tensor, a sequence of what stands in order, or a mapping of names."""
HAS_NO_DATA = "meta"
"""The device of tensors that have a shape and a type and no elements."""
NOWHERE = "elements-of-the-meta-device"


class TorchModule(Protocol):
    """A torch.nn.Module, by what is used of it: so this file's types hold where torch is not installed."""

    training: bool

    def modules(self) -> Iterator[Any]: ...


def is_torch_module(model: object) -> TypeGuard[TorchModule]:
    """Whether it is a torch.nn.Module. Whoever has one has imported torch; without it the answer is no."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def exported(module: TorchModule, example_inputs: ExampleInputs | None) -> ModelProto:
    """The module as torch.onnx.export writes it for inputs of these shapes, all of them fixed; the graph has the name
    of its class. Weights of the device "meta" become tensors without data, which is enough for everything but a proof.

    Raises InputError without example inputs, and where torch cannot export it.
    """
    name = type(module).__name__
    if example_inputs is None:
        way_out = 'say example_inputs=(tensor, ...), or {"name": tensor, ...}'
        raise InputError(Problem(name, "a module does not say the shapes of its inputs", way_out))
    require("onnxscript", "torch", name)
    arguments, named = _as_call(example_inputs)
    without_data = any(parameter.device.type == HAS_NO_DATA for parameter in _weights(module))
    with _in_evaluation(module, name):
        try:
            # torch's optimiser folds constants and would read elements that are not there; the compiler folds them too.
            program: Any = import_module("torch.onnx").export(
                module, arguments, kwargs=named, dynamo=True, verbose=False, optimize=not without_data
            )
        except Exception as error:  # whatever Python the module runs, and whatever torch thinks of it
            what = f"torch.onnx.export cannot export it ({_first_cause(error)})"
            raise InputError(Problem(name, what, "export it to a file in another way, and give that")) from error
    _name_what_has_no_data(program)
    model: ModelProto = program.model_proto
    model.graph.name = name
    return model


def _as_call(example_inputs: ExampleInputs) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments of `forward` in order and by name."""
    if isinstance(example_inputs, Mapping):
        return (), dict(cast(Mapping[str, object], example_inputs))
    if isinstance(example_inputs, Sequence):
        return tuple(cast(Sequence[object], example_inputs)), {}
    return (example_inputs,), {}


def _weights(module: Any) -> Iterator[Any]:
    yield from module.parameters()
    yield from module.buffers()


@contextmanager
def _in_evaluation(module: TorchModule, name: str) -> Generator[None]:
    """The module in evaluation mode, and afterwards each of its parts in the mode that it had."""
    training = [part for part in module.modules() if part.training]
    if training:
        warnings.warn(f"{name} is in training mode: exported as after .eval()", stacklevel=6)
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _first_cause(error: BaseException) -> str:
    """What was the matter, in one line: torch wraps it in pages of advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {line}"


def _name_what_has_no_data(program: Any) -> None:
    """Each weight without elements becomes one whose elements lie in a file, which nobody opens: a file would say so,
    too, whose weights were left out."""
    for value in program.model.graph.initializers.values():
        tensor = value.const_value
        if getattr(getattr(tensor, "raw", None), "device", None) is not None and tensor.raw.device.type == HAS_NO_DATA:
            external = import_module("onnx_ir").ExternalTensor
            value.const_value = external(NOWHERE, 0, tensor.nbytes, tensor.dtype, shape=tensor.shape, name=value.name)
