"""A Python file of ZigZag's as today's documents."""

from pathlib import Path

from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.python.accelerator import read_accelerator
from onnx2zz.conversion.python.mapping import read_mapping
from onnx2zz.conversion.python.statements import read_python
from onnx2zz.conversion.python.workload import read_workload
from onnx2zz.errors import InputError, Problem


def convert_python(path: str, text: str) -> tuple[Converted, ...]:
    """What the file defines: an accelerator, a mapping, a workload, or several of them.

    Raises InputError with the line of whatever only a run would tell, and where there is none of the three.
    """
    try:
        file = read_python(path, text)
        found = (read_accelerator(file, Path(path).stem), read_mapping(file), *read_workload(file))
    except RecursionError as error:
        raise InputError(Problem(path, "nested too deep to be followed", "write the values out")) from error
    documents = tuple(one for one in found if one is not None)
    if not documents:
        what = "no accelerator, no mapping and no workload of ZigZag's is made in this file"
        raise InputError(Problem(path, what, "give the file that calls Accelerator(...), or that has the dictionary"))
    return documents
