"""Any array and any setting: labels of the right shape, or an error in words."""

import numpy as np
import pytest
from generated import LONG, QUICK, arrays, mostly, odd_values, settings_of_runs, share, spacings
from hypothesis import event, given
from hypothesis import strategies as st

from napari_backprop_segmentation import Params, SegmentationError, finish, measure, run
from napari_backprop_segmentation.image.axes import CHANNEL_LETTERS
from napari_backprop_segmentation.image.output import check_output
from napari_backprop_segmentation.image.source import ArraySource


@st.composite
def sources(draw):
    image, axes = draw(arrays())
    if draw(st.booleans()):
        return image, {"axes": axes, "spacing": None, "channels": None}
    n = len(axes.translate({ord(letter): None for letter in "TCS"}))
    channels = draw(st.one_of(st.none(), st.none(), st.lists(st.integers(-1, 4), max_size=3), odd_values))
    return image, {"axes": draw(mostly(axes)), "spacing": draw(spacings(n)), "channels": channels}


def check_source(case, kind):
    image, options = case
    try:
        source = ArraySource(image, normalisation=kind, **options)
    except SegmentationError as error:
        assert "\n" not in str(error)
        return
    pixels = source.read(source.whole)
    assert pixels.shape == source.shape
    assert pixels.dtype == np.float32
    assert np.isfinite(pixels).all()
    if kind == "percentile":
        assert pixels.min() >= 0
        assert pixels.max() <= 1
    assert source.glimpse().ndim == 3 or len(source.shape) < 3


kinds = st.sampled_from(["published", "percentile"])


@share(160)
@given(sources(), kinds)
def test_share_of_sources(case, kind):
    check_source(case, kind)


@pytest.mark.long
@LONG
@given(sources(), kinds)
def test_sources(case, kind):
    check_source(case, kind)


def check_run(case, chosen):
    image, options = case
    options = dict(options)
    try:
        params = Params(**{**QUICK, **chosen})
        result = finish(run(image, params, **options))
    except SegmentationError as error:
        event(str(error).split(" must ")[0])
        assert "\n" not in str(error)
        assert "please report" not in str(error)
        return
    event("segmented")
    source = ArraySource(image, options["axes"])
    assert result.labels.shape == source.shape[1:]
    assert result.labels.dtype.kind in "iu"


@share(60)
@given(sources(), settings_of_runs)
def test_share_of_runs(case, chosen):
    check_run(case, chosen)


@pytest.mark.long
@LONG
@given(sources(), settings_of_runs)
def test_runs(case, chosen):
    check_run(case, chosen)


@st.composite
def measured(draw):
    image, axes = draw(arrays())
    labels, _ = draw(arrays())
    shape = getattr(image, "shape", ())
    if draw(st.integers(0, 4)) and len(shape) == len(axes):
        spatial = [n for n, letter in zip(shape, axes, strict=True) if letter not in CHANNEL_LETTERS]
        highest = draw(st.sampled_from([1, 3, 300, 2**31, 2**62]))
        dtype = draw(st.sampled_from(["u1", "u2", "i4", "i8", "u8", bool]))
        highest = min(highest, 1 if dtype is bool else int(np.iinfo(dtype).max))
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        labels = rng.integers(0, highest, spatial, endpoint=True).astype(dtype)
    n = len([letter for letter in axes if letter in "ZYX"])
    return labels, image, {"axes": draw(mostly(axes)), "spacing": draw(spacings(n)), "unit": draw(mostly("µm"))}


def check_measure(case):
    labels, image, options = case
    try:
        with np.errstate(all="ignore"):  # what is infinite has no spread
            table = measure(labels, image, **options)
    except SegmentationError as error:
        assert "\n" not in str(error)
        return
    assert len({len(column) for column in table.values()}) == 1
    plain = np.asarray(labels)
    assert set(table["label"].tolist()) == set(np.unique(plain[plain > 0]).tolist())


@share(120)
@given(measured())
def test_share_of_measurements(case):
    check_measure(case)


@pytest.mark.long
@LONG
@given(measured())
def test_measurements(case):
    check_measure(case)


def check_out(out, n_labels):
    try:
        checked = check_output(out, (4, 5), n_labels)
    except SegmentationError as error:
        assert "\n" not in str(error)
        return
    if checked is not None:
        checked[:2] = np.full((2, 5), n_labels)


outs = st.one_of(
    arrays().map(lambda drawn: drawn[0]), odd_values, st.sampled_from([np.zeros((4, 5), t) for t in "BHiq"])
)


@share(200)
@given(outs, st.integers(1, 2**40))
def test_share_of_outputs(out, n_labels):
    check_out(out, n_labels)


@pytest.mark.long
@LONG
@given(outs, st.integers(1, 2**40))
def test_outputs(out, n_labels):
    check_out(out, n_labels)
