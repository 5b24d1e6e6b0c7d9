"""The networks that evaluating is measured on, compiled for an accelerator."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import onnx

from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from scripts.benchmarks.processes import ONNX2ZZ
from scripts.networks import bert_layer, yolov8n
from tests.model_files import save_model

NETWORKS = ("resnet18", "bert_2_layers", "mobilenetv2", "yolov8n_320")
ACCELERATORS = ("tpu_like", "edge_tpu_like", "eyeriss_like", "meta_prototype", "seneca")


def bert_of_two_layers() -> onnx.ModelProto:
    """Two of BERT-base's encoder layers behind each other."""
    layer = bert_layer.build()
    first, second = (onnx.compose.add_prefix(layer, prefix) for prefix in ("first.", "second."))
    handed_on = (f"first.{layer.graph.output[0].name}", f"second.{layer.graph.input[0].name}")
    return onnx.compose.merge_models(first, second, io_map=[handed_on])


BUILT: Mapping[str, Callable[[], onnx.ModelProto]] = {
    "bert_2_layers": bert_of_two_layers,
    "yolov8n_320": lambda: yolov8n.build(320),
}
"""Networks that no file ships of; other names are models that do."""


def compile_into(folder: Path, network: str, accelerator: str) -> None:
    """Write workload.yaml, and as mapping.yaml the accelerator's own file, which stock ZigZag's figures are of."""
    model = network
    if network in BUILT:
        model = str(folder / f"{network}.onnx")
        save_model(BUILT[network](), Path(model))
    subprocess.run([*ONNX2ZZ, "compile", model, "-o", str(folder)], check=True, capture_output=True)
    own = choose_mapping(None, find_accelerator(accelerator))
    (folder / "mapping.yaml").write_text(own.path.read_text(encoding="utf-8"), encoding="utf-8")
