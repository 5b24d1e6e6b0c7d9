"""Messages of ZigZag and Stream that no fault alone ends in which `check` finds: what each means, and the way out."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ForeignMessage:
    """What is printed, where it is raised (FILE of ZigZag 3.9.1 or Stream), what it means, what leads to it, and what
    cures it."""

    shown: str
    raised_in: str
    means: str
    example: str
    cure: str


OF_ZIGZAG = (
    ForeignMessage(
        "MemoryTooSmallException: Memory capacity overflow for mem_op ...",
        "opt/loma/memory_allocator.py",
        "An order of the loops needs more room than a memory has. ZigZag drops that order and goes on; it ends in "
        "NoValidLoopOrderingFoundException only if every order does.",
        "a weight register of 8 bit, and a mapping that keeps two weights a unit",
        "nothing, as long as there is a result; else what stands below NoValidLoopOrderingFoundException",
    ),
    ForeignMessage(
        "MemoryHierarchyTooSmallException: Highest MemoryLevel for ... too small to store all loops.",
        "opt/loma/memory_allocator.py",
        "The highest memory of an operand does not hold the whole tensor.",
        "weights of 4 MiB, and a highest memory of 2 MiB",
        "a DRAM above: `onnx2zz check ACCELERATOR WORKLOAD --fix -o DIR --decide capacity=add-dram`",
    ),
    ForeignMessage(
        "AssertionError: No valid SpatialMappings found",
        "stages/mapping/spatial_mapping_generation.py",
        "ZigZag was to choose an unrolling itself, and none fits the layer.",
        "a layer whose only loop is B, with B 1",
        "name a mapping (`--mapping FILE`), or let onnx2zz choose: `--mapping auto`",
    ),
    ForeignMessage(
        "AssertionError: OADimension ... does not resemble `D1`",
        "datatypes.py",
        "A dimension of the array has a name that ZigZag does not take.",
        "`dimensions: [rows, cols]`",
        "call them D1, D2 and so on, in the accelerator and in the mapping",
    ),
    ForeignMessage(
        "ValueError: Data direction must be either `fh`, `th`, `fl`, or `tl`.",
        "parser/accelerator_factory.py",
        "A port's allocation names a direction that there is not.",
        '`allocation: ["I1, in"]`',
        "fh: from above, tl: to below, fl: from below, th: to above ([the words](explanation/words.md))",
    ),
    ForeignMessage(
        "ValueError: Operand ... not found in any of the memory instances.",
        "hardware/architecture/memory_hierarchy.py",
        "No memory lists the operand.",
        "memories with `operands: [I1, O]` only, and a convolution, whose weights are I2",
        "add I2 to the memories that hold weights; `onnx2zz check` names the file and the line (no-memory)",
    ),
    ForeignMessage(
        "ValueError: No more than 2 layer predecessors expected",
        "parser/onnx/onnx_operator_parser.py",
        "ZigZag's own ONNX front end met a node with three inputs that are layers.",
        "a Concat or Sum of three branches",
        "compile the model with onnx2zz, which takes n operands apart: `onnx2zz evaluate MODEL --arch A`",
    ),
    ForeignMessage(
        "KeyError: Could not find type for value ... in model.",
        "parser/onnx/utils.py",
        "ZigZag's ONNX front end needs shapes of all tensors, and the file has none.",
        "a model that was exported without shape inference",
        "`onnx2zz compile MODEL` infers shapes by itself; open sizes are given with `--shape` or `--batch`",
    ),
    ForeignMessage(
        "ValueError: Input size of GeMM or Matmul ONNX node must be either 2, 3 or 4.",
        "parser/onnx/gemm_parser.py",
        "A product of tensors with one or more than four axes.",
        "a MatMul of 5-D tensors in a video network",
        "`onnx2zz compile MODEL`: all leading axes become loops",
    ),
    ForeignMessage(
        "NotImplementedError: Optimization criterion 'opt' should be either 'energy' or 'latency' or 'EDP'.",
        "api.py",
        "`opt` is another word.",
        '`opt="edp"`',
        "write energy, latency or EDP",
    ),
    ForeignMessage(
        "ChildProcessError: Cacti subprocess call failed with return value ...",
        "cacti/cacti_parser.py",
        "A memory has `auto_cost_extraction: true`, and CACTI, which ZigZag starts for it, ends with an error.",
        "a memory of less than 64 bytes",
        "give r_cost, w_cost and area by hand; `onnx2zz memory --size 16KB --width 64` says what CACTI has",
    ),
    ForeignMessage(
        "AssertionError: Expected a yaml file as accelerator input",
        "stages/parser/accelerator_parser.py",
        "Since 2024-05 ZigZag reads YAML and no Python.",
        '`accelerator="zigzag.inputs.hardware.Eyeriss_like"`',
        "`onnx2zz convert Eyeriss_like.py -o eyeriss.yaml` ([convert](convert.md))",
    ),
)
OF_STREAM = (
    ForeignMessage(
        "ValueError: Failed to validate user provided accelerator. (Stream)",
        "stages/parsing/accelerator_parser.py",
        "The file of the system, or of one of its cores, does not have the form that Stream takes.",
        "a core file of ZigZag's before `kind`, `type` and `core_type` were added",
        "`onnx2zz check SYSTEM.yaml` says what is wrong with each core and where",
    ),
    ForeignMessage(
        "ValueError: Failed to validate user provided mapping. Errors: ... (Stream)",
        "parser/mapping_parser.py",
        "The mapping does not have Stream's form, which is not ZigZag's.",
        "`core_allocation: 0`, where a list is wanted: `core_allocation: [0]`",
        "one entry for each node, with `name`, `core_allocation`, `intra_core_tiling` and `inter_core_tiling`",
    ),
    ForeignMessage(
        "ValueError: No mapping data found for node with name ...",
        "parser/mapping_factory.py",
        "A node of the model has no entry in Stream's mapping file.",
        "a Relu that was added to the model after the mapping was written",
        "add an entry for it; `onnx2zz evaluate MODEL --arch SYSTEM` chooses the cores by itself",
    ),
    ForeignMessage(
        "ValueError: Core with id ... not found in accelerator.",
        "parser/mapping_factory.py",
        "The mapping places a node on a core that the system does not have.",
        "`core_allocation: [4]` on a system with cores 0 to 3",
        "name one of the ids below `cores:`",
    ),
    ForeignMessage(
        "ValueError: Some cores that were specified as having shared memory have non-identical top level memories.",
        "parser/accelerator_factory.py",
        "Cores that share a memory must describe it alike, its name included.",
        "`sram_1MB` in one core's file, and `sram_1MB` with another port in the other's",
        "copy the whole entry of the memory from one core's file to the other's",
    ),
    ForeignMessage(
        "ValueError: Invalid connection type ... Expected 'link' or 'bus'.",
        "parser/accelerator_factory.py",
        "An entry of core_connectivity has another type, or a link has not two cores.",
        "`{type: mesh, cores: [0, 1, 2, 3]}`",
        "a link for each pair, or a bus; `onnx2zz` takes `mesh` in a file of [its own form](systems.md)",
    ),
    ForeignMessage(
        "NotImplementedError: No parser registered for ONNX op type '...'.",
        "parser/onnx/model.py",
        "Stream's front end does not know the operator.",
        "a HardSwish",
        "`onnx2zz compile MODEL` ([all operators](operators.md)); its systems take the result",
    ),
    ForeignMessage(
        "AssertionError: Core ... memory hierarchy must contain memory operand I1.",
        "stages/estimation/zigzag_cost_estimator.py",
        "The core has no memory for one of I1, I2 and O, and a node with that operand was placed on it.",
        "a pooling core without I2 that gets a convolution",
        "place the node on another core, or add the operand to the core's memories",
    ),
    ForeignMessage(
        "ValueError: Unsupported inter_core_tiling dimension format: ...",
        "parser/mapping_factory.py",
        "Dimensions of a tiling are written D0, D1 and so on, by their place in the node.",
        "`{dim: K, split: 4}`",
        "`{dim: D1, split: 4}`, where D1 is the place of K",
    ),
    ForeignMessage(
        "AssertionError: Dimension size ... not divisible by desired tile size ...",
        "stages/generation/tiling_generation.py",
        "Stream cuts a dimension into equal tiles only.",
        "27 rows in tiles of 4",
        "a tile size that divides it; systems of onnx2zz take a shorter last tile",
    ),
    ForeignMessage(
        "InfeasibleAllocationError: the mapping is infeasible (INFEASIBLE or TIME_LIMIT)",
        "ir/infeasibility.py",
        "The solver found no place for the tensors of a fused group: they do not fit the cores' memories.",
        "two layers with 3 MiB of weights fused on cores with 1 MiB",
        "smaller groups or tiles, or a larger memory; `onnx2zz evaluate --schedule auto` tries them",
    ),
    ForeignMessage(
        "NotImplementedError: Elementwise broadcast mismatch on Add: operand axis ... is incompatible with output size",
        "parser/onnx/elementwise.py",
        "An element-wise node broadcasts in a way that Stream does not take.",
        "(1, 8, 14, 14) + (1, 8, 1, 1)",
        "`onnx2zz compile MODEL` broadcasts as ONNX says",
    ),
    ForeignMessage(
        "NotImplementedError: Asymmetric padding not supported for MaxPool.",
        "parser/onnx/max_pool.py",
        "Another padding at the beginning than at the end.",
        "`pads: [0, 0, 1, 1]`, as Darknet and TensorFlow export it",
        "`onnx2zz compile MODEL` takes it",
    ),
    ForeignMessage(
        "NotImplementedError: 1D convolution is not supported yet.",
        "parser/onnx/conv.py",
        "A Conv over one axis.",
        "a network for sound",
        "`onnx2zz compile MODEL` takes 1-D, 2-D and 3-D",
    ),
    ForeignMessage(
        "AssertionError: Hardware file ... does not exist",
        "api.py",
        "The path is looked for in the working folder.",
        '`hardware="tpu_like_quad_core.yaml"` from another folder',
        "an absolute path",
    ),
    ForeignMessage(
        "ValueError: No core allocation for node ... (Stream before 1.0)",
        "classes/stages/IntraCoreMappingStage.py",
        "No core was found on which the node can run.",
        "a mapping without a `default` entry",
        "add one, or use a current Stream",
    ),
)


def markdown(messages: tuple[ForeignMessage, ...]) -> str:
    """A section for each."""
    return "\n".join(line for message in messages for line in _section(message))


def _section(message: ForeignMessage) -> Iterator[str]:
    yield f"## {message.shown}\n"
    yield f"{message.means} Raised in `{message.raised_in}`.\n"
    yield f"For example: {message.example}.\n"
    yield f"The cure: {message.cure}.\n"
