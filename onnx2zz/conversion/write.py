"""A workload in the form of another tool."""

from typing import Literal, get_args

from onnx2zz.conversion.workload_text import Written, read_workload_file

Form = Literal["scale-sim", "scale-sim-gemm", "accelforge"]
FORMS: tuple[Form, ...] = get_args(Form)


def written_as(form: Form, path: str) -> Written:
    """The workload file at `path` in that form. Raises InputError with every layer that the form cannot say."""
    workload = read_workload_file(path)
    if form == "accelforge":
        from onnx2zz.conversion.accelforge import accelforge_text

        return accelforge_text(workload)
    from onnx2zz.conversion.scale_sim import products_text, topology_text

    return topology_text(workload) if form == "scale-sim" else products_text(workload)
