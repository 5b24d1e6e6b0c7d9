"""`-o auto`: a folder that is called after what is run, so that one run does not take another's place."""

from pathlib import Path

import click

from onnx2zz.cli.talk import notice

AUTO = Path("auto")


def named_folder(asked: Path, model: str | None, arch: str | None) -> Path:
    """The folder that was asked for; of `auto` MODEL_on_ARCH here, which is said. Raises click.UsageError where no
    model is named."""
    if asked != AUTO:
        return asked
    if model is None:
        raise click.UsageError("-o auto is called after the model, and none is given; name one, or a folder")
    parts = [Path(one.removeprefix("zigzag:")).stem for one in (model, arch) if one is not None]
    folder = Path("_on_".join(parts))
    notice(f"output folder: {folder}")
    return folder
