"""`--memory-limit`: how much memory a command and its workers may take, each.

The operating system holds a process to a limit when it asks for more, and not when its allocator (malloc) hands out
again what the process had and freed. In a process that is above the limit already, what lies free is taken away for as
long as the limit holds.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import ctypes

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
LARGEST, SMALLEST = 1 << 46, 1 << 16
"""Blocks that are looked for, in bytes; below, what is left serves for the sentence that the memory is not enough."""
SIZE = re.compile(r"(\d+)([KMG])i?B?", re.IGNORECASE)


def _bytes(text: str, ctx: click.Context, param: click.Parameter) -> int:
    """`512M`, `4G`: a number of bytes."""
    match = SIZE.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"cannot read {text!r}; write 512M or 4G", ctx, param)
    return int(match[1]) * UNITS[match[2].upper()]


def _limit(ctx: click.Context, param: click.Parameter, text: str | None) -> None:
    """Holds until the command ends. Processes that it starts inherit the limit."""
    if text is None:
        return
    size = _bytes(text, ctx, param)
    try:
        import_module("mmap")  # under the limit a library may no longer be loaded
        import resource
    except ImportError:
        raise click.UsageError("--memory-limit needs an operating system with limits of its own", ctx) from None
    libc = _libc()
    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    freed: list[int] = []

    def end() -> None:
        for block in freed:
            libc.free(block)
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))

    ctx.call_on_close(end)
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))
    if not _may_grow():
        freed.extend(_freed_before(libc))


def _may_grow() -> bool:
    """Whether the system gives this process another page."""
    import mmap

    try:
        mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        return False
    return True


def _freed_before(libc: "ctypes.CDLL") -> Iterator[int]:
    """Addresses of blocks that malloc has without asking the system, which would refuse. They are not written to, so
    they take no pages."""
    size = LARGEST
    while size >= SMALLEST:
        if block := libc.malloc(size):
            yield block
        else:
            size //= 2


def _libc() -> "ctypes.CDLL":
    import ctypes

    library = ctypes.CDLL(None)
    library.malloc.argtypes, library.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    library.free.argtypes, library.free.restype = [ctypes.c_void_p], None
    return library


memory_limit_option = click.option(
    "--memory-limit",
    metavar="SIZE",
    callback=_limit,
    expose_value=False,
    help="Memory that the command, and each of its workers, may take: 512M, 4G.",
)
