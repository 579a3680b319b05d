"""The rooms of the house: who may import whom, what may enter where, and that nothing runs in circles."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import napari_backprop_segmentation

PACKAGE = "napari_backprop_segmentation"
ROOT = Path(napari_backprop_segmentation.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "_version.py")

# Each room may import those above it, and itself. The last two do not know each other.
ROOMS = ("errors", "params", "image", "network", "hierarchy", "objects", "teaching", "pipeline", "io")
ROOMS += ("batch", "cli", "gui")
WINDOWS = {"napari", "qtpy", "magicgui", "superqt", "pyqtgraph"}
CLUSTERS = {"distributed"}
FILES_AND_TERMINALS = {"tifffile", "PIL", "tqdm", "zarr", "ome_zarr_models", "dask"} | CLUSTERS
FORBIDDEN = {
    "errors": WINDOWS | FILES_AND_TERMINALS | {"torch", "numpy"},
    "params": WINDOWS | FILES_AND_TERMINALS | {"torch", "numpy"},
    "image": WINDOWS | FILES_AND_TERMINALS | {"torch", "higra"},
    "network": WINDOWS | FILES_AND_TERMINALS | {"higra"},
    "hierarchy": WINDOWS | FILES_AND_TERMINALS,
    "objects": WINDOWS | FILES_AND_TERMINALS | {"torch"},
    "teaching": WINDOWS | FILES_AND_TERMINALS | {"torch"},
    "pipeline": WINDOWS | FILES_AND_TERMINALS - CLUSTERS - {"dask"},
    "io": WINDOWS | {"torch", "tqdm"} | CLUSTERS,
    "batch": WINDOWS | {"torch", "tqdm", "tifffile", "PIL"},
    "cli": WINDOWS - {"napari"},
    "gui": {"tqdm", "torch"},
}
MOST_IMPORTED = 10  # modules of ours: whoever needs more does more than one thing
WIRING = {PACKAGE, f"{PACKAGE}.gui.widget", f"{PACKAGE}.cli.main"}  # the first has the public names of all rooms
# Where all settings are known; every other room takes the section it needs.
KNOW_ALL_SETTINGS = {"params", "pipeline", "io", "batch", "cli", "gui"}
LAZY_IN_CLI = {"torch", "napari", "numpy", "tifffile", "skimage", "tqdm", "PIL"}


def room(module: str) -> str:
    """Return the room of a dotted module name of this package; "" for the package itself."""
    return module.removeprefix(PACKAGE).lstrip(".").split(".")[0]


def module_of(path: Path) -> str:
    parts = (PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


# all that hold code: not what a folder says of itself
MODULES = {module_of(path) for path in FILES} - {module_of(path.parent / "__init__.py") for path in FILES}


def imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Yield the absolute name of every module, or name in a module, that a tree imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(module.split(".")[: -node.level]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def violations(source: str, module: str) -> list[str]:
    """Return what a module imports although its room may not."""
    own, found = room(module), []
    if not own:
        return found
    for name in dict.fromkeys(imports(ast.parse(source), module)):
        if name.split(".")[0] != PACKAGE:
            found += [f"{module} imports {name}"] if name in FORBIDDEN[own] else []
            continue
        other = room(name)
        if other not in ROOMS:
            # the package itself is the front door of users, not a way from room to room
            found += [f"{module} imports {name}"] if name == PACKAGE and not _only_submodules(source, module) else []
            continue
        up = ROOMS.index(other) <= ROOMS.index(own) and not (own == "gui" and other == "cli")
        found += [] if up else [f"{module} ({own}) imports {name} ({other})"]
    return found[:1]


def _only_submodules(source: str, module: str) -> bool:
    names = [name for name in imports(ast.parse(source), module) if name.startswith(f"{PACKAGE}.")]
    return all(room(name) in ROOMS or name.endswith("__version__") for name in names)


@cache
def own_modules(path: Path) -> frozenset[str]:
    """Return the modules of this package that a file imports at any place."""
    return frozenset(imports(ast.parse(path.read_text(encoding="utf-8")), module_of(path))) & MODULES


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_every_module_is_in_a_room(path):
    assert room(module_of(path)) in ("", *ROOMS)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_arrows_point_one_way(path):
    assert violations(path.read_text(encoding="utf-8"), module_of(path)) == []


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_no_file_imports_half_the_house(path):
    if module_of(path) not in WIRING:
        assert len(own_modules(path)) <= MOST_IMPORTED, sorted(own_modules(path))


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_rooms_take_their_section_of_the_settings_only(path):
    if room(module_of(path)) in (*KNOW_ALL_SETTINGS, ""):
        return
    known = {f"{PACKAGE}.params.params", f"{PACKAGE}.params.presets"}
    assert set(imports(ast.parse(path.read_text(encoding="utf-8")), module_of(path))) & known == set()


def test_no_modules_import_each_other_in_a_circle():
    arrows = {module_of(path): own_modules(path) for path in FILES}
    while leaves := {module for module, others in arrows.items() if not others & set(arrows)}:
        arrows = {module: others for module, others in arrows.items() if module not in leaves}
    assert arrows == {}


@pytest.mark.parametrize("name", [name for name in ROOMS if name != "errors" and (ROOT / name).is_dir()])
def test_a_room_says_what_it_is_for_and_holds_nothing_else(name):
    tree = ast.parse((ROOT / name / "__init__.py").read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    assert docstring and "may enter" in docstring
    assert len(tree.body) == 1


def test_cli_main_imports_nothing_heavy_at_the_top():
    tree = ast.parse((ROOT / "cli" / "main.py").read_text(encoding="utf-8"))
    top = ast.Module([n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))], [])
    names = set(imports(top, f"{PACKAGE}.cli.main"))
    assert {n.split(".")[0] for n in names} & LAZY_IN_CLI == set()
    assert {room(n) for n in names if n.startswith(f"{PACKAGE}.")} <= {"errors", "params", "cli"}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("network.losses", "from napari_backprop_segmentation.io.read import read_image"),
        ("network.losses", "from ..hierarchy.tree import Hierarchy"),
        ("network.losses", "def f():\n    import napari"),
        ("image.axes", "from napari_backprop_segmentation.network.model import Model"),
        ("io.read", "from napari_backprop_segmentation import segment"),
        ("cli.run", "from napari_backprop_segmentation.gui import widget"),
        ("cli.run", "from ..gui.widget import BackpropWidget"),
        ("gui.widget", "from napari_backprop_segmentation.cli.progress import watch"),
        ("gui.widget", "import torch"),
        ("errors", "from napari_backprop_segmentation.params.params import Params"),
        ("params.params", "import numpy as np"),
    ],
)
def test_the_check_finds_what_is_forbidden(module, source):
    assert len(violations(source, f"{PACKAGE}.{module}")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("params.params", "from napari_backprop_segmentation.errors import ParameterError"),
        ("io.read", "from napari_backprop_segmentation.image.source import Source"),
        ("io.read", "from .calibration import Calibration"),
        ("gui.widget", "import napari\nfrom ..pipeline.run import run"),
        ("cli.run", "from napari_backprop_segmentation.cli.progress import watch"),
    ],
)
def test_the_check_lets_the_rest_pass(module, source):
    assert violations(source, f"{PACKAGE}.{module}") == []
