"""The rooms of the house: who may import whom, and how large anything may grow."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import napari_backprop_segmentation

PACKAGE = "napari_backprop_segmentation"
ROOT = Path(napari_backprop_segmentation.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "_version.py")

# Each room may import those in earlier floors, and itself; rooms of one floor do not know each other.
FLOORS = [
    {"params", "errors", "outcome", "presets", "settings", "threads", "tuning"},
    {"costs"},
    {"engine"},
    {"data"},
    {"measures", "single"},
    {"reduced", "repeats", "series"},
    {"segment"},
    {"report", "telling"},
    {"cli", "gui"},
]
ROOM_OF_MODULE = {"commands": "cli", "demo": "cli", "watching": "cli"}
NEIGHBOURS = {("settings", "errors"), ("outcome", "settings"), ("tuning", "settings")} | {
    ("params", other) for other in ("errors", "outcome", "presets", "settings", "tuning")
}
FORBIDDEN = {
    "params": {"torch", "numpy", "napari", "qtpy", "dask", "zarr"},
    "errors": {"torch", "numpy", "napari", "qtpy", "dask", "zarr"},
    "costs": {"torch", "numpy", "napari", "qtpy", "dask", "zarr"},
    "engine": {"napari", "qtpy", "magicgui", "superqt", "dask", "zarr", "tqdm", "tifffile", "PIL"},
    "data": {"torch", "napari", "qtpy", "magicgui", "superqt", "tqdm"},
    "segment": {"napari", "qtpy", "magicgui", "superqt", "tqdm", "tifffile"},
    "report": {"napari", "qtpy", "magicgui", "superqt"},
    "cli": {"qtpy", "magicgui", "superqt", "pyqtgraph"},
}
LAZY_IN_CLI = {"torch", "napari", "numpy", "tifffile", "skimage", "tqdm", "PIL"}

FILE_LINES, FUNCTION_LINES, ARGUMENTS, DEPTH = 300, 60, 6, 3
DEEPER = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def room(module: str) -> str:
    """Return the room of a dotted module name of this package; "" for the package itself."""
    name = module.removeprefix(PACKAGE).lstrip(".").split(".")[0]
    return ROOM_OF_MODULE.get(name, name)


def module_of(path: Path) -> str:
    parts = (PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Yield the absolute name of every module a tree imports, at the top or inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(module.split(".")[: -node.level]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            yield name
            if name == PACKAGE:
                yield from (f"{name}.{alias.name}" for alias in node.names)


def violations(source: str, module: str) -> list[str]:
    """Return the arrows of a module that the house forbids."""
    own, found = room(module), []
    if not own:
        return found
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    for name in imports(ast.parse(source), module):
        if name.split(".")[0] == PACKAGE:
            other = room(name)
            known = other in floor
            down = known and (floor[other] < floor[own] or other == own or (own, other) in NEIGHBOURS)
            if known and not down:
                found.append(f"{module} ({own}) imports {name} ({other})")
        elif name.split(".")[0] in FORBIDDEN.get(own, ()):
            found.append(f"{module} ({own}) imports {name}")
    return found


def test_every_module_has_a_room():
    known = set().union(*FLOORS)
    strangers = [module_of(path) for path in FILES if room(module_of(path)) and room(module_of(path)) not in known]
    assert strangers == [], "give the module a room in FLOORS or ROOM_OF_MODULE"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_arrows_point_one_way(path):
    assert violations(path.read_text(encoding="utf-8"), module_of(path)) == []


def test_cli_module_imports_nothing_heavy_at_the_top():
    tree = ast.parse((ROOT / "cli.py").read_text(encoding="utf-8"))
    top = ast.Module([n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))], [])
    names = set(imports(top, f"{PACKAGE}.cli"))
    assert {n.split(".")[0] for n in names} & LAZY_IN_CLI == set()
    assert {room(n) for n in names if n.startswith(PACKAGE)} <= FLOORS[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.losses", "from napari_backprop_segmentation.data.axes import KNOWN"),
        ("engine.losses", "from ..data.axes import KNOWN"),
        ("engine.losses", "def f():\n    import napari.layers"),
        ("data.files", "from napari_backprop_segmentation.segment import run"),
        ("data.files", "from napari_backprop_segmentation import segment"),
        ("cli", "from napari_backprop_segmentation.gui import widget"),
        ("commands", "from .gui.widget import SegmentationWidget"),
        ("gui.widget", "from napari_backprop_segmentation.watching import watch"),
        ("errors", "from napari_backprop_segmentation.params import Params"),
        ("params", "import numpy as np"),
    ],
)
def test_the_check_finds_what_is_forbidden(module, source):
    assert len(violations(source, f"{PACKAGE}.{module}")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("params", "from napari_backprop_segmentation.errors import ParameterError"),
        ("data.files", "from napari_backprop_segmentation.engine.model import Source"),
        ("data.files", "from .axes import KNOWN"),
        ("gui.widget", "import napari\nfrom ..segment import run"),
        ("commands", "from .watching import watch"),
    ],
)
def test_the_check_lets_the_rest_pass(module, source):
    assert violations(source, f"{PACKAGE}.{module}") == []


def nesting(node: ast.AST, depth: int = 0) -> int:
    """Return how many blocks deep the innermost statement of a function stands; an elif is no deeper than its if."""
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            continue
        is_elif = isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)
        deepest = max(deepest, nesting(child, depth + (isinstance(child, DEEPER) and not is_elif)))
    return deepest


def code_lines(function: ast.AST) -> int:
    """Return the lines of a function without its docstring."""
    docstring = ast.get_docstring(function)
    return function.end_lineno - function.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


def over_budget(source: str, name: str) -> list[str]:
    """Return what in a file is larger than it may be."""
    found = [] if source.count("\n") <= FILE_LINES else [f"{name}: {source.count(chr(10))} lines"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, FUNCTIONS):
            given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            arguments = sum(a.arg not in ("self", "cls") for a in given)
            for what, size, most in [
                ("lines", code_lines(node), FUNCTION_LINES),
                ("arguments", arguments, ARGUMENTS),
                ("levels", nesting(node), DEPTH),
            ]:
                if size > most:
                    found.append(f"{name}:{node.lineno} {node.name}: {size} {what}, at most {most}")
    return found


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_nothing_outgrows_its_budget(path):
    assert over_budget(path.read_text(encoding="utf-8"), path.name) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n" * 301,
        "def f():\n" + "    x = 1\n" * 60,
        "def f(a, b, c, d, *, e, f, g): pass",
        "def f():\n if a:\n  for b in c:\n   with d:\n    if e:\n     pass",
    ],
    ids=["file", "function", "arguments", "nesting"],
)
def test_the_budget_check_finds_what_is_too_large(source):
    assert len(over_budget(source, "made_up.py")) == 1


def test_the_budget_check_counts_fairly():
    documented = 'def f():\n    """One.\n\n    Two.\n    """\n' + "    x = 1\n" * 56
    chain = "def f():\n    if a:\n        pass\n" + "    elif b:\n        pass\n" * 5
    assert over_budget(documented, "a.py") == over_budget(chain, "b.py") == []
