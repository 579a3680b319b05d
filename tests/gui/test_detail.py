import numpy as np
import pytest

from napari_backprop_segmentation.gui.preview import METADATA
from napari_backprop_segmentation.params import Params


@pytest.fixture
def finished(widget, viewer, qtbot):
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0, min_region=1))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=300_000)
    return widget


def test_the_slider_cuts_the_result_anew(finished, viewer):
    layer = viewer.layers["cells labels"]
    counts = []
    for detail in (0, 50, 100):
        finished.controls["detail"].value = detail
        counts.append(len(np.unique(layer.data)))
        assert finished.status == f"Detail {detail}: {counts[-1]} label{'' if counts[-1] == 1 else 's'}."
    assert counts[0] == 2  # the bright object and the ground
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert layer.metadata[METADATA]["params"]["detail"] == 100


def test_edited_labels_are_left_alone(finished, viewer):
    layer = viewer.layers["cells labels"]
    layer.data_setitem((np.array([0]), np.array([0])), 99)
    edited = layer.data.copy()
    finished.controls["detail"].value = 3
    np.testing.assert_array_equal(layer.data, edited)
    assert "have been edited" in finished.status


def test_nothing_happens_once_the_layer_is_gone(finished, viewer):
    viewer.layers.remove("cells labels")
    before = finished.status
    finished.controls["detail"].value = 3
    assert finished.status == before
