"""What was taught to be of one kind, divided into objects, in an image that does not fit the memory."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.kept_blocks import KeptBlocks, Work
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.image.passes import PASS_SIDE
from napari_backprop_segmentation.objects.blockwise_parts import blockwise_parts
from napari_backprop_segmentation.objects.blockwise_whole import whole_objects
from napari_backprop_segmentation.objects.find_in_blocks import BlockwiseObjects
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.teaching.blockwise_kinds import BlockwiseKinds
from napari_backprop_segmentation.teaching.split import EVEN, OBJECT, SMOOTH

HALO = 5  # pixels: where the Gaussian has ended


def blockwise_objects(
    kinds: BlockwiseKinds, strokes: Any, rules: Objects, spacing: tuple[float, ...], work: Work
) -> BlockwiseObjects:
    """Return the objects among what is of kind `OBJECT`, the same as of `split.objects_of`.

    Parameters
    ----------
    kinds : BlockwiseKinds
    strokes : (*spatial) int, optional
        Read by windows.
    rules, spacing
        See `split.objects_of`.
    work : Work
        Nothing of it is kept: other strokes have other objects.
    """
    work = replace(work, kept=KeptBlocks())
    light = _light(kinds, strokes, spacing)
    windows = list(blocks(light.shape, PASS_SIDE[light.ndim]))
    parts = blockwise_parts(light, EVEN, windows, work, fill=False, cut=rules.split_objects)

    def drawn(window: Window) -> NDArray[np.bool_]:
        return _drawn(strokes, window) > 0

    return BlockwiseObjects(whole_objects(parts, drawn, rules, spacing, work), parts.n_cut)


def _light(kinds: BlockwiseKinds, strokes: Any, spacing: tuple[float, ...]) -> Any:
    """Return how sure each pixel (*spatial) is of kind `OBJECT`, smooth but where something is drawn, in a file."""
    shape = kinds.looked.tree.shape
    share, light = (LabelFile(shape, dtype=np.float32) for _ in range(2))
    for window, found in kinds.shares(OBJECT):
        share[window] = _as_drawn(found, _drawn(strokes, window))
    sigma = [SMOOTH / step for step in spacing]
    for window in blocks(shape, PASS_SIDE[len(shape)]):
        grown, inner = with_halo(window, HALO, shape)
        around: Any = share[grown]  # of a type of its own, though such a file is mostly of labels
        light[window] = _as_drawn(ndimage.gaussian_filter(around, sigma)[inner], _drawn(strokes, window))
    return light


def _drawn(strokes: Any, window: Window) -> NDArray[Any]:
    return np.zeros([side.stop - side.start for side in window], np.uint8) if strokes is None else strokes[window]


def _as_drawn(share: NDArray[np.float32], drawn: NDArray[Any]) -> NDArray[np.float32]:
    return np.where(drawn > 0, drawn == OBJECT, share).astype(np.float32)
