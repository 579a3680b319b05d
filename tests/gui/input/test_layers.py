"""What layers mean, and that labels lie exactly over the pixels they were made from."""

import threading
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.axis_labels import meanings
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, Part
from napari_backprop_segmentation.gui.input.summary import summary
from napari_backprop_segmentation.gui.input.transforms import short_name
from napari_backprop_segmentation.image.source import ArraySource

NAMES = {"T": "t", "C": "c", "Z": "z", "Y": "y", "X": "x"}
SIZES = {"T": 3, "C": 2, "Z": 6, "Y": 24, "X": 18, "-": 1}

# napari itself warns when it draws an empty image, but a user can get one by cropping.
EMPTY = SimpleNamespace(
    name="empty", ndim=2, rgb=False, multiscale=False, data=np.zeros((0, 50)), axis_labels=(), units=None
)


def transforms(ndim, seed=0, apart=0):
    """Return random transforms of all kinds; the first `apart` axes have nothing to do with the others."""
    rng = np.random.default_rng(seed)
    free = ndim - apart
    rotate, shear, affine = np.eye(ndim), np.eye(ndim), np.eye(ndim + 1)
    rotate[apart:, apart:] = np.linalg.qr(rng.normal(size=(free, free)))[0]
    shear[apart:, apart:] += np.triu(rng.normal(size=(free, free)), 1)
    affine[apart:ndim, apart:ndim] = rng.normal(size=(free, free)) + 3 * np.eye(free)
    affine[:ndim, ndim] = rng.normal(size=ndim)
    if np.linalg.det(rotate) < 0:
        rotate[-1] *= -1
    return {
        "scale": rng.uniform(0.2, 3, ndim),
        "translate": rng.normal(size=ndim) * 10,
        "rotate": rotate,
        "shear": shear,
        "affine": affine,
    }


def numbered(axes, factor=1):
    """Return an array in which each pixel is the number of the first pixel it covers of the array of factor 1."""
    shape = [SIZES[letter] for letter in axes]
    picks = tuple(slice(None, None, factor if letter in "ZYX" else 1) for letter in axes)
    return np.arange(np.prod(shape)).reshape(shape)[picks]


def layer_of(axes, apart=0, **settings):
    array = numbered(axes)
    labels = [NAMES.get(letter, str(i)) for i, letter in enumerate(axes)]
    units = [{"T": "s", "Z": "nm", "Y": "um", "X": "um"}.get(letter, "pixel") for letter in axes]
    return Image(array, axis_labels=labels, units=units, **transforms(array.ndim, apart=apart), **settings)


# napari warns when the plane it shows is not one of the world; the place of the labels is right anyway.
skewed = pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")


def assert_overlays(layer, layer_selection, factor=1):
    """Compare the world of each label with that of the pixel it was read from, both as napari computes them."""
    run_input = run_input_of(layer_selection)
    labels = Labels(run_input.laid(np.zeros(run_input.shape, np.uint8)), **run_input.placement)
    numbers = np.asarray(run_input.array[(slice(None),) * len(run_input.axes)])
    if "C" in run_input.axes:
        numbers = numbers.take(0, axis=run_input.axes.index("C"))
    shape = [SIZES[letter] for letter in layer_selection.axes]
    gone = layer.ndim - labels.ndim
    middle = [(SIZES["C"] - 1) / 2 if x == "C" else (factor - 1) / 2 if x in "ZYX" else 0 for x in layer_selection.axes]
    places, numbers = list(np.ndindex(*labels.data.shape)), numbers.ravel()
    assert len(places) == numbers.size
    for i in np.linspace(0, numbers.size - 1, 50).astype(int):
        place, number = places[i], numbers[i]
        covered = np.array(np.unravel_index(number, shape)) + middle
        expected = np.asarray(layer.data_to_world(covered))[gone:]
        np.testing.assert_allclose(labels.data_to_world(place), expected, rtol=0, atol=1e-9)
    assert labels.axis_labels == layer.axis_labels[gone:]
    assert labels.units == layer.units[gone:]
    return run_input


