"""Every command and every block of Python in the README and the documentation is run once, on small images."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from stores import image_store, plate_store

from napari_backprop_segmentation import Params
from napari_backprop_segmentation.cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^ *backprop-segment (.+?)(?:  .*)?$", re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("/shared/", "ADDRESS", "dask_jobqueue", "dask_kubernetes", "FILE:")  # needs machines that are not here
LESS = {"run": ["--n-channels", "6"], "train": ["--n-channels", "6"]}
NEEDED = {"apply cells": "run cells.tif -o first.tif --save-model cells.safetensors"}
NEEDED |= {"apply nuclei": "run cells.tif -o first.tif --save-model nuclei.safetensors"}
NEEDED |= {"apply rock": "train a.tif b.tif --regions classes --save-model rock.safetensors"}
NEEDED |= {"--start cells": NEEDED["apply cells"]}


def found(pattern):
    texts = [text for page in PAGES for text in pattern.findall(page.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(text for text in texts if not any(word in text for word in ELSEWHERE)))


def squares(*shape, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 60, shape).astype(np.uint8)
    pixels[..., 8:20, 8:20] += 150
    pixels[..., 28:40, 24:40] += 150
    return pixels


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with files of all names that the documentation uses."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    for number, name in enumerate(["cells", "day2", "day3", "a", "b", "c", "images/one", "images/two", "slide.ome"]):
        tifffile.imwrite(f"{name}.tif", squares(48, 50, seed=number))
    tifffile.imwrite("stack.tif", squares(5, 2, 48, 50))
    for name in ("one.png", "two.png", "photo.jpg"):
        Image.fromarray(np.moveaxis(squares(3, 48, 50), 0, -1)).save(name)
    drawn = np.zeros((48, 50), np.uint8)
    drawn[10:14, 10:18], drawn[1, 2:40] = 1, 2
    Image.fromarray(drawn).save("drawn.png")
    for name in ("a_drawn.tif", "c_drawn.tif"):
        tifffile.imwrite(name, drawn)
    for name in ("cells", "slide"):
        image_store(tmp_path / f"{name}.zarr", "0.5", squares(48, 50), "yx")
    wells = ["B/03", "B/04"]
    plate_store(tmp_path / "plate.zarr", "0.4", wells, 2, lambda path: image_store(path, "0.4", squares(48, 50), "yx"))
    return tmp_path


def given(text):
    """Return the arguments of a command, patterns replaced by the files that a shell would put there."""
    arguments = []
    for word in shlex.split(text):
        names = sorted(map(str, Path().glob(word))) if "*" in word and "--pattern" not in arguments[-1:] else []
        arguments += names or [word]
    return arguments + LESS.get(arguments[0], [])


@pytest.mark.long
@pytest.mark.parametrize("text", found(COMMAND))
def test_commands(here, text, capfd):
    for words, before in NEEDED.items():
        if words in text:
            assert main(given(before)) == 0, capfd.readouterr().err
    assert main(given(text)) == 0, capfd.readouterr().err


@pytest.mark.long
@pytest.mark.parametrize("page", [page for page in PAGES if PYTHON.search(page.read_text(encoding="utf-8"))])
def test_python(here, page):
    """The blocks of a page are one program, with images that the text speaks of."""
    colour = np.moveaxis(squares(3, 48, 50), 0, -1)
    grey = page.name == "large-images.md"
    names = {"image": colour[..., 0] if grey else colour, "other": colour[::-1], "third": squares(48, 50, seed=3)}
    names |= {"first": squares(48, 50, seed=1), "second": squares(40, 60, seed=2), "path": "model.safetensors"}
    names |= {"params": Params(n_channels=6, iterations=3), "labels": np.zeros((48, 50), np.int32)}
    program = "\n".join(
        text for text in PYTHON.findall(page.read_text(encoding="utf-8")) if not any(w in text for w in ELSEWHERE)
    )
    header = "from napari_backprop_segmentation import *\n"
    exec(compile(header + program, str(page), "exec"), {"__name__": "__main__", **names})


def test_the_documentation_has_commands():
    assert len(found(COMMAND)) > 20
    assert len(found(PYTHON)) > 5
