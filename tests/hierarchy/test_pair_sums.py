"""Pairs of touching regions: each once, with the sum of its costs, however many there are."""

import tracemalloc

import numpy as np
import pytest

from napari_backprop_segmentation.hierarchy import pair_sums, region_graph
from napari_backprop_segmentation.hierarchy.block_graph import Block, joined
from napari_backprop_segmentation.hierarchy.pair_sums import summed
from napari_backprop_segmentation.hierarchy.pairs import MOST_REGIONS, Pairs
from napari_backprop_segmentation.hierarchy.region_graph import NO_PAIRS, RegionGraph, simplified
from napari_backprop_segmentation.image.label_file import LabelFile


def slow(found):
    sums = {}
    for pairs, costs in found:
        for one, other, cost in zip(*pairs.tolist(), costs.tolist(), strict=True):
            pair = min(one, other), max(one, other)
            sums[pair] = sums.get(pair, 0) + cost
    return [*map(list, sorted(sums))], [sums[pair] for pair in sorted(sums)]


@pytest.mark.parametrize("at_once", [7, 10, 1000])
def test_each_pair_is_there_once_with_the_sum_of_its_costs(at_once, monkeypatch):
    monkeypatch.setattr(pair_sums, "AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    found = [(rng.integers(0, 30, (2, n)).astype(np.int32), rng.integers(1, 99, n) / 64) for n in (200, 1, 90)]
    edges, lengths = summed(found, 30)
    assert (edges.tolist(), lengths.tolist()) == slow(found)
    assert edges.dtype == np.int32


def test_no_pairs_are_none():
    edges, lengths = summed([], 3)
    assert (edges.shape, lengths.shape) == ((0, 2), (0,))


def graph(rng, n=60, m=300):
    pairs = rng.integers(0, n, (2, m)).astype(np.int32)
    pairs = pairs[:, pairs[0] != pairs[1]]
    edges, lengths = summed([(pairs, rng.integers(1, 6, pairs.shape[1]) / 4)], n)  # many borders are as long
    return RegionGraph(np.arange(n), rng.integers(1, 9, n) * 1.0, edges, lengths)


@pytest.mark.parametrize("seed", range(5))
def test_small_regions_join_alike_whatever_is_looked_at_at_once(seed, monkeypatch):
    given = graph(np.random.default_rng(seed))
    whole = simplified(given, 5, 20)
    monkeypatch.setattr(region_graph, "PAIRS_AT_ONCE", 13)
    found = simplified(given, 5, 20)
    for name in ("index", "areas", "edges", "lengths"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))


@pytest.mark.parametrize("seed", range(5))
def test_a_small_region_joins_the_one_it_shares_most_with(seed):
    """Of equal borders the last one counts; a region joins a larger one, of equal ones that with the lower number."""
    given = graph(np.random.default_rng(seed), 12, 30)
    joins = np.arange(12)
    longest = np.zeros(12)
    for (one, other), length in zip(given.edges.tolist(), given.lengths.tolist(), strict=True):
        small, large = (one, other) if given.areas[one] < given.areas[other] else (other, one)
        if given.areas[small] < 5 and length >= longest[small]:
            joins[small], longest[small] = large, length
    while (joins[joins] != joins).any():
        joins = joins[joins]
    expected = np.unique(joins, return_inverse=True)[1]
    np.testing.assert_array_equal(simplified(given, 5, 12).index, expected)


def test_the_graph_of_many_blocks_takes_little_more_than_what_they_have_added(tmp_path, monkeypatch):
    monkeypatch.setattr(pair_sums, "AT_ONCE", 5000)
    monkeypatch.setattr(region_graph, "PAIRS_AT_ONCE", 10_000)
    n_blocks, n = 50, 2000
    rng = np.random.default_rng(0)
    blocks = []
    for number in range(n_blocks):
        low = np.repeat(np.arange(n - 4), 3)
        codes = np.sort(low * MOST_REGIONS + low + np.tile([1, 2, 3], n - 4)) + number * n * (MOST_REGIONS + 1)
        lengths = rng.integers(1, 99, len(codes)) / 16
        blocks.append(Block(rng.permutation(n) + number * n, np.full(n, 3, np.int32), Pairs(codes, lengths), NO_PAIRS))
    tracemalloc.start()
    try:
        held = sum(block.pairs.codes.nbytes + block.pairs.lengths.nbytes for block in blocks)
        found = joined(blocks, LabelFile((n_blocks, n), tmp_path), n_blocks * n)
        most_joined = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        small = simplified(found, 4, 10**6)
        most_simplified = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(found.edges), found.lengths.sum() > 0) == (3 * n_blocks * (n - 4), True)
    assert len(small.areas) < len(found.areas)
    assert most_joined < 2.6 * held  # beside the blocks themselves: of pairs alone it is 2
    assert most_simplified < 2.3 * held  # with the graph that is given
