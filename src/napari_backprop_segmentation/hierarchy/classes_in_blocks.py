"""Classes of an image that does not fit the memory."""

import numpy as np

from napari_backprop_segmentation.hierarchy.blockwise_means import blockwise_means
from napari_backprop_segmentation.hierarchy.classes import class_tree
from napari_backprop_segmentation.hierarchy.codebook import Codebook, LeafLooks, codebook_of
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.params.sections import Regions

OF_CLASSES = "features of classes"  # name of what is kept


def classes_in_blocks(
    found: tuple[Hierarchy, LeafLooks], seen: Seen, regions: Regions, work: Work = HERE
) -> tuple[Hierarchy, Codebook]:
    """Return the merge tree of the classes of an image, see `class_tree`, and what they look like.

    Parameters
    ----------
    found : (Hierarchy, LeafLooks)
        See `tree_and_looks`.
    seen : Seen
        Whose network may know the classes already.
    regions : Regions
        Under which the leaves look so.
    work : Work
    """
    tree, leaves = found
    codebook = seen.model.codebook or codebook_of([found], regions)
    if (weighted := codebook.weighted(regions)) != regions:
        alone = RegionGraph(tree.index, leaves.areas, np.empty((0, 2), np.int64), np.empty(0))
        leaves = LeafLooks(leaves.areas, blockwise_means(alone, (seen, weighted), work, OF_CLASSES))
    return class_tree(tree, leaves, codebook), codebook
