"""Unions of sources, written out only for who reads them."""

from onnx2zz.ir.workload import Source
from onnx2zz.lowering.feeds import CONST, Feed


def test_layers_come_in_order_before_names_and_constants_only_alone() -> None:
    union = Feed.union([Feed("input:b"), Feed(7), CONST, Feed.union([Feed(2), Feed("input:a"), Feed(7)])])
    assert union.sources() == (2, 7, "input:b", "input:a")
    assert Feed.union([CONST, Feed()]).sources() == ("const",)


def test_layers_stand_for_a_host_and_else_the_host_itself() -> None:
    fed, bare = Feed.union([Feed(3), Feed("input:x")]).past("top"), Feed("input:x").past("top")
    assert fed.sources() == (3,)
    assert bare.sources() == ("host:top",)
    assert Feed.union([bare, Feed(1)]).past("next").sources() == (1,)
    assert bare.past("next").sources() == ("host:next",)
    assert Feed.union([bare, Feed("input:z"), fed]).sources() == (3, "host:top", "input:z")


def test_a_long_chain_shares_what_it_unites() -> None:
    """20,000 steps that each add a source: each is held once, and the whole is right."""
    wanted: list[Source] = [*range(20_000)]
    feed = Feed(0)
    held = [feed]
    for step in wanted[1:]:
        feed = Feed.union([feed, Feed(step)])
        held.append(feed)
    assert sum(len(one.united) for one in held) == 2 * (len(wanted) - 1)
    assert feed.sources() == tuple(wanted)
