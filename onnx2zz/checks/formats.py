"""The fields of the three files: which are required, which are known, of which type (zigzag parser/*_validator.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.formats.allocation import DIRECTIONS

Types = tuple[type, ...]
INT: Types = (int,)
NUMBER: Types = (int, float)
TEXT: Types = (str,)
LIST: Types = (list,)
MAP: Types = (dict,)
BOOL: Types = (bool,)
OPTIONAL_NUMBER: Types = (int, float, type(None))


@dataclass(frozen=True)
class Format:
    """Fields of one kind of entry: name -> type, apart by whether ZigZag does without."""

    required: Mapping[str, Types]
    optional: Mapping[str, Types] = field(default_factory=dict[str, Types])

    @property
    def known(self) -> Mapping[str, Types]:
        return {**self.required, **self.optional}


_MEMORY = {"size": INT, "latency": INT, "operands": LIST, "ports": LIST, "served_dimensions": LIST}
_MEMORY_OPTIONAL = {"mem_type": TEXT, "auto_cost_extraction": BOOL}
_COSTS = {"r_cost": OPTIONAL_NUMBER, "w_cost": OPTIONAL_NUMBER, "area": OPTIONAL_NUMBER}
_COUNTS = dict.fromkeys(("r_bw", "w_bw", "r_port", "w_port", "rw_port"), INT)

ACCELERATOR = Format({"name": TEXT, "memories": MAP, "operational_array": MAP}, {"dataflows": MAP})
MEMORY = Format({**_MEMORY, **_COSTS}, {**_MEMORY_OPTIONAL, "force_double_buffering": BOOL})
OLD_MEMORY = Format(
    {**_MEMORY, **_COSTS, **_COUNTS},
    {**_MEMORY_OPTIONAL, "min_r_granularity": (int, type(None)), "min_w_granularity": (int, type(None))},
)
PORT = Format({"name": TEXT, "type": TEXT, "bandwidth_min": INT, "bandwidth_max": INT, "allocation": LIST})
OLD_PORT = Format({}, dict.fromkeys(DIRECTIONS, TEXT))
ARRAY = Format(
    {"dimensions": LIST, "sizes": LIST, "unit_energy": NUMBER, "unit_area": NUMBER},
    {"is_imc": BOOL, "systolic_dimensions": LIST, "input_precision": LIST, "imc_type": (str, type(None)),
     "adc_resolution": OPTIONAL_NUMBER, "bit_serial_precision": OPTIONAL_NUMBER},
)  # fmt: skip
IMC_ARRAY = Format(
    {"dimensions": LIST, "sizes": LIST, "is_imc": BOOL, "imc_type": TEXT, "input_precision": LIST,
     "bit_serial_precision": NUMBER},
    {"systolic_dimensions": LIST, "adc_resolution": OPTIONAL_NUMBER, "unit_energy": NUMBER, "unit_area": NUMBER},
)  # fmt: skip

MAPPING = Format(
    {"name": TEXT},
    {"spatial_mapping": (dict, type(None)), "memory_operand_links": MAP, "spatial_mapping_hint": MAP,
     "temporal_ordering": LIST},
)  # fmt: skip
LINKS = Format({"O": TEXT, "W": TEXT, "I": TEXT})

LAYER = Format(
    {"id": INT, "operator_type": TEXT, "equation": TEXT, "loop_dims": LIST, "loop_sizes": LIST,
     "operand_precision": MAP},
    {"name": (str, type(None)), "dimension_relations": LIST, "operand_source": MAP, "pr_loop_dims": (list, type(None)),
     "pr_loop_sizes": (list, type(None)), "padding": (list, type(None))},
)  # fmt: skip
PRECISION = Format({"O": INT, "O_final": INT}, {"I": INT, "W": INT})
SOURCE = Format({}, {"I": INT, "W": INT})
