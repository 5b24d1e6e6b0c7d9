"""Reads a system file: ours, or Stream's accelerator file, of today and of 2024."""

from collections.abc import Callable, Mapping

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.document import Value
from onnx2zz.formats.our_system_file import read_our_system
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.stream_2024_system_file import (
    has_cores_in_a_list,
    has_links_in_pairs,
    read_listed_cores,
    read_paired_cores,
)
from onnx2zz.formats.stream_system_file import CONNECTIVITY, read_stream_system
from onnx2zz.formats.system_file import SystemFile
from onnx2zz.formats.yaml_source import YamlSource, read_yaml


def read_system_file(found: Found) -> SystemFile:
    """Raises InputError with everything that is wrong with it and with the files that it names."""
    source = read_yaml(found.path, place_keys=True)
    raise_if_any(Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps)
    read, problems = system_and_problems(found, source)
    raise_if_any(problems)
    return read


def system_and_problems(found: Found, source: YamlSource) -> tuple[SystemFile, list[Problem]]:
    """The system as far as it can be read, and what is wrong with it."""
    problems: list[Problem] = []
    return _reader(source.data)(found, source, problems), problems


def _reader(data: Value) -> Callable[[Found, YamlSource, list[Problem]], SystemFile]:
    if has_cores_in_a_list(data):
        return read_listed_cores
    if has_links_in_pairs(data):
        return read_paired_cores
    return read_stream_system if isinstance(data, Mapping) and CONNECTIVITY in data else read_our_system
