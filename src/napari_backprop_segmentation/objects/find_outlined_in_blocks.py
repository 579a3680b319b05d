"""Which regions of an image that does not fit the memory are outlined objects, see `outlined`."""

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.blockwise_background import background_in_blocks
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.objects.blockwise import Painted
from napari_backprop_segmentation.objects.outline_sums_in_blocks import blockwise_sums
from napari_backprop_segmentation.objects.outlined import chosen_leaves, merits_of
from napari_backprop_segmentation.objects.outlined_in_blocks import Regions, outlined_painted
from napari_backprop_segmentation.params.sections import Objects


def find_outlined_in_blocks(
    tree: Hierarchy, source: Source, ridges: Ridges, rules: Objects, work: Work = HERE
) -> Painted | None:
    """Return the outlined objects of an image, the same as of `outlined_objects`; None where there is nothing.

    Parameters
    ----------
    tree, ridges, rules
        See `outlined_objects`.
    source : Source
    work : Work
    """
    background = background_in_blocks(source, ridges, work)
    if background.even or tree.n_leaves == 1:
        return None
    sums = blockwise_sums(tree.index, tree.n_leaves, background, (source, ridges), work)
    judged, has_ground = merits_of(tree, sums, source.spacing), background.rough is not None
    best, rules = chosen_leaves(tree, judged, rules, ridges.width, has_ground=has_ground)
    lines = None if has_ground else (source, ridges, source.spacing)
    return outlined_painted(Regions(tree.index, best, lines), rules, work)
