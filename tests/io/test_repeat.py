"""What is copied of a record gives the same labels in another process, or says what it cannot."""

import json
import os
import shlex
import subprocess
import sys

import numpy as np
import pytest
import torch
from skimage.draw import disk

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.io.model_file import save_model
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import description
from napari_backprop_segmentation.io.repeat import repetition_of, settings_of
from napari_backprop_segmentation.io.repeat_text import EDITED, as_command, as_python
from napari_backprop_segmentation.io.samples import sample_image

QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 60, "min_labels": 0, "min_region": 1}
CENTRES = ((20, 20), (44, 44), (20, 46), (46, 18))
COMMANDS = ("regions", "classes", "objects", "reading", "series", "channels", "stopped", "model")  # without marks
RUN = """
import json, sys
import numpy as np
from napari_backprop_segmentation.cli.main import main
content = json.load(open(sys.argv[1]))
for name, text in content["python"].items():
    here = {}
    exec(compile(text, name, "exec"), here)
    np.save(f"{sys.argv[2]}/{name}.npy", here["labels"])
for name, words in content["commands"].items():
    assert main(words) == 0, name
"""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # dask sets both to 1 where it has started workers


def discs(seed=0):
    image = np.random.default_rng(seed).integers(0, 20, (64, 64))
    for centre, light in zip(CENTRES, (200, 200, 120, 120), strict=True):
        image[disk(centre, 8)] += light
    return image.astype(np.uint8)


def strokes():
    found = np.zeros((64, 64), np.int32)
    for number, (row, column) in enumerate((CENTRES[0], CENTRES[2], (4, 4)), start=1):
        found[row, column - 3 : column + 4] = number
    return found


