"""Objects found by example on layers of all kinds: a real run, and real clicks on the canvas."""

import numpy as np
import pytest
from mouse import Mouse
from qtpy.QtCore import QPoint, Qt
from skimage.draw import disk

from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.params.params import Params

SHAPE, RADIUS = (90, 120), 9
BRIGHT = ((20, 20), (20, 95), (68, 58))
DIM = ((20, 58), (68, 20), (68, 95))
QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 200, "min_labels": 0, "min_region": 1}
LONG = 60_000  # ms; nothing takes so long, but other work may have the processor


def plane(light=(200, 110)):
    pixels = np.full(SHAPE, 30.0)
    for middles, value in zip((BRIGHT, DIM), light, strict=True):
        for middle in middles:
            pixels[disk(middle, RADIUS)] = value
    return (pixels + np.random.default_rng(0).normal(0, 4, SHAPE)).clip(0, 255).astype(np.uint8)


def colour():
    return np.stack([plane(), plane((60, 110)), plane((60, 200))], axis=-1)


def volume():
    deep = np.stack([plane() if 2 <= z < 9 else np.full(SHAPE, 30, np.uint8) for z in range(11)])
    return (deep + np.random.default_rng(1).integers(0, 8, deep.shape)).astype(np.uint8)


LAYERS = {
    "placed": (plane, {"scale": (0.5, 0.5), "translate": (40, -30)}),
    "turned": (plane, {"rotate": 30}),
    "sheared": (plane, {"shear": [0.3]}),
    "colour": (colour, {"rgb": True}),
    "channels": (lambda: np.stack([plane(), plane((110, 110))]), {"axis_labels": ("c", "y", "x")}),
    "volume": (volume, {"scale": (2, 1, 1), "axis_labels": ("z", "y", "x")}),
}


def wait(qtbot, done):
    qtbot.waitUntil(done, timeout=LONG)


def click(viewer, qtbot, place):
    window = viewer.window._qt_viewer.canvas
    node = window.layer_to_visual[viewer.layers[0]].node
    x, y = node.get_transform("visual", "canvas").map([place[1] + 0.5, place[0] + 0.5])[:2]
    at = QPoint(int(x), int(y))
    Mouse(viewer).move(at)
    qtbot.mouseClick(window.native, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    qtbot.wait(1)


@pytest.mark.parametrize(
    "kind", [kind if kind == "turned" else pytest.param(kind, marks=pytest.mark.slow) for kind in LAYERS]
)
def test_a_click_finds_all_alike_whatever_the_layer_is(kind, open_viewer, qtbot):
    make, placement = LAYERS[kind]
    viewer = open_viewer(show=True, proxy=False)
    viewer.window.resize(1000, 700)
    viewer.add_image(make(), name="discs", **placement)
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    widget.state.fill(Params(**QUICK))
    widget.run()
    wait(qtbot, lambda: not widget.running)
    viewer.reset_view()
    for axis in range(viewer.dims.ndim - 2):
        viewer.dims.set_current_step(axis, 0 if kind == "channels" else 5)
    widget.examples.button.native.click()
    wait(qtbot, lambda: widget.state.teaching.finder is not None)
    click(viewer, qtbot, BRIGHT[0])
    wait(qtbot, lambda: not widget.examples._finding)
    labels = widget.state.target.data
    at = 5 if kind == "volume" else ...
    found = {middle: int(labels[at][middle]) for middle in (*BRIGHT, *DIM)}
    assert all(found[middle] for middle in BRIGHT), widget.status
    assert len({found[middle] for middle in BRIGHT}) == 3
    size = np.count_nonzero(labels[at] == found[BRIGHT[0]])
    assert size == pytest.approx(np.pi * RADIUS**2, rel=0.3)
    assert labels[at][2, 2] == 0
    assert labels.shape == (volume().shape if kind == "volume" else SHAPE)
    shown = widget.state.target
    np.testing.assert_allclose(shown.scale[-2:], viewer.layers["discs"].scale[-2:])
