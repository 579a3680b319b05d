"""One network for several files on the command line."""

import numpy as np
import pytest
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
