"""The window *Compute on...*: this computer, or the workers of a dask cluster."""

from contextlib import suppress
from typing import Any

from magicgui.widgets import ComboBox, LineEdit, PushButton
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QDialog, QFileDialog, QLabel, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.background import start
from napari_backprop_segmentation.gui.forms import SPACING, add_row, make_form, show_row, text_label
from napari_backprop_segmentation.gui.run import cluster
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.pipeline.cluster import installed

TITLE = "Compute on..."
TOOLTIP = "Where images that do not fit the memory, and batches of files, are computed: here, or on a dask cluster."
HERE, CLUSTER = "this computer", "a dask cluster"
ABOUT = (
    "Images that do not fit the memory, block by block, and the files of a batch can be done by the workers of a dask "
    "cluster. They must see the files under the same names. Everything else is done on this computer."
)
MISSING = 'For a cluster, install dask.distributed first: pip install "napari-backprop-segmentation[cluster]"'
NO_ADDRESS = "Write the address of the scheduler first, such as tcp://10.0.0.1:8786, or choose its file."
WIDTH = 460


def ask_for_file(parent: QWidget) -> str:
    """Ask for the file in which a scheduler has written where it is; empty for none."""
    return str(QFileDialog.getOpenFileName(parent, "The file of the scheduler", "", "JSON (*.json);;All files (*)")[0])


class ComputeOn(QDialog):
    """Connects to a cluster in a thread, and says how that went; the window can be closed meanwhile.

    Parameters
    ----------
    parent : QWidget
    state : State
        Is told which cluster there is.

    Attributes
    ----------
    where : ComboBox
    address : LineEdit
    file_button, connect_button : PushButton
    """

    def __init__(self, parent: QWidget, state: State) -> None:
        super().__init__(parent)
        self._state = state
        self._connecting = self._abandoned = False
        known = state.cluster
        self.where = ComboBox(
            label="Compute on",
            choices=[HERE, CLUSTER] if installed() or known is not None else [HERE],
            value=HERE if known is None else CLUSTER,
            tooltip=TOOLTIP,
        )
        self.address = LineEdit(
            label="Scheduler",
            value="" if known is None else known.address,
            tooltip="Address of a dask scheduler, as it says when it starts, or the path of its scheduler file.",
        )
        self.file_button = PushButton(text="Choose file...", tooltip="Choose the file that dask scheduler has written.")
        self.connect_button = PushButton(text="Connect", tooltip="Connect now; the window stays usable meanwhile.")
        self._status = text_label()
        self._row = QLabel()
        self.setWindowTitle(TITLE)
        self._lay_out()
        self.where.changed.connect(self._choose)
        self.file_button.changed.connect(self._choose_file)
        self.connect_button.changed.connect(self.connect_now)
        self._show("" if installed() else MISSING)

    @property
    def status(self) -> str:
        """What is going on, in words."""
        return str(self._status.text())

    @property
    def connecting(self) -> bool:
        """Whether an answer is waited for."""
        return self._connecting

    def connect_now(self, *_: Any) -> None:
        """Connect to the cluster that is written down."""
        address = str(self.address.value).strip()
        if self._connecting:
            return
        if not address:
            self._show(NO_ADDRESS)
            return
        self._connecting = True
        self._show(f"Connecting to {address}...")
        start(cluster.connected, address, then=self._on_connected)

    def abandon(self) -> None:
        """Go for good: nobody is left to tell. What is connected to stays so for the rest of the session."""
        self._abandoned = True
        with suppress(RuntimeError):  # the window, and this one with it, may be gone
            self.hide()
            self.deleteLater()

    def _on_connected(self, outcome: "cluster.Cluster | Failure") -> None:
        self._connecting = False
        if self._abandoned:
            if isinstance(outcome, cluster.Cluster):
                self._drop(outcome)
            return
        if isinstance(outcome, Failure):
            self._show(sentence(str(outcome.error) or type(outcome.error).__name__))
            return
        if self.where.value == HERE:  # the user has changed their mind
            self._drop(outcome)
            return
        self._take(outcome)
        self._show(" ".join(map(sentence, (f"connected to {outcome.in_words()}", *outcome.remarks))))

    def _choose(self, where: str) -> None:
        if where == HERE and self._state.cluster is not None:
            self._take(None)
        self._show()

    def _take(self, taken: "cluster.Cluster | None") -> None:
        before = cluster.use(taken)
        self._state.compute_on(taken)
        if before is not None:
            self._drop(before)

    def _drop(self, left: "cluster.Cluster") -> None:
        start(left.close, then=lambda _: None)

    def _choose_file(self, *_: Any) -> None:
        if path := ask_for_file(self):
            self.address.value = path

    def _show(self, text: str = "") -> None:
        asked = self.where.value == CLUSTER
        known = self._state.cluster
        if asked and not text and known is not None:
            text = sentence(f"connected to {known.in_words()}")
        show_row(self._row, self.address, asked)
        self.connect_button.native.setVisible(asked)
        self.connect_button.enabled = self.address.enabled = not self._connecting
        self._status.setText(text)
        self._status.setVisible(bool(text))
        self._fit()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Make room for all words: only now the letters are as large as they will be."""
        self._fit()
        super().showEvent(event)

    def _fit(self) -> None:
        """Be as high as the words need."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.setFixedSize(WIDTH, layout.totalHeightForWidth(WIDTH))

    def _lay_out(self) -> None:
        about = text_label()
        about.setText(ABOUT)
        form = make_form()
        add_row(form, self.where)
        self._row = add_row(form, self.address, self.file_button.native)
        for button in (self.file_button, self.connect_button):
            button.native.setAutoDefault(False)
        self.address.native.setPlaceholderText("tcp://10.0.0.1:8786, or a file")
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * SPACING)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self.connect_button.native)
        layout.addWidget(self._status)
