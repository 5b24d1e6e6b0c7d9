"""A model of the sweep in one precision."""

from dataclasses import dataclass
from functools import cached_property

from onnx2zz.compiler import Compiled, CompileOptions, compile_layers
from onnx2zz.design_space.spec import ModelSpec
from onnx2zz.lowering.options import LoweringOptions, Precision
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.workload_file import workload_of
from onnx2zz.system.layer_graph import LayerGraph, graph_of_model


@dataclass(frozen=True)
class CompiledModel:
    """The workload, and what its layers read of each other, which is found when it is first asked for."""

    workload: PricedWorkload
    compiled: Compiled

    @cached_property
    def graph(self) -> LayerGraph:
        return graph_of_model(self.compiled)


def compiled_model(model: ModelSpec, precision: Precision) -> CompiledModel:
    """Raises InputError with everything that is wrong with the model, or that leaves it open."""
    options = CompileOptions(model.bindings, LoweringOptions(precision))
    compiled = compile_layers(model.found.path, options, model.name)
    return CompiledModel(workload_of(compiled, str(model.found.path)), compiled)
