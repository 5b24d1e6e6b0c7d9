"""What feeds a tensor, as a union of what feeds others: written out only for who reads it.

A chain of copies, hosts or Concats adds a source at every step. Written out at each, a chain of n nodes would hold n²/2
sources; shared, it holds n.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from onnx2zz.ir.workload import Source


@dataclass(eq=False, slots=True)
class Feed:
    """A source of its own, or feeds that it unites.

    `host`: the node left to the host that they pass through. Of what feeds a host only layers stand for it; with none,
    the host itself is the source.
    """

    own: Source | None = None
    united: tuple["Feed", ...] = ()
    host: str = ""
    has_layers: bool = field(init=False)
    _written: tuple[Source, ...] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.has_layers = isinstance(self.own, int) or (bool(self.united) and any(f.has_layers for f in self.united))

    @staticmethod
    def union(feeds: Iterable["Feed"]) -> "Feed":
        """Several feeds as one; a single one is itself."""
        different = tuple(dict.fromkeys(feeds))
        return different[0] if len(different) == 1 else Feed(united=different)

    def past(self, host: str) -> "Feed":
        """The feed behind a host."""
        return self if self.host and self.has_layers else Feed(united=(self,), host=host)

    def sources(self) -> tuple[Source, ...]:
        """Layers in execution order, then names in the order they came; constants only if there is nothing else."""
        if self._written is None and self.own is not None:
            self._written = (self.own,)
        if self._written is None:
            found = dict.fromkeys(self._walk())
            layers = sorted([s for s in found if isinstance(s, int)])
            names = [s for s in found if isinstance(s, str) and s != "const"]
            self._written = (*layers, *names) or ("const",)
        return self._written

    def _walk(self) -> Iterator[Source]:
        """Every source below, each feed visited once; what has been written out already is not walked again."""
        # A stack and no recursion: networks are deeper than Python's recursion may be. Behind a host node only layers
        # count, since the host itself is named as the source where no layer is behind it. What is found must keep its
        # order, which is that of the operands: edges are written in it.
        pending: list[tuple[Feed, bool]] = [(self, False)]
        seen = set(pending)
        while pending:
            feed, layers_only = pending.pop()
            if feed.host and not feed.has_layers:
                yield from () if layers_only else (f"host:{feed.host}",)
                continue
            layers_only = layers_only or bool(feed.host)
            own = () if feed.own is None else (feed.own,)
            known = own if feed._written is None else feed._written
            yield from [s for s in known if isinstance(s, int) or not layers_only]
            for below in reversed(feed.united) if feed._written is None else ():
                if (below, layers_only) not in seen:
                    seen.add((below, layers_only))
                    pending.append((below, layers_only))


CONST = Feed("const")
