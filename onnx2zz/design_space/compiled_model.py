"""The workload of a model of the sweep in one precision."""

from onnx2zz.compiler import CompileOptions, compile_layers
from onnx2zz.design_space.spec import ModelSpec
from onnx2zz.lowering.options import LoweringOptions, Precision
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.workload_file import workload_of


def compiled_model(model: ModelSpec, precision: Precision) -> PricedWorkload:
    """Raises InputError with everything that is wrong with the model, or that leaves it open."""
    options = CompileOptions(model.bindings, LoweringOptions(precision))
    compiled = compile_layers(model.found.path, options, model.name)
    return workload_of(compiled, str(model.found.path))