@skewed
@pytest.mark.parametrize(
    ("axes", "apart", "read", "shape"),
    [
        ("YX", 0, "YX", (24, 18)),
        ("ZYX", 0, "ZYX", (6, 24, 18)),
        ("TYX", 0, "TYX", (3, 24, 18)),
        ("TZYX", 0, "TZYX", (3, 6, 24, 18)),
        ("CYX", 1, "CYX", (24, 18)),  # all channels can be seen under the labels without an axis for them
        ("CYX", 0, "CYX", (1, 24, 18)),  # the rotation mixes channels and rows, so the axis must stay
        ("CZYX", 1, "CZYX", (6, 24, 18)),
        ("YXC", 0, "YXC", (24, 18, 1)),
        ("ZCYX", 0, "ZCYX", (6, 1, 24, 18)),
        ("TCZYX", 0, "TCZYX", (3, 1, 6, 24, 18)),
        ("-YX", 1, "YX", (24, 18)),
        ("T-YX", 0, "TYX", (3, 1, 24, 18)),
    ],
)
def test_labels_lie_where_the_image_lies(axes, apart, read, shape):
    layer = layer_of(axes, apart)
    run_input = assert_overlays(layer, LayerSelection((layer,), axes))
    assert (run_input.axes, run_input.layer_shape) == (read, shape)


@skewed
@pytest.mark.parametrize(
    ("axes", "spans", "read", "shape"),
    [
        ("YX", {0: (2, 8), 1: (3, 9)}, "YX", (6, 6)),
        ("ZYX", {0: 3}, "YX", (1, 24, 18)),
        ("ZYX", {0: 3, 1: (2, 8), 2: (1, 6)}, "YX", (1, 6, 5)),
        ("ZYX", {1: (2, 8), 2: (1, 6)}, "ZYX", (6, 6, 5)),
        ("TZYX", {0: 2}, "ZYX", (1, 6, 24, 18)),
        ("TZYX", {1: 4, 3: (4, 9)}, "TYX", (3, 1, 24, 5)),
        ("TCZYX", {0: 1, 2: 0}, "CYX", (1, 1, 1, 24, 18)),
        ("YXC", {0: (2, 8)}, "YXC", (6, 18, 1)),
    ],
)
def test_labels_of_a_part_lie_where_the_part_lies(axes, spans, read, shape):
    layer = layer_of(axes)
    run_input = assert_overlays(layer, LayerSelection((layer,), axes, part=Part(spans)))
    assert (run_input.axes, run_input.layer_shape) == (read, shape)


@skewed
@pytest.mark.parametrize("axes", ["YX", "ZYX", "TZYX", "CYX"])
@pytest.mark.parametrize("part", [{}, {"Y": (7, 20), "X": (4, 18)}])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_labels_of_a_level_lie_over_the_pixels_that_it_averages(axes, level, part):
    factors = (1, 2, 3)
    layer = Image(
        [numbered(axes, factor) for factor in factors],
        multiscale=True,
        axis_labels=[NAMES[letter] for letter in axes],
        **transforms(len(axes), apart=axes[0] == "C"),
    )
    spans = {axes.index(letter): span for letter, span in part.items()}
    run_input = assert_overlays(layer, LayerSelection((layer,), axes, level=level, part=Part(spans)), factors[level])
    sizes = dict(zip(run_input.axes, run_input.array.shape, strict=True))
    whole, covering = [(24, 18), (12, 9), (8, 6)], [(13, 14), (7, 7), (5, 5)]
    assert (sizes["Y"], sizes["X"]) == (covering if part else whole)[level]


