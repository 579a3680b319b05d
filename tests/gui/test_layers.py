from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui import layers

ANGLE = np.deg2rad(25)
AFFINE = np.array([[1.1, 0.2, 5.0], [-0.1, 0.9, -3.0], [0, 0, 1]])
FLAT = {
    "scale": [0.5, 0.25],
    "translate": [10, -20],
    "rotate": 25,
    "shear": [0.3],
    "affine": AFFINE,
    "units": ["um", "nm"],
    "axis_labels": ["row", "column"],
}

# napari itself warns when it draws an empty image, but a user can get one by cropping.
EMPTY = SimpleNamespace(ndim=2, rgb=False, multiscale=False, data=np.zeros((0, 50)))


def stacked(channel_axis, **settings):
    """Return a layer of 3 axes that is FLAT in its two spatial axes."""
    spatial = [axis for axis in range(3) if axis != channel_axis]
    rotation, affine = np.eye(3), np.eye(4)
    rotation[np.ix_(spatial, spatial)] = [[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]]
    affine[np.ix_([*spatial, 3], [*spatial, 3])] = AFFINE
    shear = np.eye(3)
    shear[spatial[0], spatial[1]] = 0.3
    shape = np.insert([40, 50], channel_axis, 2)
    names = np.insert(np.array(["row", "column"], dtype=object), channel_axis, "c")
    return Image(
        np.zeros(shape, np.uint16),
        scale=np.insert([0.5, 0.25], channel_axis, 7),
        translate=np.insert([10.0, -20.0], channel_axis, 3),
        rotate=rotation,
        shear=shear,
        affine=affine,
        units=list(np.insert(np.array(["um", "nm"], dtype=object), channel_axis, "pixel")),
        axis_labels=list(names),
        **settings,
    )


def assert_overlays(layer, picture, channel_axis=None):
    labels = Labels(np.zeros(picture.shape, np.uint8), **picture.placement)
    for point in ([0, 0], [7, 3], [39, 49]):
        full = point if channel_axis is None else np.insert(point, channel_axis, 0)
        world = np.asarray(layer.data_to_world(full))
        expected = world if channel_axis is None else np.delete(world, channel_axis)
        np.testing.assert_allclose(labels.data_to_world(point), expected, atol=1e-12)
    assert labels.axis_labels == ("row", "column")
    assert [str(unit) for unit in labels.units] == ["micrometer", "nanometer"]
    for name in ("scale", "translate"):
        kept = np.asarray(getattr(layer, name))
        kept = kept if channel_axis is None else np.delete(kept, channel_axis)
        np.testing.assert_array_equal(getattr(labels, name), kept)


@pytest.mark.parametrize("rgb", [False, True])
def test_labels_lie_where_the_image_lies(rgb):
    layer = Image(np.zeros((40, 50, 3) if rgb else (40, 50), np.uint8), rgb=rgb, **FLAT)
    picture = layers.picture_of(layer)
    assert picture.axes == ("YXS" if rgb else "YX")
    assert picture.shape == (40, 50)
    assert_overlays(layer, picture)


# napari warns when the plane it shows holds the channel axis and is rotated; the place of the labels is right anyway.
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
@pytest.mark.parametrize(("channel_axis", "axes"), [(0, "CYX"), (1, "YCX"), (2, "YXC")])
def test_dropping_the_channel_axis_keeps_the_place_of_the_others(channel_axis, axes):
    layer = stacked(channel_axis)
    picture = layers.picture_of(layer, channel_axis)
    assert picture.axes == axes
    assert picture.shape == (40, 50)
    assert_overlays(layer, picture, channel_axis)


def test_pyramid_is_read_at_full_resolution():
    pyramid = [np.full((64, 64), 1, np.uint8), np.full((32, 32), 2, np.uint8)]
    picture = layers.picture_of(Image(pyramid, multiscale=True))
    assert picture.array.shape == (64, 64)
    assert np.asarray(picture.array)[0, 0] == 1


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (None, "image must be chosen, got none"),
        (Image(np.zeros((2, 3, 40, 50))), r"got 4 axes \(2 x 3 x 40 x 50\); volumes and time series"),
        (Image(np.zeros((5, 40, 50, 3), np.uint8), rgb=True), r"got 3 axes \(5 x 40 x 50 x 3, RGB\)"),
        (Image(np.zeros((5, 40, 50))), r"channel axis must be chosen for an image with three axes, got 5 x 40 x 50"),
        (EMPTY, r"image must hold pixels, got shape 0 x 50"),
    ],
)
def test_what_cannot_be_segmented_is_said_in_words(layer, text):
    with pytest.raises(ImageError, match=text):
        layers.picture_of(layer)


def test_channel_axis_is_taken_from_its_name_and_never_from_its_size():
    assert layers.named_channel_axis(Image(np.zeros((2, 40, 50)))) is None
    assert layers.named_channel_axis(Image(np.zeros((40, 50, 9)), axis_labels=["y", "x", "Channel"])) == 2
    assert layers.named_channel_axis(Image(np.zeros((2, 40, 50)), axis_labels=["z", "y", "x"])) is None
    assert layers.named_channel_axis(Image(np.zeros((40, 50)), axis_labels=["c", "x"])) is None


def test_axes_to_choose_from_show_name_and_size():
    layer = Image(np.zeros((2, 40, 50)), axis_labels=["c", "y", "x"])
    assert layers.channel_choices(layer) == [
        ("choose...", None),
        ("axis 0 (c): 2", 0),
        ("axis 1 (y): 40", 1),
        ("axis 2 (x): 50", 2),
    ]
    assert layers.channel_choices(Image(np.zeros((2, 40, 50))))[1] == ("axis 0: 2", 0)


@pytest.mark.parametrize(
    ("layer", "axis", "text"),
    [
        (Image(np.zeros((40, 50), np.uint8)), None, "40 x 50, grey, 8-bit"),
        (Image(np.zeros((40, 50), bool)), None, "40 x 50, grey, binary"),
        (Image(np.zeros((40, 50, 3), np.uint8), rgb=True), None, "40 x 50, RGB, 8-bit"),
        (Image(np.zeros((40, 50, 4), np.uint8), rgb=True), None, "40 x 50, RGBA (alpha ignored), 8-bit"),
        (Image(np.zeros((2, 40, 50), np.uint16)), 0, "40 x 50, 2 channels (axis 0), 16-bit"),
        (Image(np.zeros((40, 50, 1), np.float32)), 2, "40 x 50, 1 channel (axis 2), 32-bit float"),
    ],
)
def test_summary(layer, axis, text):
    assert layers.summary(layers.picture_of(layer, axis)) == text


def test_user_affine_survives_in_a_viewer_with_a_slider():
    viewer = ViewerModel()
    layer = stacked(0, name="stack")
    viewer.add_layer(layer)
    picture = layers.picture_of(layer, 0)
    viewer.add_labels(np.zeros(picture.shape, np.uint8), **picture.placement)
    extents = [np.asarray(each.extent.world)[:, -2:] for each in viewer.layers]
    np.testing.assert_allclose(extents[0], extents[1])
