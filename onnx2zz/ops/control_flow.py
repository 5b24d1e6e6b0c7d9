"""Control flow, sequences and optionals that the frontend could not reduce to the tensors they move; functions."""

from onnx2zz.frontend.definitions import DEFINED, FUSED
from onnx2zz.ops.registry import runs_on_host, stands_for_its_body

stands_for_its_body(*DEFINED, how="the layers of the operators that ONNX defines it by")
stands_for_its_body(*FUSED, how="the layers of the operators that ONNX Runtime fuses in it")

runs_on_host("If", how="its taken branch, if the condition is known; else left to the host")
runs_on_host(
    "Loop",
    "Scan",
    how="its body over all steps if they are alike, else once an iteration; left to the host if only a run counts them",
)
runs_on_host(
    "SequenceConstruct",
    "SequenceEmpty",
    "SequenceInsert",
    "SequenceErase",
    "SequenceAt",
    "SequenceLength",
    "SplitToSequence",
    "ConcatFromSequence",
    "Optional",
    "OptionalGetElement",
    "OptionalHasElement",
    how="the tensors themselves, if their places are known; else left to the host",
)
runs_on_host("SequenceMap", how="a function of each element of a sequence")