def test_labels_are_seen_at_every_channel_and_frame_of_a_real_viewer():
    viewer = ViewerModel()
    layer = Image(numbered("TCZYX"), scale=[2, 3, 1, 0.5, 0.25], translate=[1, 2, 3, 4, 5])
    viewer.add_layer(layer)
    run_input = run_input_of(LayerSelection((layer,), "TCZYX"))
    pixels = np.broadcast_to(np.arange(1, 4)[:, None, None, None], run_input.shape).copy()
    labels = viewer.add_labels(run_input.laid(pixels), **run_input.placement)
    np.testing.assert_allclose(viewer.dims.nsteps, [3, 2, 6, 24, 18])
    for frame in range(3):
        for channel in range(2):
            viewer.dims.set_current_step((0, 1), (frame, channel))
            assert (labels.get_value(viewer.dims.point, world=True)) == frame + 1


def test_a_pyramid_is_read_at_the_finest_level_that_fits(monkeypatch):
    pyramid = [np.full((64, 64), 1, np.uint8), np.full((32, 32), 2, np.uint8), np.full((16, 16), 3, np.uint8)]
    layer = Image(pyramid, multiscale=True)
    assert np.asarray(run_input_of(LayerSelection((layer,), "YX")).array)[0, 0] == 1
    monkeypatch.setattr("napari_backprop_segmentation.gui.input.multiscale.MOST_TREE_PIXELS", 1200)
    assert np.asarray(run_input_of(LayerSelection((layer,), "YX")).array)[0, 0] == 2
    part = run_input_of(LayerSelection((layer,), "YX", part=Part({0: (4, 44), 1: (20, 48)})))
    assert (part.shape, np.asarray(part.array)[0, 0]) == ((40, 28), 1)
    monkeypatch.setattr("napari_backprop_segmentation.gui.input.multiscale.MOST_TREE_PIXELS", 12)
    assert np.asarray(run_input_of(LayerSelection((layer,), "YX")).array)[0, 0] == 3


def test_spacing_is_in_one_unit_and_follows_the_level():
    settings = {"scale": [500, 0.25, -0.5], "units": ["nm", "um", "um"], "axis_labels": ["z", "y", "x"]}
    layer = Image(np.zeros((4, 32, 32)), **settings)
    assert run_input_of(LayerSelection((layer,), "ZYX")).spacing == (0.5, 0.25, 0.5)
    assert run_input_of(LayerSelection((layer,), "ZYX", part=Part({0: 1}))).spacing == (0.25, 0.5)
    assert run_input_of(LayerSelection((layer,), "TYX")).spacing == (0.25, 0.5)
    layer = Image([np.zeros((4, 32, 32)), np.zeros((4, 16, 16))], multiscale=True, **settings)
    assert run_input_of(LayerSelection((layer,), "ZYX", level=1)).spacing == (0.5, 0.5, 1.0)


class Recorder:
    """An array that notes who reads what of it."""

    def __init__(self, shape):
        self.shape, self.ndim, self.dtype = shape, len(shape), np.dtype(np.uint8)
        self.reads = []

    def __getitem__(self, key):
        pixels = np.broadcast_to(np.uint8(0), self.shape)[key]
        self.reads.append((threading.get_ident(), pixels.size))
        return np.array(pixels)


def test_nothing_is_read_to_find_out_what_a_layer_is():
    array = Recorder((100, 2, 1000, 1000))
    stand_in = Image(np.zeros((2, 2, 8, 8)), axis_labels=["t", "c", "y", "x"])
    layer = SimpleNamespace(**{k: getattr(stand_in, k) for k in ("scale", "translate", "rotate", "shear", "affine")})
    more = {k: getattr(stand_in, k) for k in ("units", "axis_labels", "ndim", "rgb", "multiscale")}
    layer.__dict__.update(more, data=array, name="lazy", metadata={})
    run_input = run_input_of(LayerSelection((layer, layer), "T-YX".replace("-", "Z"), part=Part({0: 7, 2: (10, 30)})))
    assert summary(run_input).startswith("depth 2 x 20 x 1000, 2 channels, 8-bit")
    assert array.reads == []
    assert run_input.array[:, 0:1, 3:5, 0:9].shape == (2, 1, 2, 9)
    assert [size for _, size in array.reads] == [18, 18]


