"""Names that a shell completes: what ships, and files (docs/howto/completion.md)."""

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def models(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of models."""
    from onnx2zz.api.shelves import models as names

    return _matching(names(), begun)


def architectures(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of accelerators, and of systems of cores."""
    from onnx2zz.api.shelves import accelerators, systems

    return _matching((*accelerators(), *systems()), begun)


def mappings(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of mappings, and the words for one that is chosen."""
    from onnx2zz.api.shelves import mappings as names

    return _matching(("auto", "optimal", "generated", *names()), begun)


def checked_files(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of all that `check` takes."""
    from onnx2zz.api.shelves import accelerators, systems
    from onnx2zz.api.shelves import mappings as names

    return _matching(dict.fromkeys((*accelerators(), *systems(), *names())), begun)


def cases(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of validation cases."""
    from onnx2zz.formats.shipped_files import validation_cases

    return _matching(validation_cases(), begun)


def _matching(names: Iterable[str], begun: str) -> list[CompletionItem]:
    """Names that begin so; a file may stand wherever a name may. The file stands first: bash forgets what was before
    it."""
    return [CompletionItem(begun, type="file"), *(CompletionItem(name) for name in names if name.startswith(begun))]
