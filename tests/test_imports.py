"""Importing the package is cheap and has no effects."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch", "numpy", "scipy", "skimage", "sklearn", "higra", "napari", "npe2", "qtpy", "magicgui", "superqt",
    "pyqtgraph", "dask", "zarr", "tifffile", "PIL", "tqdm", "psutil", "pandas", "pooch",
)  # fmt: skip
SECONDS = 0.2


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("statement", [
    "import napari_backprop_segmentation",
    "from napari_backprop_segmentation import Params, SegmentationError",
    "import napari_backprop_segmentation.cli.main",
])  # fmt: skip
def test_importing_brings_nothing_heavy(statement):
    assert python(f"import sys\n{statement}\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))") == "[]"


def test_the_list_of_heavy_packages_would_notice():
    assert python(f"import sys, tqdm\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))") == "['tqdm']"


def test_what_is_not_compiled_yet_is_imported_without_a_word(tmp_path):
    """As after an installation by uv, of which the plugin manager of napari makes use."""
    code = "import napari_backprop_segmentation.hierarchy.higra_module"
    command = [sys.executable, "-W", "default", "-X", f"pycache_prefix={tmp_path}", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""


def test_higra_is_imported_in_one_place():
    """Else its warnings are errors in tests, wherever it is not compiled yet."""
    root = Path(__file__).parents[1]
    files = [path for folder in ("src", "benchmarks", "tests") for path in (root / folder).rglob("*.py")]
    found = [path.name for path in files if re.search(r"^ *(import|from) higra\b", path.read_text(), re.MULTILINE)]
    assert found == ["higra_module.py"]


def test_importing_takes_no_time():
    """The best of five, so that a busy machine does not decide."""
    code = (
        "from time import perf_counter\n"
        "began = perf_counter()\n"
        "import napari_backprop_segmentation\n"
        "print(perf_counter() - began)"
    )
    assert min(float(python(code)) for _ in range(5)) < SECONDS


@pytest.mark.parametrize("first", ["", "from napari_backprop_segmentation.pipeline.run import run"])
def test_public_names_stay_what_they_are(first):
    """Also `segment`, which is the name of a module too, and whoever was imported first."""
    code = (
        f"{first}\nimport napari_backprop_segmentation as package\n"
        "for _ in range(2): print(*(getattr(package, name).__name__ for name in package.__all__))"
    )
    import napari_backprop_segmentation as package

    assert python(code).splitlines() == [" ".join(package.__all__)] * 2


def test_every_public_name_is_listed_by_dir():
    import napari_backprop_segmentation as package

    assert set(package.__all__) | {"__version__"} == set(dir(package))
    assert package.__version__[0].isdigit()


def test_unknown_names_are_attribute_errors():
    import napari_backprop_segmentation as package

    with pytest.raises(AttributeError, match="has no attribute 'segmentation'"):
        _ = package.segmentation
