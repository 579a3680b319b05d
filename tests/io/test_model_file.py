"""A model as a file: the same labels in another process, and one clear sentence for everything that is no such file."""

import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from skimage import data

from napari_backprop_segmentation import Params, SegmentationError, finish, run
from napari_backprop_segmentation.errors import ModelFileError
from napari_backprop_segmentation.io import model_file
from napari_backprop_segmentation.io.model_file import load_model, model_provenance, save_model

PHOTO = data.astronaut()[20:84, 180:260]
SMALL = Params(n_channels=8, iterations=3, n_superpixels=60, precision="float32", device="cpu")


@pytest.fixture(scope="module")
def trained():
    return finish(run(PHOTO, SMALL, axes="YXS")).model


@pytest.fixture
def saved(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, trained, {"input": "photo.png"})
    return path


def parts_of(path):
    with model_file_header(path) as header:
        return load_file(path), header


class model_file_header:  # noqa: N801 - reads like a function
    def __init__(self, path):
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            self.header = dict(file.metadata())

    def __enter__(self):
        return self.header

    def __exit__(self, *_):
        return None


def rewritten(path, tensors=None, header=None, **described):
    old, known = parts_of(path)
    known = {**known, **(header or {})}
    if described:
        known["model"] = json.dumps({**json.loads(known["model"]), **described})
    save_file(tensors or old, path, metadata=known)


def test_a_model_comes_back_as_it_was(trained, saved):
    found = load_model(saved)
    assert (found.training, found.input, found.preparation) == (trained.training, trained.input, trained.preparation)
    assert (found.stopped_by, found.iterations, found.taught) == (trained.stopped_by, trained.iterations, False)
    for name, tensor in trained.network.state_dict().items():
        np.testing.assert_array_equal(found.network.state_dict()[name].numpy(), tensor.numpy())
    assert model_provenance(saved)["input"] == "photo.png"


def test_another_process_gives_the_same_labels(trained, saved, tmp_path):
    np.save(tmp_path / "photo.npy", PHOTO)
    code = (
        "import sys, numpy as np\n"
        "from napari_backprop_segmentation import Params, finish, run\n"
        "from napari_backprop_segmentation.io.model_file import load_model\n"
        "folder = sys.argv[1]\n"
        "labels = finish(run(np.load(folder + '/photo.npy'), Params(device='cpu'), axes='YXS',"
        " model=load_model(folder + '/model.safetensors'))).labels\n"
        "np.save(folder + '/labels.npy', labels)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)
    here = finish(run(PHOTO, Params(device="cpu"), axes="YXS", model=trained)).labels
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), here)


def test_training_goes_on_from_a_loaded_model(saved):
    from napari_backprop_segmentation.image.source import ArraySource
    from napari_backprop_segmentation.network.loop import train
    from napari_backprop_segmentation.network.planning import make_plan
    from napari_backprop_segmentation.params.sections import Run, Training

    source, model = ArraySource(PHOTO, "YXS"), load_model(saved)
    plan = make_plan(Training.of(SMALL), Run.of(SMALL), source.shape)
    before = model.network.head.weight.detach().clone()
    steps = train(source, model.training, model.input, plan, start=model)
    assert next(steps).loss > 0
    np.testing.assert_array_equal(model.network.head.weight.detach().numpy(), before.numpy())  # it stays as it is


@pytest.mark.parametrize(
    ("name", "text"),
    [("none.safetensors", "model file must exist"), ("empty.safetensors", "model file must be one that this program")],
)
def test_what_is_no_file_or_empty_is_refused(name, text, tmp_path):
    (tmp_path / "empty.safetensors").write_bytes(b"")
    with pytest.raises(ModelFileError, match=text):
        load_model(tmp_path / name)


@pytest.mark.parametrize("cut", [3, 8, 100, 4000])
def test_a_cut_file_is_refused(cut, saved):
    saved.write_bytes(saved.read_bytes()[:cut])
    with pytest.raises(ModelFileError, match="must be one that this program wrote, got"):
        load_model(saved)


def test_a_thousand_damaged_files_give_sentences_only(saved):
    whole, rng = saved.read_bytes(), np.random.default_rng(0)
    for _ in range(1000):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 3000), 3):
            damaged[place] = rng.integers(256)
        saved.write_bytes(damaged)
        try:
            load_model(saved)
        except SegmentationError as error:
            assert "; " in str(error)


def test_files_of_others_and_of_the_future_are_refused(saved, tmp_path):
    save_file({"weight": np.zeros(3, np.float32)}, tmp_path / "other.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelFileError, match=r"of this program, got .* of another"):
        load_model(tmp_path / "other.safetensors")
    rewritten(saved, header={"format": "4"})
    with pytest.raises(ModelFileError, match=r"must be of format 1 to 3, got '4' .* install a newer version"):
        load_model(saved)


@pytest.mark.parametrize(
    ("described", "text"),
    [
        ({"n_channels": 10**9}, "at most 10000 channels"),
        ({"ndim": 4}, "planes or volumes"),
        ({"training": {"n_channels": 8}}, "settings must be all of Training"),
        ({"scaling": {"offsets": [0.0], "spans": [1.0], "clip": True}}, "an offset and a span for each channel"),
        ({"new": 1}, "complete"),
    ],
)
def test_headers_that_cannot_be_are_refused(described, text, saved):
    rewritten(saved, **described)
    with pytest.raises(ModelFileError, match=text):
        load_model(saved)


def test_a_header_that_claims_a_huge_network_allocates_nothing(saved, monkeypatch):
    _, header = parts_of(saved)
    training = {**json.loads(header["model"])["training"], "n_channels": 1000, "n_layers": 10}
    rewritten(saved, training=training)
    monkeypatch.setattr(model_file.np, "array", lambda *_: pytest.fail("nothing may be read"))
    with pytest.raises(ModelFileError, match="must hold a network as its settings say"):
        load_model(saved)


def test_other_names_are_refused(trained, tmp_path):
    with pytest.raises(ModelFileError, match=r"must end in \.safetensors, got 'model\.pt'"):
        save_model(tmp_path / "model.pt", trained)
    assert list(tmp_path.iterdir()) == []
