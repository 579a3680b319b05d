"""What holds for every file of the window."""

import ast
from pathlib import Path

import pytest

from napari_backprop_segmentation import gui

PACKAGE = "napari_backprop_segmentation"
ROOT = Path(gui.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MOST_IMPORTED = 10  # modules of ours; more are brought together in one place only
WIRING = "widget.py"


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are written out"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_module(name):
    path = ROOT.parent.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").exists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_brings_few_modules_together_and_knows_neither_torch_nor_the_command_line(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(imported(tree))
    assert not {name for name in names if name.split(".")[0] == "torch"}
    assert not {name for name in names if name.startswith(f"{PACKAGE}.cli")}
    ours = {name for name in names if name.startswith(f"{PACKAGE}.") and is_module(name)}
    assert path.name == WIRING or len(ours) <= MOST_IMPORTED, sorted(ours)


def test_nothing_is_a_flag_against_being_called_again():
    """What a widget does itself is kept from its own ears by blocking a signal, never by a flag."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert not [name for name in ("_showing", "_filling", "_locked", "_wants_pause") if name in text], path
