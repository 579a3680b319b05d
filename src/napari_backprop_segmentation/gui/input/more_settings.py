"""All further settings, folded at first, and a field that finds one among them."""

from collections.abc import Callable
from dataclasses import Field
from typing import Any

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.forms import Folded, add_row, make_form, show_row
from napari_backprop_segmentation.gui.input.controls import Controls
from napari_backprop_segmentation.params.params import Params

GROUP_TITLES = {
    "objects": "Objects",
    "regions": "Regions",
    "teaching": "Strokes",
    "training": "Training",
    "axes": "Volumes and time",
    "network": "Network",
    "loss": "Losses",
    "superpixels": "Superpixels and comparisons",
    "input": "Input",
    "run": "Run",
}
RESET = "Preset and settings as they were at first. They are remembered from session to session."
NONE = "No setting has this in its name or description."


class MoreSettings:
    """The settings that are not shown at once, under the titles of their groups.

    Parameters
    ----------
    controls : Controls
    reset : callable
        Brings all settings back to where they were at first.

    Attributes
    ----------
    folded : Folded
    search : QLineEdit
    reset_button : QPushButton
    """

    def __init__(self, controls: Controls, reset: Callable[[], None] = lambda: None) -> None:
        self._controls = controls
        self._groups: dict[str, tuple[QLabel, list[Field[Any]]]] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a setting, such as seed")
        self.search.setAccessibleName("Find a setting")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip(RESET)
        self._reset = reset
        self.reset_button.clicked.connect(self._on_reset)
        self._none = QLabel(NONE)
        self._none.hide()
        content, rows = QWidget(), QWidget()
        form = make_form()
        rows.setLayout(form)
        for group in Params.groups():
            self._add(form, group)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.reset_button)
        layout.addLayout(row)
        for part in (self._none, rows):
            layout.addWidget(part)
        self.folded = Folded("More settings", content)

    def _on_reset(self) -> None:
        self._reset()

    def _add(self, form: QFormLayout, group: str) -> None:
        members = [setting for setting in Params.groups()[group] if not setting.metadata.get("first")]
        if not members:
            return
        heading = QLabel(f"<b>{GROUP_TITLES.get(group, group.capitalize())}</b>")
        form.addRow(heading)
        for setting in members:
            name = setting.name
            self._controls.titles[name] = add_row(form, self._controls[name], self._controls.beside.get(name))
        self._groups[group] = heading, members

    def _find(self, text: str) -> None:
        """Show the settings that every word is found in, and the titles of their groups."""
        words = text.lower().split()
        some = False
        for heading, members in self._groups.values():
            found = [setting for setting in members if matches(setting, words)]
            for setting in members:
                show_row(self._controls.titles[setting.name], self._controls[setting.name], setting in found)
            heading.setVisible(bool(found))
            some = some or bool(found)
        self._none.setVisible(not some)


def matches(setting: "Field[Any]", words: list[str]) -> bool:
    """Return whether all words, in lower case, are part of a setting's name, title or description."""
    text = f"{setting.name} {setting.metadata['title']} {setting.metadata['description']}".lower()
    return all(word in text for word in words)
