"""The merge trees of several networks over the same regions of an image that does not fit the memory."""

from napari_backprop_segmentation.hierarchy.blockwise_means import blockwise_means, features_of
from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.leaf_graph_in_blocks import leaf_graph_in_blocks
from napari_backprop_segmentation.hierarchy.merge import Merge
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, build_hierarchy
from napari_backprop_segmentation.image.kept_blocks import Work
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.params.sections import Regions


class TreesInBlocks:
    """Merge trees of several networks.

    Parameters
    ----------
    merge : Merge
    work : Work
    ridges : Ridges, optional
        Needed where the finest regions are what lies between lines.

    Attributes
    ----------
    trees : list of Hierarchy
        One a network.
    """

    def __init__(self, merge: Merge, work: Work, ridges: Ridges | None = None) -> None:
        self._merge, self._work, self._ridges = merge, work, ridges
        self._graph: RegionGraph | None = None
        self.trees: list[Hierarchy] = []

    def merged(self, seen: Seen, regions: Regions) -> None:
        """Merge the regions by what one more network has learned."""
        if self._graph is None:
            self._graph = leaf_graph_in_blocks(seen.source, regions, self._work, self._ridges)
        means = blockwise_means(self._graph, (seen, regions), self._work, features_of(len(self.trees)))
        self.trees.append(build_hierarchy(self._graph, means, self._merge))

    def agreement(self) -> Agreement:
        """Return how far all of them agree."""
        if self._graph is None:
            raise ValueError("trees must be there before they are compared, got none; call merged")
        return Agreement.of(self._graph, self.trees, self._merge)
