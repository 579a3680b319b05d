"""Whatever is drawn, clicked, read or trained on together: labels of the right shape, or an error in words."""

import numpy as np
import pytest
from generated import LONG, QUICK, arrays, in_words, laid_out, mostly, settings_of_runs, share, spatial_shape
from hypothesis import event, given
from hypothesis import strategies as st

from napari_backprop_segmentation import Params, SegmentationError, finish, run, train_together
from napari_backprop_segmentation.image.axes import guess_axes
from napari_backprop_segmentation.io.model_file import load_model, save_model

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def drawn(draw, shape):
    """Draw strokes for an image of this spatial shape."""
    rng = np.random.default_rng(draw(SEEDS))
    n_kinds = draw(st.sampled_from([1, 2, 2, 3, 300, 70_000]))
    dtype = draw(st.sampled_from(["u1", "i4", "i4", "u8", "i8", bool, "f4"]))
    strokes = np.where(rng.random(shape) < draw(st.sampled_from([0, 0.02, 0.1, 1])), rng.integers(-1, n_kinds + 1), 0)
    if len(shape) > 1 and draw(st.booleans()):
        strokes = np.zeros(shape, int)
        strokes[..., :2, :], strokes[..., -2:, :] = 1, min(2, n_kinds)
    with np.errstate(all="ignore"):
        return laid_out(strokes.astype(dtype), draw(st.sampled_from(["C", "F", "strided", "readonly"])))


@st.composite
def clicked(draw, shape):
    """Draw what points at objects: marks, places, places with sizes, masks as records have them."""
    rng = np.random.default_rng(draw(SEEDS))
    most = draw(st.sampled_from([shape, shape, shape, tuple(n + 3 for n in shape)]))
    places = [tuple(int(rng.integers(n)) if n else 0 for n in most) for _ in range(draw(st.integers(0, 3)))]
    kind = draw(st.sampled_from(["places", "places", "array", "sized", "marks", "masks"]))
    if kind == "marks":
        return draw(drawn(shape))
    if kind == "sized":
        return [(place, draw(mostly(20))) for place in places]
    if kind == "masks":
        return [{"pixels": [[int(rng.integers(300)), int(rng.integers(-1, 9))]]} for _ in places]
    return np.array(places, draw(st.sampled_from([int, "u1", float]))) if kind == "array" else places


@st.composite
def taught(draw):
    """Draw an image and what is shown of it."""
    image, axes = draw(arrays(18))
    shape, shown = spatial_shape(image, axes), {"axes": axes}
    kind = draw(st.sampled_from(["strokes", "examples", "examples", "fixed", "nothing"]))
    if kind == "strokes":
        shown["strokes"] = draw(st.one_of(drawn(shape), drawn(shape), mostly(None)))
    if kind == "examples":
        shown["examples"] = draw(st.one_of(clicked(shape), clicked(shape), mostly(None)))
        shown["counter_examples"] = draw(st.one_of(st.none(), clicked(shape)))
        shown["how_alike"] = draw(mostly(0.5))
    if kind == "fixed":
        shown["fixed"] = draw(st.one_of(drawn(shape), drawn(shape).map(lambda labels: labels - 1.0), mostly(None)))
    return image, shape, shown


settings_of_teaching = st.tuples(
    settings_of_runs,
    st.fixed_dictionaries(
        {},
        optional={
            "strokes_as": st.sampled_from(["kinds", "objects", "pieces", "network"]),
            "reading": st.integers(0, 13),
            "n_regions": st.integers(0, 30),
            "drop_border": st.booleans(),
        },
    ),
).map(lambda both: {**both[0], **both[1]})


def ended(error):
    event(str(error).split(" must ")[0][:40])
    in_words(str(error))


def check_taught(case, chosen):
    image, shape, shown = case
    try:
        result = finish(run(image, Params(**{**QUICK, **chosen}), **shown))
        offers = [(offer, offer.labels()) for offer in result.readings]
    except SegmentationError as error:
        return ended(error)
    event("segmented")
    assert result.labels.shape == shape
    assert result.labels.dtype.kind in "iu"
    for offer, labels in offers:
        assert labels.shape == shape
        assert offer.count == len(np.unique(labels[labels > 0]))


@share(25)
@given(taught(), settings_of_teaching)
def test_share_of_what_is_shown(case, chosen):
    check_taught(case, chosen)


@pytest.mark.long
@LONG
@given(taught(), settings_of_teaching)
def test_what_is_shown(case, chosen):
    check_taught(case, chosen)


@st.composite
def together(draw):
    """Draw images that are trained on together, most of them of one kind, and what goes with them."""
    first, axes = draw(arrays(14))
    images = [first] * draw(st.integers(0, 3))
    if draw(st.integers(0, 3)) == 0:
        other, _ = draw(arrays(14))
        images.insert(0, other)
    shape = spatial_shape(first, axes)
    strokes = [draw(st.one_of(st.none(), drawn(shape))) for _ in images] if draw(st.booleans()) else None
    options = {
        "axes": draw(st.one_of(mostly(axes), st.just([axes] * len(images)))),
        "spacing": draw(mostly(None)),
        "strokes": draw(mostly(strokes)),
        "channels": draw(mostly(None)),
    }
    return draw(mostly(images)), options


settings_together = st.tuples(
    settings_of_teaching,
    st.fixed_dictionaries(
        {},
        optional={
            "statistics": st.sampled_from(["auto", "trained", "image"]),
            "turns": st.sampled_from(["alternate", "sequence"]),
            "images_at_once": st.integers(1, 3),
            "reference_side": st.sampled_from([0, 0, 8, 20]),
        },
    ),
).map(lambda both: {**both[0], **both[1]})


def check_together(case, chosen, folder):
    images, options = case
    try:
        params = Params(**{**QUICK, **chosen})
        model = finish(train_together(images, params, **options))
        path = folder / "together.safetensors"
        save_model(path, model)
        letters = options["axes"][0] if isinstance(options["axes"], list) else options["axes"]
        found = [finish(run(images[0], params, axes=letters, model=each)) for each in (model, load_model(path))]
    except SegmentationError as error:
        return ended(error)
    event("trained")
    np.testing.assert_array_equal(found[0].labels, found[1].labels)
    assert found[0].labels.shape == spatial_shape(images[0], letters or guess_axes(np.shape(images[0])))


@share(25)
@given(case=together(), chosen=settings_together)
def test_share_of_images_together(case, chosen, tmp_path_factory):
    check_together(case, chosen, tmp_path_factory.getbasetemp())


@pytest.mark.long
@LONG
@given(case=together(), chosen=settings_together)
def test_images_together(case, chosen, tmp_path_factory):
    check_together(case, chosen, tmp_path_factory.getbasetemp())
