"""Trained networks on any array, and files of them with any damage."""

import json

import numpy as np
import pytest
from generated import LONG, QUICK, arrays, changed, settings_of_runs, share
from hypothesis import event, given
from hypothesis import strategies as st

from napari_backprop_segmentation import Params, SegmentationError, finish, run, train_together
from napari_backprop_segmentation.image.axes import CHANNEL_LETTERS
from napari_backprop_segmentation.io.model_file import load_model, model_provenance, save_model

RNG = np.random.default_rng(0)
TRAINED_ON = [("YX", (24, 30)), ("YXS", (24, 30, 3)), ("CYX", (2, 24, 30)), ("ZYX", (6, 16, 16))]
SMALL = Params(**{**QUICK, "n_layers": 1})
PLANE, STROKES = RNG.integers(0, 200, (24, 30)).astype(np.uint8), np.zeros((24, 30), int)
PLANE[6:18, 6:24] += 50
STROKES[8:10, 8:20], STROKES[1, 1:20] = 1, 2


class Models(list):
    """What is too long to be shown with a failure."""

    def __repr__(self):
        return f"{len(self)} models"


@pytest.fixture(scope="module")
def models():
    found = Models()
    for axes, shape in TRAINED_ON:
        found.append(finish(run(RNG.integers(0, 255, shape).astype(np.uint8), SMALL, axes=axes)).model)
    for strokes in (None, [STROKES, None]):
        pair, params = [PLANE, PLANE + 3], SMALL.replace(regions="classes")
        found.append(finish(train_together(pair, params, axes="YX", strokes=strokes)))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


which = st.integers(0, len(TRAINED_ON) + 1)


def check_applied(model, case, chosen):
    image, axes = case
    try:
        result = finish(run(image, Params(**{**QUICK, **chosen}), axes=axes, model=model))
    except SegmentationError as error:
        event(str(error).split(" must ")[0])
        assert "\n" not in str(error)
        assert "please report" not in str(error)
        return
    event("labelled")
    sizes = zip(np.shape(image), axes, strict=True)
    assert result.labels.shape == tuple(n for n, letter in sizes if letter not in CHANNEL_LETTERS)
    assert result.record["iterations"] == 0


@share(60)
@given(number=which, case=arrays(), chosen=settings_of_runs)
def test_share_of_applied_models(models, number, case, chosen):
    check_applied(models[number], case, chosen)


@pytest.mark.long
@LONG
@given(number=which, case=arrays(), chosen=settings_of_runs)
def test_applied_models(models, number, case, chosen):
    check_applied(models[number], case, chosen)


places = st.one_of(st.integers(0, 7), st.integers(0, 3000), st.floats(0, 1))
damages = st.lists(
    st.tuples(st.sampled_from(["byte", "number", "drop", "repeat", "cut"]), places, st.integers(0, 2**64 - 1)),
    min_size=1,
    max_size=4,
)


def saved(model, folder):
    """Return the file of a model, written once: the order of its header differs from time to time."""
    path = folder / f"{id(model)}.safetensors"
    if not path.exists():
        save_model(path, model, {"input": "a.tif"})
    return path.read_bytes()


def check_damaged(model, damage, folder):
    path = folder / "damaged.safetensors"
    content = bytearray(saved(model, folder))
    for kind, where, value in damage:
        place = int(where * (len(content) - 1)) if isinstance(where, float) else min(where, len(content) - 1)
        if kind == "byte":
            content[place] = value % 256
        elif kind == "number":
            content[place : place + 8] = value.to_bytes(8, "little")
        elif kind == "drop":
            del content[place : place + 1 + value % 50]
        elif kind == "repeat":
            content[place:place] = content[place : place + 1 + value % 50]
        else:
            del content[place:]
        content = content or bytearray(1)
    path.write_bytes(content)
    refused(load_model, path)
    refused(model_provenance, path)


def refused(read, path):
    try:
        read(path)
    except SegmentationError as error:
        event(f"{read.__name__} refuses")
        assert "\n" not in str(error)


@share(200)
@given(number=which, damage=damages)
def test_share_of_damaged_models(models, number, damage, folder):
    check_damaged(models[number], damage, folder)


@pytest.mark.long
@LONG
@given(number=which, damage=damages)
def test_damaged_models(models, number, damage, folder):
    check_damaged(models[number], damage, folder)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=5,
)
KEYS = [
    "training",
    "input",
    "scaling",
    "channels",
    "binning",
    "n_channels",
    "ndim",
    "stopped_by",
    "iterations",
    "taught",
]
KEYS += ["provenance", "new", "references", "references", "lesson", "lesson"]


def check_header(model, changes, folder):
    """Let the header say something else, in valid JSON."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    path = folder / "model.safetensors"
    save_model(path, model)
    with safe_open(path, framework="numpy") as file:
        header = dict(file.metadata())
    described = json.loads(header["model"])
    for key, inner, value in changes:
        described[key] = changed(described[key], inner - 1, value) if inner and key in described else value
    tensors = {name: np.array(tensor) for name, tensor in load_file(path).items()}
    save_file(tensors, path, metadata={**header, "model": json.dumps(described)})
    refused(load_model, path)
    refused(model_provenance, path)


changes = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 400), values), min_size=1, max_size=3)


@share(200)
@given(number=which, changed=changes)
def test_share_of_headers(models, number, changed, folder):
    check_header(models[number], changed, folder)


@pytest.mark.long
@LONG
@given(number=which, changed=changes)
def test_headers(models, number, changed, folder):
    check_header(models[number], changed, folder)
