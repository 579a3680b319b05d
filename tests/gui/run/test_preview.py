"""That labels are seen, whatever their type of number and whatever lies below them."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_backprop_segmentation.gui.run.preview import show_in


def colourfulness(viewer):
    pixels = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    return (pixels.max(axis=-1) - pixels.min(axis=-1)).mean()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_labels_lie_above_an_image_that_is_not_the_first_layer(open_viewer, image, dtype):
    viewer = open_viewer(show=True, proxy=False)
    viewer.add_image(image, name="below", visible=False)
    viewer.add_image(image, name="cells")
    layer = Labels(np.zeros(image.shape, np.uint8))
    viewer.add_layer(layer)
    assert colourfulness(viewer) < 1
    show_in(viewer, layer, (image > 100).astype(dtype) * 3)
    assert colourfulness(viewer) > 5
