"""`onnx2zz cache`: what is kept of earlier evaluations, and how to be rid of it."""

from pathlib import Path

import click

cache_option = click.option(
    "--cache",
    "cache_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where prices are kept; else in the user's cache folder.",
)


@click.command("cache")
@click.argument("action", type=click.Choice(["info", "clear"]))
@cache_option
def cache_command(action: str, cache_folder: Path | None) -> None:
    """Say where prices of layers, and what compiles gave, are kept and how many, or forget them."""
    from onnx2zz.pricing.cache_on_disk import COMPILES, FILE, folder_or_default

    folder = folder_or_default(cache_folder)
    _said_of(action, folder / FILE)
    if (folder / COMPILES).exists():
        _said_of(action, folder / COMPILES)


def _said_of(action: str, path: Path) -> None:
    from onnx2zz.pricing.cache_on_disk import Store

    if not path.exists():
        click.echo(f"{path}: nothing is kept")
        return
    with Store(path.parent, lambda sentence: click.echo(f"warning: {sentence}", err=True), path.name) as store:
        entries = store.count()
        if action == "clear":
            store.clear()
    size = path.stat().st_size
    click.echo(f"{path}: {entries} entries {'cleared' if action == 'clear' else f'in {size / 1e3:,.0f} kB'}")