def stopped(steps):
    next(steps)
    try:
        steps.send("stop")
        while True:
            next(steps)
    except StopIteration as done:
        return done.value


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Results of all kinds by name: their labels, and their records as they come back from a file."""
    folder = tmp_path_factory.mktemp("made")
    images = {"one": discs(), "three": np.stack([discs(i) for i in range(3)]), "two": np.stack([discs(), discs(1)])}
    for name, image in images.items():
        np.save(folder / f"{name}.npy", image)
    one, file = images["one"], {"files": [str(folder / "one.npy")]}
    both = np.maximum(strokes(), 0)
    found = {
        "regions": finish(run(one, Params(**QUICK, detail=60.0, seed=3))),
        "classes": finish(run(one, Params(**QUICK, regions="classes"))),
        "objects": finish(run(one, Params.preset("auto", **QUICK), spacing=(2.0, 1.0))),
        "reading": finish(run(one, Params(**QUICK, reading=1, sensitivity=60.0))),
        "kinds": finish(run(one, Params(**QUICK), strokes=both)),
        "counted": finish(run(one, Params(**QUICK, strokes_as="objects"), strokes=both)),
        "network": finish(run(one, Params(**QUICK, strokes_as="network"), strokes=both)),
        "alike": finish(run(one, Params(**QUICK), examples=[CENTRES[0]], counter_examples=[(CENTRES[2], 190)])),
        "series": finish(run(images["three"], Params(**QUICK, objects="bright"), axes="TYX")),
        "channels": finish(run(images["two"], Params(**QUICK), axes="CYX", channels=(1,))),
        "stopped": stopped(run(one, Params(**QUICK | {"iterations": 50}))),
    }
    save_model(folder / "model.safetensors", found["regions"].model)
    found["model"] = finish(run(discs(1), Params(objects="bright"), model=found["regions"].model))
    np.save(folder / "other.npy", discs(1))
    told = dict.fromkeys(found, file)
    told |= {"series": {"files": [str(folder / "three.npy")]}, "channels": {"files": [str(folder / "two.npy")]}}
    told["model"] = {"files": [str(folder / "other.npy")]}
    more = {"model": {"model_file": str(folder / "model.safetensors")}}
    return {
        name: (result.labels, json.loads(description({**result.record, "image": told[name], **more.get(name, {})})))
        for name, result in found.items()
    }


def in_another_process(content, folder):
    (folder / "content.json").write_text(json.dumps(content))
    subprocess.run(
        [sys.executable, "-c", RUN, str(folder / "content.json"), str(folder)],
        check=True,
        timeout=300,
        cwd=folder,
        env={**os.environ, **dict.fromkeys(THREADS, str(torch.get_num_threads()))},
    )


def test_copied_python_and_commands_give_the_same_labels_in_another_process(made, tmp_path):
    python = {name: as_python(record) for name, (_, record) in made.items()}
    commands = {name: as_command(made[name][1]) for name in COMMANDS}
    words = {}
    for name, text in commands.items():
        (line,) = [line for line in text.splitlines() if not line.startswith("#")]
        program, *words[name] = shlex.split(line)
        assert program == "backprop-segment"
        words[name][words[name].index("-o") + 1] = str(tmp_path / f"{name}.tif")
    in_another_process({"python": python, "commands": words}, tmp_path)
    for name, (labels, _) in made.items():
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), labels, err_msg=f"{name}\n{python[name]}")
    for name in COMMANDS:
        found = read_image(tmp_path / f"{name}.tif").pixels
        np.testing.assert_array_equal(found, made[name][0], err_msg=commands[name])


@pytest.mark.parametrize("name", ["kinds", "network", "alike"])
def test_commands_say_what_they_cannot_take(made, name):
    assert "Copy as Python" in as_command(made[name][1])


def test_a_file_that_has_changed_is_not_taken_for_the_image(made, tmp_path):
    _, record = made["regions"]
    np.save(tmp_path / "one.npy", discs() + 1)
    record = {**record, "image": {"files": [str(tmp_path / "one.npy")]}, "input": "one"}
    assert "image = FILL_IN  # put the pixels of 'one' here (64 x 64, axes YX)" in as_python(record)
    assert "# No file holds the image as it was" in as_command(record)
    assert " IMAGE.tif " in as_command(record)


def test_parts_samples_and_networks_in_no_file(made, tmp_path):
    labels, record = made["regions"]
    large = np.zeros((2, 70, 64), np.uint8)
    large[1, 3:67] = discs()
    np.save(tmp_path / "large.npy", large)
    told = {"files": [str(tmp_path / "large.npy")], "taken": [1, [3, 67], [0, 64]]}
    part = {**record, "image": told}
    text = as_python(part)
    assert "large.npy').pixels[1, 3:67, 0:64]\n" in text
    here = {}
    exec(compile(text, "part", "exec"), here)
    np.testing.assert_array_equal(here["labels"], labels)
    assert "The run has seen [1, 3:67, 0:64] of" in as_command(part)
    from napari_backprop_segmentation.image.checksum import pixel_checksum

    sum_ = pixel_checksum(sample_image("nuclei")[0])
    sample = {**record, "image": {"sample": "nuclei"}, "image_checksum": sum_}
    assert "image = sample_image('nuclei')[0]\n" in as_python(sample)
    assert "load_model(FILL_IN)  # save the network first" in as_python({**record, "model_file": ""})
    assert "apply MODEL.safetensors" in as_command({**record, "model_file": ""})
    assert f"# {EDITED}" in as_python(record, edited=True)


def test_layers_of_several_files_are_stacked(made, tmp_path):
    _, record = made["channels"]
    for number in range(2):
        np.save(tmp_path / f"{number}.npy", discs(number))
    files = [str(tmp_path / f"{number}.npy") for number in range(2)]
    assert f"for file in {files!r}])" in as_python({**record, "image": {"files": files}})


@pytest.mark.parametrize("record", [{}, {"params": 3}, {"params": {"seed": "x"}}, {"params": {}}])
def test_damaged_records_are_refused_in_words(record):
    with pytest.raises(ImageError, match="record must "):
        repetition_of(record)


def test_nothing_of_the_settings_is_left_to_the_image(made):
    settings = settings_of(made["objects"][1])
    assert (settings.automatic, settings.objects) == (False, "bright")
