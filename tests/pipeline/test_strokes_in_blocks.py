"""Strokes and edits on images that do not fit the memory: the same labels as in one piece, whatever the blocks."""

import dask.array as da
import numpy as np
import pytest

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image import passes
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.pipeline import estimate
from napari_backprop_segmentation.pipeline.lesson import taught_model
from napari_backprop_segmentation.teaching import blockwise_edits, blockwise_patches, pieces

QUICK = Params(n_channels=4, iterations=2, n_superpixels=60, device="cpu")
SHAPES = {"plane": (36, 330), "volume": (9, 36, 56)}  # the plane is wider than what a patch takes something from


def drawn(shape):
    """Waves in noise, and strokes on high, on low and between."""
    rng = np.random.default_rng(0)
    place = np.indices(shape)
    image = np.sin(place[-1] / 9) * np.cos(place[-2] / 7) + rng.normal(0, 0.15, shape)
    strokes = np.zeros(shape, np.uint8)
    strokes[..., 12:15, 5:25], strokes[..., 30, 20:55], strokes[..., 5:9, 40:44] = 1, 2, 3
    return image.astype(np.float32), strokes


def found_in(image, params, **options):
    return finish(run(image, params, axes="ZYX"[-image.ndim :], **options))


@pytest.fixture(scope="module", params=SHAPES, ids=list(SHAPES))
def seen(request):
    image, strokes = drawn(SHAPES[request.param])
    return image, strokes, found_in(image, QUICK).model


@pytest.fixture(scope="module")
def known():
    """Return a small image, strokes on it, and a network."""
    image, strokes = drawn((36, 60))
    return image, strokes, found_in(image, QUICK).model


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 48)


@pytest.fixture
def limited(monkeypatch):
    """Return what lowers the limit, and sets the sides of blocks."""

    def limit(side, ndim):
        monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
        monkeypatch.setitem(blockwise_patches.WINDOW_SIDE, ndim, side)
        monkeypatch.setattr(pieces, "PAINTED_SIDE", side + 3)
        monkeypatch.setattr(blockwise_edits, "PAINTED_SIDE", side + 3)

    return limit


@pytest.mark.parametrize("meaning", ["kinds", "pieces"])
def test_strokes_are_answered_as_in_one_piece_in_any_blocks(seen, meaning, limited, monkeypatch):
    image, strokes, model = seen
    monkeypatch.setitem(BLOCK_SIDE, image.ndim, 24)
    params = QUICK.replace(strokes_as=meaning, detail=80.0)
    whole = found_in(image, params, strokes=strokes, model=model)
    for side in (48, 100, 400):
        limited(side, image.ndim)
        found = found_in(image, params, strokes=strokes, model=model)
        assert not isinstance(found.hierarchy.index, np.ndarray)
        np.testing.assert_array_equal(found.labels, whole.labels)
        assert found.labels.dtype == whole.labels.dtype
    assert len(np.unique(whole.labels)) >= 3
    for name in ("drawn", "regions", "notes"):
        assert found.record[name] == whole.record[name]


@pytest.fixture(scope="module", params=[(36, 300), (18, 34, 46)], ids=list(SHAPES))
def rings(request):
    """Return an image of touching balls, some of them hollow, strokes on one and on the ground, and a network."""
    shape, ndim = request.param, len(request.param)
    image = np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)
    place = np.indices(shape)
    middles = [(9,) * (ndim - 2) + (y, x) for y in (7, 18, 29) for x in range(8, shape[-1] - 4, 9 if ndim == 3 else 13)]
    for number, middle in enumerate(middles):
        apart = sum((p - m) ** 2 for p, m in zip(place, middle, strict=True))
        image[(apart < 30) & ((apart > 6) | (number % 3 > 0))] += 1
    strokes = np.zeros(shape, np.uint8)
    middle = (slice(7, 11),) * (ndim - 2)
    strokes[(*middle, slice(16, 19), slice(6, 11))], strokes[..., -2:, :], strokes[:2, ..., :20] = 1, 2, 2
    strokes[(9,) * (ndim - 2) + (7, slice(7, 10))] = 2  # in a hole
    return image, strokes, found_in(image, QUICK).model