@pytest.mark.parametrize(
    ("layer_selection", "text"),
    [
        (None, "Choose an image first"),
        (
            LayerSelection((Image(np.zeros((5, 40, 50))),), "?YX"),
            r"Choose at Axes what each axis is: .* Not known of 5 x 40 x 50 yet: axis 0 of length 5",
        ),
        (LayerSelection((Image(np.zeros((5, 4, 40, 50))),), "ZZYX"), "Only one axis can be depth, and 2 are"),
        (LayerSelection((Image(np.zeros((5, 4, 40, 50))),), "ZTYX"), "in the order T, Z, Y, X, got 'ZTYX'"),
        (
            LayerSelection((Image(np.zeros((2, 2, 2, 2, 9, 9))),), "TZC?YX"),
            "4 axes are neither height nor width, and 3 are the most",
        ),
        (LayerSelection((EMPTY,), "YX"), r"Choose another image: this one has no pixels \(0 x 50\)"),
        (
            LayerSelection((Image(np.zeros((40, 50))),), "YX", part=Part({0: (7, 9)})),
            "4 pixels high .* not 2",
        ),
    ],
)
def test_what_cannot_be_segmented_is_said_in_words(layer_selection, text):
    with pytest.raises(ImageError, match=text):
        run_input_of(layer_selection)


@pytest.mark.parametrize(
    ("shape", "settings", "letters"),
    [
        ((40, 50), {}, "YX"),
        ((5, 40, 50), {}, "?YX"),  # sizes tell nothing
        ((2, 40, 50), {"axis_labels": ["Channel", "y", "x"]}, "CYX"),
        ((40, 50, 9), {"axis_labels": ["y", "x", "c"]}, "YXC"),
        ((9, 40, 50), {"axis_labels": ["t", "row", "column"]}, "TYX"),
        ((5, 2, 7, 40, 50), {"axis_labels": ["t", "c", "z", "y", "x"]}, "TCZYX"),
        ((5, 2, 7, 40, 50), {"axis_labels": ["time", "c", "foo", "y", "x"]}, "TC?YX"),
        ((5, 40, 50), {"axis_labels": ["a", "b", "c"]}, "YXC"),
        ((40, 50), {"axis_labels": ["c", "x"]}, "YX"),
        ((5, 6, 40, 50), {"axis_labels": ["z", "slice", "y", "x"]}, "??YX"),
        ((5, 40, 50), {"units": ["s", "um", "um"]}, "TYX"),
        ((5, 40, 50), {"units": ["um", "um", "um"]}, "ZYX"),
        ((5, 6, 40, 50), {"units": ["um", "um", "um", "um"]}, "??YX"),
        ((1, 40, 50), {}, "-YX"),
        ((1, 5, 40, 50), {"axis_labels": ["t", "z", "y", "x"]}, "-ZYX"),
        ((5, 40, 50, 3), {"rgb": True, "axis_labels": ["t", "y", "x"]}, "TYX"),
    ],
)
def test_what_a_layer_says_of_its_axes(shape, settings, letters):
    assert meanings(Image(np.zeros(shape, np.uint8), **settings), shape) == letters


UM = {"scale": [0.5, 0.25], "units": ["um", "um"]}


