"""From a trained network to the merge tree of an image that does not fit the memory."""

from typing import Any

from napari_backprop_segmentation.hierarchy.blockwise_means import blockwise_means
from napari_backprop_segmentation.hierarchy.codebook import LeafLooks
from napari_backprop_segmentation.hierarchy.leaf_graph_in_blocks import leaf_graph_in_blocks
from napari_backprop_segmentation.hierarchy.merge import Merge
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, build_hierarchy
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.network.allocator import memory_given_back
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.params.sections import Regions

# Of memory for each feature of each region while regions are merged, most of it in higra; measured with 110 features of
# 10,000 and 30,000 regions: 103.
MERGE_BYTES = 104


def tree_and_looks(
    seen: Seen, regions: Regions, merge: Merge, work: Work = HERE, ridges: Any = None
) -> tuple[Hierarchy, LeafLooks]:
    """Return the same tree as `build_tree`, of an image that does not fit the memory, and what its leaves look like.

    Its finest regions lie in a file; they are those without a network. A block is 512 pixels wide, and takes the memory
    of that; a region takes `MERGE_BYTES` for each of its features.

    Parameters
    ----------
    seen : Seen
        The image and the network.
    regions, merge
        See `build_tree`.
    work : Work
    ridges : Ridges, optional
        Needed where the finest regions are what lies between lines.
    """
    graph = leaf_graph_in_blocks(seen.source, regions, work, ridges)
    means = blockwise_means(graph, (seen, regions), work)
    with memory_given_back():
        tree = build_hierarchy(graph, means, merge)
    return tree, LeafLooks(graph.areas, means)
