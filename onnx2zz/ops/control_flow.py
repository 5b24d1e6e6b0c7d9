"""Control flow, sequences and optionals that the frontend could not reduce to the tensors they move."""

from onnx2zz.ops.registry import runs_on_host

runs_on_host("If", how="its taken branch, if the condition is known; else left to the host")
runs_on_host(
    "Loop", "Scan", how="its body, once an iteration, if their number is known and small; else left to the host"
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