@pytest.mark.parametrize(
    ("layer", "axes", "more", "text"),
    [
        (Image(np.zeros((40, 50), np.uint8)), "YX", {}, "40 x 50, grey, 8-bit"),
        (Image(np.zeros((40, 50), bool), **UM), "YX", {}, "40 x 50, grey, binary; pixel 0.5 x 0.25 µm"),
        (Image(np.zeros((40, 50, 3), np.uint8), rgb=True), "YX", {}, "40 x 50, RGB, 8-bit"),
        (Image(np.zeros((40, 50, 4), np.uint8), rgb=True), "YX", {}, "40 x 50, RGBA (alpha ignored), 8-bit"),
        (Image(np.zeros((2, 40, 50), np.uint16)), "CYX", {}, "40 x 50, 2 channels, 16-bit"),
        (
            Image(np.zeros((7, 9, 40, 50), np.float32), scale=[60, 1, 0.5, 0.5], units=["s", "um", "um", "um"]),
            "TZYX",
            {"part": Part({0: 3}, "frame 3")},
            "depth 9 x 40 x 50, grey, 32-bit float; only frame 3; pixel 1 x 0.5 x 0.5 µm",
        ),
        (
            Image([np.zeros((5, 80, 90), bool), np.zeros((5, 40, 45), bool)], multiscale=True),
            "CYX",
            {"channels": (0, 2), "level": 1},
            (
                "40 x 45, 2 channels, binary; only Channel 0, Channel 2 of 5; "
                "level 1 of a pyramid (80 x 90 in full); pixel 2"
            ),
        ),
    ],
)
def test_summary(layer, axes, more, text):
    assert summary(run_input_of(LayerSelection((layer,), axes, **more))) == text


@pytest.mark.parametrize("kind", ["dask", "zarr"])
@pytest.mark.parametrize("split", [False, True])
def test_lazy_arrays_give_the_engine_the_same_pixels(kind, split):
    pixels = np.random.default_rng(0).integers(0, 255, (3, 2, 40, 50), dtype=np.uint8)

    def lazy(array):
        if kind == "dask":
            return da.from_array(array, chunks=(1, 20, 20) if array.ndim == 3 else (1, 1, 20, 20))
        return zarr.array(array, chunks=(1, 20, 20) if array.ndim == 3 else (1, 1, 20, 20))

    def source(make):
        if split:
            layers, axes = tuple(Image(make(pixels[:, c]), contrast_limits=(0, 255)) for c in range(2)), "TYX"
        else:
            layers, axes = (Image(make(pixels), contrast_limits=(0, 255)),), "TCYX"
        run_input = run_input_of(
            LayerSelection(layers, axes, part=Part({len(axes) - 2: (5, 35), len(axes) - 1: (7, 49)}))
        )
        return ArraySource(run_input.array, run_input.axes)

    window = (slice(1, 3), slice(2, 9), slice(0, 42))
    np.testing.assert_array_equal(source(lazy).read(window), source(np.asarray).read(window))
    assert source(lazy).shape == (2, 3, 30, 42)


def test_layers_are_the_channels_of_one_image():
    first, second = (Image(np.full((3, 20, 30), v, t), name=n) for v, t, n in [(1, np.uint8, "a"), (300, int, "b")])
    run_input = run_input_of(LayerSelection((first, second), "ZYX"))
    assert (run_input.axes, run_input.shape, run_input.n_channels, run_input.name) == ("CZYX", (3, 20, 30), 2, "a + b")
    assert "2 channels, 64-bit; channels are 2 layers: a, b" in summary(run_input)
    assert np.unique(run_input.array[:, 1:2, 3:5]).tolist() == [1, 300]


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (Image(np.zeros((20, 31)), name="b"), "not 'b' of 20 x 31 and 'a' of 20 x 30 pixels"),
        (Image(np.zeros((20, 30)), name="b", translate=[0, 1]), "not 'b' at another place or scale than 'a'"),
        (Image(np.zeros((20, 30, 3)), name="b", rgb=True), "not 'b', which is RGB"),
        (Image([np.zeros((20, 30)), np.zeros((10, 15))], multiscale=True, name="b"), "not 'b'"),
    ],
)
def test_layers_that_do_not_fit_are_named(other, text):
    with pytest.raises(ImageError, match=text):
        run_input_of(LayerSelection((Image(np.zeros((20, 30)), name="a"), other), "YX"))


def test_a_micrometre_is_spelt_as_in_files_whatever_pint_does():
    class Greek:
        def __format__(self, _):
            return "\u03bcm"

    assert short_name(Greek()) == "\u00b5m"
