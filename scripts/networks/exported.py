"""Networks of today as torch exports them: ONNX files without their weights' values, and the MACs that torch counts.

    python -m scripts.networks.exported FOLDER [NAME...]

Needs torch and onnxscript, and torchvision, timm, transformers or diffusers for their networks; those of packages that
are not installed are left out, with a line. Nothing is downloaded: every network is made from its configuration, most
with fewer layers than the published ones. It imports nothing of onnx2zz, so that an environment with torch alone will
do; `scripts.benchmarks exported FOLDER` compiles what it wrote.
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

COUNTS = "counts.json"
"""What torch counts for each network, beside the files."""
OPSET = 20
SEED = 0

Inputs = tuple[Any, ...]
Made = Callable[[], tuple[Any, Inputs]]
"""A module of torch and its inputs; what packages without types give has none here."""


@dataclass(frozen=True)
class Network:
    """`needs`: the package that has it."""

    needs: str
    made: Made


def _image(size: int) -> Any:
    return import_module("torch").randn(1, 3, size, size + 32)


def _vision(package: str, name: str, size: int, square: bool = False, **options: Any) -> Network:
    """A classifier of torchvision or timm for an image, not square where it need not be."""

    def made() -> tuple[Any, Inputs]:
        image = import_module("torch").randn(1, 3, size, size) if square else _image(size)
        if package == "timm":
            return import_module("timm").create_model(name, pretrained=False, **options), (image,)
        return getattr(import_module("torchvision").models, name)(weights=None, **options), (image,)

    return Network(package, made)


def _logits(own: Any, ids: Any) -> Any:
    return own(input_ids=ids, use_cache=False).logits


def _decoder(config: str, tokens: int, past: int = 0, **sizes: Any) -> Network:
    """A language model that gives logits; with a `past` it takes its caches, and gives them back longer."""

    def made() -> tuple[Any, Inputs]:
        torch, transformers = import_module("torch"), import_module("transformers")
        settings = getattr(transformers, config)(**sizes)
        model = transformers.AutoModelForCausalLM.from_config(
            settings, attn_implementation="eager", experts_implementation="batched_mm"
        )
        ids = torch.randint(0, 100, (1, tokens))
        if not past:
            return _module(_logits, model), (ids,)
        heads = settings.num_key_value_heads
        width = getattr(settings, "head_dim", None) or settings.hidden_size // settings.num_attention_heads
        caches = [torch.randn(1, heads, past, width) for _ in range(2 * settings.num_hidden_layers)]

        def step(own: Any, given: Any, *kept: Any) -> Any:
            pairs = list(zip(kept[::2], kept[1::2], strict=True))
            cache = transformers.DynamicCache(pairs)
            found = own(input_ids=given, past_key_values=cache, use_cache=True)
            after = found.past_key_values
            return (found.logits, *(one for layer in after.layers for one in (layer.keys, layer.values)))

        return _module(step, model), (ids, *caches)

    return Network("transformers", made)


def _transformer(config: str, model: str, given: Callable[[Any, Any], tuple[Callable[..., Any], Inputs]],
                 **sizes: Any) -> Network:  # fmt: skip
    """Another network of transformers; `given` has its call and its inputs, by torch and the configuration."""

    def made() -> tuple[Any, Inputs]:
        torch, transformers = import_module("torch"), import_module("transformers")
        settings = getattr(transformers, config)(**sizes)
        settings._attn_implementation = "eager"
        call, inputs = given(torch, settings)
        return _module(call, getattr(transformers, model)(settings)), inputs

    return Network("transformers", made)


def _module(call: Callable[..., Any], model: Any) -> Any:
    """A module that holds the model and calls it so."""
    torch = import_module("torch")

    def forward(self: Any, *inputs: Any) -> Any:
        return call(self.model, *inputs)

    wrapper = type("Called", (torch.nn.Module,), {"forward": forward})()
    wrapper.model = model
    return wrapper


def _segmented(torch: Any, settings: Any) -> tuple[Callable[..., Any], Inputs]:
    def call(own: Any, image: Any) -> Any:
        return own(pixel_values=image).logits

    return call, (torch.randn(1, 3, 256, 256),)


def _detected(torch: Any, settings: Any) -> tuple[Callable[..., Any], Inputs]:
    def call(own: Any, image: Any) -> Any:
        return own(pixel_values=image).pred_boxes

    return call, (torch.randn(1, 3, 256, 320),)


def _clip(torch: Any, settings: Any) -> tuple[Callable[..., Any], Inputs]:
    def call(own: Any, text: Any, image: Any) -> Any:
        return own(input_ids=text, pixel_values=image).logits_per_image

    return call, (torch.randint(0, 100, (2, 16)), torch.randn(1, 3, 224, 224))


def _whisper(torch: Any, settings: Any) -> tuple[Callable[..., Any], Inputs]:
    def call(own: Any, heard: Any, said: Any) -> Any:
        return own(input_features=heard, decoder_input_ids=said, use_cache=False).logits

    return call, (torch.randn(1, settings.num_mel_bins, 3000), torch.randint(0, 100, (1, 9)))


def _sam(torch: Any, settings: Any) -> tuple[Callable[..., Any], Inputs]:
    def call(own: Any, image: Any) -> Any:
        return own(pixel_values=image).last_hidden_state

    return call, (torch.randn(1, 3, 1024, 1024),)


def _unet() -> tuple[Any, Inputs]:
    torch, diffusers = import_module("torch"), import_module("diffusers")
    model = diffusers.UNet2DConditionModel(
        sample_size=32, block_out_channels=(128, 256, 512, 512), layers_per_block=1, cross_attention_dim=768
    )

    def call(own: Any, image: Any, step: Any, text: Any) -> Any:
        return own(image, step, text).sample

    return _module(call, model), (torch.randn(1, 4, 32, 40), torch.tensor([7]), torch.randn(1, 77, 768))


LLAMA = {"hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": 4, "num_attention_heads": 16,
         "num_key_value_heads": 4, "vocab_size": 8192}  # fmt: skip
NETWORKS: Mapping[str, Network] = {
    "resnet50": _vision("torchvision", "resnet50", 192),
    "convnext_tiny": _vision("torchvision", "convnext_tiny", 192),
    "swin_v2_t": _vision("torchvision", "swin_v2_t", 256, square=True),
    "efficientnet_v2_s": _vision("torchvision", "efficientnet_v2_s", 192),
    "mobilenetv4_conv_small": _vision("timm", "mobilenetv4_conv_small", 224),
    "vit_small_patch16": _vision("timm", "vit_small_patch16_224", 224, square=True),
    "llama_prefill": _decoder("LlamaConfig", 96, **LLAMA),
    "llama_decode": _decoder("LlamaConfig", 1, 255, **LLAMA),
    "qwen3": _decoder("Qwen3Config", 96, **LLAMA, head_dim=96),
    "mistral_window": _decoder("MistralConfig", 96, **LLAMA, sliding_window=32),
    "gemma2_softcap": _decoder("Gemma2Config", 96, **LLAMA, head_dim=96, sliding_window=32),
    "deepseek_v3_dense": _decoder(
        "DeepseekV3Config", 96, hidden_size=512, intermediate_size=1408, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=8, vocab_size=8192, first_k_dense_replace=2, q_lora_rank=192, kv_lora_rank=128,
        qk_nope_head_dim=64, qk_rope_head_dim=32, v_head_dim=64,
    ),
    "mixtral": _decoder("MixtralConfig", 64, **LLAMA, num_local_experts=8, num_experts_per_tok=2),
    "mamba": _decoder("MambaConfig", 48, hidden_size=256, num_hidden_layers=2, vocab_size=4096),
    "detr": _transformer(
        "DetrConfig", "DetrForObjectDetection", _detected, use_pretrained_backbone=False, use_timm_backbone=True,
        backbone="resnet18", backbone_config=None, encoder_layers=2, decoder_layers=2,
    ),
    "whisper_tiny": _transformer("WhisperConfig", "WhisperForConditionalGeneration", _whisper),
    "clip": _transformer("CLIPConfig", "CLIPModel", _clip),
    "sam_encoder": _transformer("SamVisionConfig", "SamVisionModel", _sam, num_hidden_layers=3,
                                global_attn_indexes=[1]),
    "segformer": _transformer("SegformerConfig", "SegformerForSemanticSegmentation", _segmented),
    "unet": Network("diffusers", _unet),
}  # fmt: skip


def torch_macs(module: Any, inputs: Inputs) -> int:
    """What torch counts: half of the operations of products and convolutions."""
    counter = import_module("torch.utils.flop_counter").FlopCounterMode(display=False)
    attention = import_module("torch.nn.attention")
    # Of its fused attention for CPUs torch counts nothing; as products it does.
    with counter, import_module("torch").no_grad(), attention.sdpa_kernel(attention.SDPBackend.MATH):
        module(*inputs)
    return counter.get_total_flops() // 2


def export(name: str, folder: Path) -> int:
    """Writes FOLDER/NAME.onnx; the MACs that torch counts."""
    torch = import_module("torch")
    torch.manual_seed(SEED)
    module, inputs = NETWORKS[name].made()
    module.eval()
    macs = torch_macs(module, inputs)
    program = torch.onnx.export(module, inputs, dynamo=True, opset_version=OPSET, verbose=False)
    program.save(folder / f"{name}.onnx", external_data=True)
    (folder / f"{name}.onnx.data").unlink(missing_ok=True)  # weights are random: their shapes are in the graph
    return macs


def wanted(names: Sequence[str]) -> Iterator[str]:
    """The networks that are asked for and can be made; says what is left out."""
    for name in names or NETWORKS:
        missing = [one for one in ("torch", "onnxscript", NETWORKS[name].needs) if find_spec(one) is None]
        if missing:
            print(f"{name}: left out, {' and '.join(missing)} not installed", file=sys.stderr)
        else:
            yield name


def main(arguments: Sequence[str]) -> int:
    folder, *names = arguments
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    file = into / COUNTS
    counts: dict[str, int] = json.loads(file.read_text()) if file.is_file() else {}
    failed = 0
    for name in wanted(names):
        try:
            counts[name] = export(name, into)
        except Exception:  # of somebody else's package; the others are exported all the same
            traceback.print_exc()
            failed += 1
            continue
        file.write_text(json.dumps(counts, indent=1) + "\n")
        print(f"{name}: {counts[name]:,} MACs", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
