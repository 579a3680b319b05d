"""Alike regions under one number wherever they lie: kinds of tissue or mineral instead of places.

The regions of a merge tree are merged once more, now whether they touch or not. What comes out is a merge tree again,
so that a slider goes from few classes to many.
"""

from napari_backprop_segmentation.hierarchy.codebook import Codebook, LeafLooks, looks
from napari_backprop_segmentation.hierarchy.merge import Tree
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, named, size_factor
from napari_backprop_segmentation.image.label_file import looked_up

ALTITUDE = 1000.0  # of a merge that adds one squared unit of features to the mean variance: 4 to 8 classes at detail 40


def class_tree(tree: Hierarchy, leaves: LeafLooks, codebook: Codebook) -> Hierarchy:
    """Return a merge tree of the classes of an image; numbers of its cuts are those of all images of one codebook.

    Parameters
    ----------
    tree : Hierarchy
        Of the regions of the image.
    leaves : LeafLooks
        Under the weights of the codebook.
    codebook : Codebook
        Of this image, or of others.
    """
    places, means, _ = looks(tree, leaves)
    index = looked_up(tree.index, codebook.nearest(means).astype("int32")[places])
    found = codebook.tree
    # A class is one at any size of the image: what `Hierarchy.altitude_of` makes of the size is taken back.
    return named(index, Tree(found.parents, found.altitudes * (ALTITUDE * size_factor(index)), found.areas))
