"""One network for several files on the command line."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import tifffile

from napari_backprop_segmentation.cli.main import main
from napari_backprop_segmentation.io.model_file import model_provenance
from napari_backprop_segmentation.io.read import read_image

QUICK = ("--n-channels", "8", "--iterations", "3", "--n-superpixels", "60", "--device", "cpu", "--quiet")


@pytest.fixture
def folder(tmp_path):
    """Three images of one material on another, in other places and sizes, and strokes on the first two."""
    for name, shape, where in (("a", (40, 60), np.s_[5:25, 8:30]), ("b", (60, 40), np.s_[30:55, 5:35])):
        pixels = np.random.default_rng(0).integers(20, 40, shape).astype(np.uint8)
        strokes = np.zeros(shape, np.uint8)
        pixels[where] += 150
        if name == "a":
            strokes[10:14, 10:26] = 5
        else:
            strokes[4:8, 4:30] = 3
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels)
        tifffile.imwrite(tmp_path / f"{name}_strokes.tif", strokes)
    tifffile.imwrite(tmp_path / "c.tif", np.rot90(tifffile.imread(tmp_path / "a.tif")))
    return tmp_path


def test_kinds_drawn_on_two_files_are_found_in_a_third(folder, capsys):
    a, b, c = (str(folder / f"{name}.tif") for name in "abc")
    model, out = folder / "mine.safetensors", folder / "out"
    strokes = (str(folder / "a_strokes.tif"), str(folder / "b_strokes.tif"))
    log = folder / "log.csv"
    given = ("--save-model", str(model), "--log", str(log), *QUICK)
    assert main(["train", a, b, *given, "--strokes", *strokes]) == 0
    assert len(log.read_text().splitlines()) == 1 + 3
    assert model_provenance(model)["references"] == [a, b]
    assert main(["apply", str(model), a, c, "-o", str(out), "--quiet"]) == 0
    labels = read_image(out / "c_labels.tif").pixels
    assert set(np.unique(labels)) == {3, 5}
    assert (labels[:25] == 3).mean() > 0.8
    assert (labels[35:48, 9:21] == 5).all()
    assert main(["train", a, b, *given, "--strokes", strokes[0]]) == 2
    assert "strokes must be one file for each of 2 images, got 1" in capsys.readouterr().err
    assert main(["train", a, "--save-model", str(folder / "mine.pt"), *QUICK]) == 2
    assert "model file must end in .safetensors" in capsys.readouterr().err


def test_a_network_is_kept_and_nothing_is_overwritten(folder, capsys, monkeypatch, tmp_path):
    a, b = (str(folder / f"{name}.tif") for name in "ab")
    model, log = folder / "mine.safetensors", folder / "log.csv"
    for path in (model, log):
        path.write_text("years of work")
        assert main(["train", a, b, "--save-model", str(model), "--log", str(log), *QUICK]) == 2
        assert f"output must be new or written by this program, got {str(path)!r}" in capsys.readouterr().err
        assert path.read_text() == "years of work"
        path.unlink()
    assert main(["run", a, "-o", str(folder / "out"), "--save-model", str(log.with_name("a.safetensors")), *QUICK]) == 0
    (folder / "a.safetensors").write_text("years of work")
    assert main(["run", b, "-o", str(folder / "out"), "--save-model", str(folder / "a.safetensors"), *QUICK]) == 2
    assert (folder / "a.safetensors").read_text() == "years of work"
    capsys.readouterr()
    real = safetensors.numpy.save_file

    def full(tensors, path, **options):
        if ".kept" not in Path(path).name:
            raise safetensors.SafetensorError("Error while serializing: No space left on device")
        real(tensors, path, **options)

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    assert main(["train", a, b, "--save-model", str(model), *QUICK]) == 2
    kept = folder / "mine.kept.safetensors"
    assert f"No space left on device; the result is kept as {str(kept)!r}" in capsys.readouterr().err
    assert model_provenance(kept)["references"] == [a, b]
