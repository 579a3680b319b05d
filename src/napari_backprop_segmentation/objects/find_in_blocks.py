"""Where the ways of looking for objects part, in an image that does not fit the memory."""

from dataclasses import dataclass

import numpy as np

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.image.label_file import looked_up
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.objects.blockwise import Painted, joined_objects, single_objects
from napari_backprop_segmentation.objects.blockwise_light import blockwise_light, windows_of
from napari_backprop_segmentation.objects.blockwise_parts import MOST_PIXELS, blockwise_parts
from napari_backprop_segmentation.objects.foreground import of_all_sizes
from napari_backprop_segmentation.objects.tree_cuts import object_detail
from napari_backprop_segmentation.params.sections import Objects


@dataclass(frozen=True, eq=False)
class BlockwiseObjects:
    """The objects of an image.

    Attributes
    ----------
    painted : Painted, optional
        None where nothing stands out.
    n_cut : int
        How many parts were too large to be looked at as a whole.
    """

    painted: Painted | None
    n_cut: int = 0

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is otherwise than in one piece, in clauses."""
        if not self.n_cut:
            return ()
        told = f"looked at {self.n_cut} parts of what stands out in pieces, as there are more than"
        return (f"{told} {MOST_PIXELS / 1e6:.0f} megapixels around each: objects in them may be cut",)


def find_objects_in_blocks(tree: Hierarchy, source: Source, rules: Objects, work: Work = HERE) -> BlockwiseObjects:
    """Return the objects of an image that stand out from the ground, the same as of `find_objects`.

    Parameters
    ----------
    tree : Hierarchy
        The merge tree of the image.
    source : Source
    rules : Objects
    work : Work
    """
    table = tree.table(object_detail(tree.index.ndim)).astype(np.int32) - 1
    regions = looked_up(tree.index, table)
    found = blockwise_light(source, regions, int(table.max()) + 1, rules.objects, work)
    if found.contrast is None:
        return BlockwiseObjects(None)
    sought, windows = of_all_sizes(rules), windows_of(source)
    level, split = found.contrast.level(sought), rules.split_objects
    parts = blockwise_parts(found.light, level, windows, work, fill=rules.fill_holes, cut=split)
    if not split:
        return BlockwiseObjects(joined_objects(parts, rules))
    painted = single_objects(found.light, found.contrast.ground, parts, (rules, sought), source.spacing, work=work)
    return BlockwiseObjects(painted, parts.n_cut)
