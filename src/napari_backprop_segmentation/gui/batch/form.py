"""What a batch is asked to do: which images, where the labels go, with which settings."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit, PushButton
from qtpy.QtWidgets import QFileDialog, QLabel, QWidget

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.gui.batch.files import Asked
from napari_backprop_segmentation.gui.forms import add_row, make_form, show_row, side_by_side
from napari_backprop_segmentation.gui.result.apply_model import suited
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model

LAYERS, FILES = "layers", "files"
BESIDE, INTO = "beside", "into"
SETTINGS, LOADED, TRAINED = "settings", "loaded", "trained"


def ask_for_folder(parent: QWidget, title: str, folder: str) -> str:
    """Ask for a folder; empty for none."""
    return str(QFileDialog.getExistingDirectory(parent, title, folder))


class BatchForm(QWidget):
    """The controls of a batch.

    Parameters
    ----------
    state : State
        Whose settings and networks are taken.

    Attributes
    ----------
    source, target, use : ComboBox
    folder, pattern, axes, output : LineEdit
    folder_button, output_button : PushButton
    together, measure, overwrite : CheckBox
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.source = ComboBox(
            label="Images",
            choices=[("the selected layers, each on its own", LAYERS), ("the files of a folder", FILES)],
            tooltip="What is segmented, one after the other. Select several layers with Ctrl or Shift in their list.",
        )
        self.folder = LineEdit(label="Folder", tooltip="Where the images are.")
        self.folder_button = PushButton(text="Choose...", tooltip="Choose the folder where the images are.")
        self.pattern = LineEdit(
            label="Pattern",
            value="*",
            tooltip="Which files: *.tif takes those that end so, **/*.tif those in folders below too, * all images.\n"
            "Labels that were made of them are left out.",
        )
        self.axes = LineEdit(
            label="Axes",
            tooltip="One letter an axis, such as TCYX, where the files do not say it themselves: T time, Z depth,\n"
            "C channels, Y height, X width. Empty takes what each file says.",
        )
        self.target = ComboBox(
            label="Labels go",
            choices=[("into a folder", INTO), ("beside the files", BESIDE)],
            tooltip="Where the labels of each file are written, as NAME_labels.tif.",
        )
        self.output = LineEdit(label="Into", tooltip="The folder for the labels; it is made if it is not there.")
        self.output_button = PushButton(text="Choose...", tooltip="Choose the folder for the labels.")
        self.use = ComboBox(
            label="With",
            choices=self._uses,
            tooltip="The settings as they are in the widget when you press Start, and a network trained for each\n"
            "image, or one for all; or a network from a file or of the last run, without training.",
        )
        self.together = CheckBox(
            label="One network for all",
            tooltip="Train one network on all images together, then label each of them with it. Classes, and kinds\n"
            "that are drawn on any of the layers, then mean the same in all of them: one number for alike things.",
        )
        self.measure = CheckBox(
            label="Measure",
            value=True,
            tooltip="Measure every object. Of files: a table beside the labels of each, and batch_table.csv of all.\n"
            "batch_summary.csv says how each file ended.",
        )
        self.overwrite = CheckBox(
            label="Overwrite",
            tooltip="Do everything again, and write over files of these names whatever they are. Without it, what\n"
            "is done already stays as it is, and what you have edited is never written over.",
        )
        self._rows: list[tuple[QLabel, Any]] = []
        self._lay_out()
        for control in (self.source, self.target, self.use):
            control.changed.connect(self._show)
        self.folder_button.changed.connect(lambda _: self._choose(self.folder, "The folder of the images"))
        self.output_button.changed.connect(lambda _: self._choose(self.output, "The folder for the labels"))
        for signal in self._signals():
            signal.connect(self._offer)
        self._show()

    def lock(self, locked: bool) -> None:
        """Let nothing be changed, or everything again."""
        self.setEnabled(not locked)

    def disconnect_state(self) -> None:
        """Hear of no networks any more."""
        for signal in self._signals():
            signal.disconnect(self._offer)

    def _signals(self) -> tuple[Any, ...]:
        events = self._state.events
        return events.model, events.result, events.labels

    @property
    def settings(self) -> "tuple[Params, Model | None]":
        """The settings, and the network where there is one."""
        params, loaded, result = self._state.settings, self._state.model, self._result()
        if self.use.value == LOADED and loaded is not None:
            return suited(params, loaded.model), loaded.model
        if self.use.value == TRAINED and result is not None and result.model is not None:
            return suited(params, result.model), result.model
        return params, None

    @property
    def one_network(self) -> bool:
        """Whether one network is trained on all images."""
        return bool(self.together.value) and self.use.value == SETTINGS

    def files(self) -> Asked:
        """Return what is asked of a folder.

        Raises
        ------
        ParameterError
            If a folder is missing.
        """
        folder, output = str(self.folder.value).strip(), str(self.output.value).strip()
        into = self.target.value == INTO
        if not folder:
            raise ParameterError("Choose the folder of the images first.")
        if into and not output:
            raise ParameterError("Choose the folder for the labels first, or let them go beside the files.")
        params, model = self.settings
        where = Path(output).expanduser() if into else None
        return Asked(
            Path(folder).expanduser(),
            str(self.pattern.value),
            str(self.axes.value),
            where,
            params,
            model,
            bool(self.measure.value),
            bool(self.overwrite.value),
            self.one_network,
        )

    def _uses(self, _: Any = None) -> list[tuple[str, str]]:
        found = [("the settings of the widget", SETTINGS)]
        loaded, result = self._state.model, self._result()
        if loaded is not None:
            found.append((f"the loaded network '{loaded.name}'", LOADED))
        if result is not None and result.model is not None:
            found.append((f"the network trained on '{result.run_input.name}'", TRAINED))
        return found

    def _result(self) -> Any:
        return self._state.target_result or self._state.result

    def _offer(self, _: Any = None) -> None:
        self.use.reset_choices()

    def _choose(self, control: LineEdit, title: str) -> None:
        if path := ask_for_folder(self, title, str(control.value)):
            control.value = path

    def _show(self, _: Any = None) -> None:
        files = self.source.value == FILES
        self.together.enabled = self.use.value == SETTINGS
        for label, control in self._rows:
            show_row(label, control, files and (control is not self.output or self.target.value == INTO))

    def _lay_out(self) -> None:
        form = make_form()
        self.setLayout(form)
        for button in (self.folder_button, self.output_button):
            button.native.setAutoDefault(False)
        add_row(form, self.source)
        beside: Callable[[LineEdit], Any] = {
            id(self.folder): self.folder_button.native,
            id(self.output): self.output_button.native,
        }.get  # type: ignore[assignment]
        for control in (self.folder, self.pattern, self.axes, self.target, self.output):
            self._rows.append((add_row(form, control, beside(id(control))), control))  # type: ignore[arg-type]
        add_row(form, self.use)
        for tick in (self.together, self.measure, self.overwrite):
            tick.text = tick.label
        form.addRow("", self.together.native)
        form.addRow("", side_by_side([self.measure, self.overwrite]))
        self.pattern.native.setPlaceholderText("*")
        self.axes.native.setPlaceholderText("as each file says")
