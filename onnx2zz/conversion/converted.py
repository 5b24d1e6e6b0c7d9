"""What a conversion gives: documents of one kind each, and what the user is to be told about them."""

from dataclasses import dataclass
from typing import Literal

from onnx2zz.files.document import Value

Kind = Literal["accelerator", "mapping", "workload"]


@dataclass(frozen=True)
class Converted:
    """One of ZigZag's files of today as data. `notes` say what the source has and the document has not."""

    kind: Kind
    data: Value
    notes: tuple[str, ...] = ()
