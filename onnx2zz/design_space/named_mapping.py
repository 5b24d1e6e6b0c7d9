"""The mapping that an option of a sweep names."""

from pathlib import Path
from typing import Any

from onnx2zz.design_space.spec import CHOSEN, OWN
from onnx2zz.formats.yaml_source import load_yaml


def mapping_name(asked: str) -> str:
    """What tables call the mapping: a file's folder is of no account."""
    return asked if asked in (OWN, *CHOSEN) else Path(asked).stem


def mapping_document(asked: str) -> Any:
    """The data of a mapping file."""
    return load_yaml(Path(asked))