@pytest.mark.parametrize(
    "settings",
    [
        {},
        pytest.param({"split_objects": False}, marks=pytest.mark.slow),
        pytest.param({"fill_holes": False, "drop_border": True}, marks=pytest.mark.slow),
    ],
)
def test_objects_that_strokes_show_are_those_in_one_piece(rings, settings, limited, monkeypatch):
    image, strokes, model = rings
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.label.seen", lambda *_: ())  # nothing to compare with
    params = QUICK.replace(strokes_as="objects", min_object=3, **settings)
    whole = found_in(image, params, strokes=strokes, model=model)
    assert whole.labels.max() >= 3
    for side in (48,) if settings else (48, 100, 400):
        limited(side, image.ndim)
        monkeypatch.setitem(passes.PASS_SIDE, image.ndim, side // 2)
        found = found_in(image, params, strokes=strokes, model=model)
        np.testing.assert_array_equal(found.labels, whole.labels)
        assert found.labels.dtype == whole.labels.dtype
    assert found.record["notes"][0].startswith("compared what strokes show with no other way")


def test_lazy_strokes_are_read_window_by_window_and_labels_written_piece_by_piece(known, limited, monkeypatch):
    image, strokes, model = known
    whole = found_in(image, QUICK, strokes=strokes, model=model)
    limited(48, image.ndim)
    monkeypatch.setattr("napari_backprop_segmentation.image.label_file.READ_SIDE", 20)
    out = np.zeros(image.shape, np.uint16)

    class Lazy:
        shape, dtype, read = strokes.shape, strokes.dtype, 0

        def __getitem__(self, window):
            found = strokes[window]
            assert found.size < strokes.size / 2
            self.read += found.size
            return found

        def __array__(self, *_, **__):
            raise AssertionError

    lazy = Lazy()
    found = found_in(image, QUICK, strokes=lazy, model=model, out=out)
    assert lazy.read == strokes.size
    assert found.labels is out
    np.testing.assert_array_equal(out, whole.labels)


def test_kinds_that_were_taught_are_found_on_other_images(known, limited):
    image, strokes, model = known
    taught = taught_model(found_in(image, QUICK, strokes=strokes, model=model))
    other = np.ascontiguousarray(image[..., ::-1])
    whole = found_in(other, QUICK, model=taught)
    limited(48, image.ndim)
    again = taught_model(found_in(image, QUICK, strokes=strokes, model=model))
    for each in (taught, again):
        np.testing.assert_array_equal(found_in(other, QUICK, model=each).labels, whole.labels)


@pytest.mark.parametrize("settings", [{}, {"regions": "classes"}, {"objects": "bright"}, {"strokes_as": "kinds"}])
def test_what_is_fixed_stays_as_in_one_piece(known, settings, limited, monkeypatch):
    image, strokes, model = known
    params, options = QUICK.replace(**settings), {"strokes": strokes} if "strokes_as" in settings else {}
    fixed = np.full(image.shape, -1)
    fixed[..., 3:17, 8:30], fixed[..., 20:24, 30:50], fixed[..., 30:33, 2:9] = 7, 0, 70_000
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.edits.OFFERED", 0)
    whole = found_in(image, params, model=model, fixed=fixed, **options)
    limited(24, image.ndim)
    for given in (fixed, da.from_array(fixed, 16)):
        found = found_in(image, params, model=model, fixed=given, **options)
        np.testing.assert_array_equal(found.labels, whole.labels)
        assert found.labels.dtype == whole.labels.dtype
    assert found.record.get("fixed") == whole.record.get("fixed")


def test_a_run_with_strokes_goes_on_and_takes_other_strokes_without_training(tmp_path, limited):
    image, strokes = drawn((36, 60))
    limited(48, image.ndim)
    first = found_in(image, QUICK, strokes=strokes, resume=tmp_path / "kept")
    before = np.array(first.labels)
    steps = run(image, QUICK, strokes=np.where(strokes == 3, 0, strokes), resume=tmp_path / "kept")
    with pytest.raises(StopIteration) as done:
        next(steps)  # there is no step: nothing is trained
    assert (np.array(done.value.value.labels) != before).any()
    np.testing.assert_array_equal(found_in(image, QUICK, strokes=strokes, resume=tmp_path / "kept").labels, before)


def test_strokes_of_one_kind_are_refused(limited):
    image, strokes = drawn((36, 60))
    limited(48, image.ndim)
    with pytest.raises(ImageError, match="strokes must be of two kinds at least, got only kind 1"):
        found_in(image, QUICK, strokes=np.minimum(strokes, 1))
