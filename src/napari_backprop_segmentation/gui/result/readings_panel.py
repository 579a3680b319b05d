"""The button *Other readings...*, and the pictures it brings: a click on one makes it the result."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from napari.qt.threading import create_worker
from napari.utils.notifications import ErrorNotification, notification_manager
from numpy.typing import NDArray
from qtpy.QtCore import QRect, QSignalBlocker, QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap, QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.background import ClosingWorker
from napari_backprop_segmentation.gui.result.readings import (
    NONE_FOUND,
    Choice,
    Looked,
    has_readings,
    like,
    look,
    own_labels,
    take,
    tints_of,
)
from napari_backprop_segmentation.gui.run.worker import Failure, Listener
from napari_backprop_segmentation.gui.state import Phase, State
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.pipeline.messages import count, is_doubtful

if TYPE_CHECKING:
    from napari.viewer import Viewer

SIDE = 96
MARGIN = 8
CALLS = {"ask": "Other readings...", "wait": "Looking...", "hide": "Hide other readings"}
TOOLTIP = (
    "The same image can be read in several ways: bright things, dark things, what lines enclose.\n"
    "Shows up to six of them as small pictures; a click makes one the result, without another run.\n"
    "Takes the Labels layer that is selected, else the newest of the image."
)
STYLE = (
    "QListWidget { border: none; background: transparent }"
    "QListWidget::item { border: 2px solid transparent; border-radius: 4px; padding: 1px }"
    "QListWidget::item:hover { background: rgba(128, 128, 128, 60) }"
    "QListWidget::item:selected { border: 2px solid #f2b134; background: rgba(242, 177, 52, 50) }"
)


class PictureList(QListWidget):
    """Pictures with words below, as many beside each other as there is room for; as high as need be."""

    def __init__(self) -> None:
        super().__init__()
        self._tallest = 1.0  # height of pictures by their longer side: no empty room below those of wide images
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        for set_bar in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            set_bar(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # all of it is shown
        self.setWordWrap(True)
        self.setStyleSheet(STYLE)
        self.setAccessibleName("Other readings")
        self.setAccessibleDescription(
            "Small pictures of what can be seen in the image; choosing one makes it the result"
        )

    def fill(self, choices: tuple[Choice, ...]) -> None:
        """Show these choices instead of others."""
        self.clear()
        self._tallest = max((choice.picture.shape[0] / max(choice.picture.shape[:2]) for choice in choices), default=1)
        for choice in choices:
            item = QListWidgetItem(_icon(choice.picture), choice.words)
            item.setToolTip(choice.explained)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, choice.words)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, choice.explained)
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            self.addItem(item)
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Take the height that the pictures need at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Share the width among the pictures of a row, which may become a little smaller for it."""
        width = max(self.width() - 2 * self.frameWidth() - 1, 1)  # one that is filled to the brim wraps
        columns = max(1, round(width / (SIDE + MARGIN)))
        rows = max(1, -(-self.count() // columns))
        cell = width // columns
        side = max(1, min(SIDE, cell - MARGIN))
        height = max(1, round(side * self._tallest))
        self.setIconSize(QSize(side, height))
        height += self._words_high(cell - 2 * MARGIN) + 2 * MARGIN
        self.setGridSize(QSize(cell, height))
        self.setFixedHeight(rows * height + MARGIN // 2)

    def _words_high(self, width: int) -> int:
        """Return the height of the longest words below a picture, wrapped to a width."""
        metrics, room = self.fontMetrics(), QRect(0, 0, max(width, 1), 1000)
        items = [item for row in range(self.count()) if (item := self.item(row)) is not None]
        return max(
            (metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, item.text()).height() for item in items), default=0
        )


class ReadingsPanel:
    """Other readings of the labels that are selected, else of the newest of the image that is chosen.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State

    Attributes
    ----------
    box : QWidget
        Hidden while there is no result that may be read in another way.
    button : PushButton
    pictures : PictureList
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state, self._asked = viewer, state, True
        self.button = PushButton(text=CALLS["ask"], tooltip=TOOLTIP)
        self.button.changed.connect(self.toggle)
        self.pictures = PictureList()
        self.pictures.currentRowChanged.connect(self.take)
        self.pictures.itemClicked.connect(self._take_clicked)
        self.box = QWidget()
        layout = QVBoxLayout(self.box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button.native)
        layout.addWidget(self.pictures)
        events = state.events
        for signal in (events.result, events.labels, events.phase, events.readings, events.taken):
            signal.connect(self._update)
        events.readings.connect(self._fill)
        events.phase.connect(self._look_where_unsure)
        self._update()

    def toggle(self, *_: Any) -> None:
        """Look for other readings, or hide those that are shown."""
        if self._state.readings is not None:
            self._state.hide_readings()
        else:
            self._look()

    def _look_where_unsure(self, phase: Phase) -> None:
        """Show the pictures by themselves after a run that is not sure of its result."""
        result = self._state.target_result
        doubtful = result is not None and is_doubtful(result.segmentation.record)
        if phase is Phase.DONE and doubtful and self._state.readings is None:
            self._look(asked=False)

    def _look(self, asked: bool = True) -> None:
        self._asked = asked
        if (result := self._state.look()) is not None:
            preferred = self._state.preferred.get(like(result.run_input), "")
            given = (result.segmentation, result.run_input, own_labels(result), tints_of(result.layers), preferred)
            listener = Listener(returned=self._on_looked)
            create_worker(look, *given, _connect=listener.slots, _worker_class=ClosingWorker)

    def take(self, row: int) -> None:
        """Make what is shown in a row the result."""
        readings, result = self._state.readings, self._state.target_result
        if readings is None or not readings.choices or result is None or row < 0:
            return
        choice = readings.choices[row]
        taken = take(self._viewer, result, choice)
        if taken is not None:
            self._state.preferred[like(result.run_input)] = choice.name
            self._state.take(taken, choice.status)

    def _take_clicked(self, item: QListWidgetItem) -> None:
        """Take what was chosen before: of labels that were edited since, the unedited ones."""
        result = self._state.target_result
        if result is not None and result.edited:
            self.take(self.pictures.row(item))

    def _on_looked(self, looked: Looked) -> None:
        if isinstance(looked.outcome, Failure):
            error = looked.outcome.error
            text = str(error) or type(error).__name__
            self._state.offer(looked.segmentation, (), f"Other readings could not be looked for: {sentence(text)}")
            if not isinstance(error, SegmentationError):  # a defect of ours: with the traceback to report
                notification_manager.dispatch(ErrorNotification(error))
            return
        text = NONE_FOUND if self._asked else ""
        if looked.outcome and self._asked:
            text = f"{count(len(looked.outcome) - 1, 'other reading')} found. A click on a picture makes it the result."
        self._state.offer(looked.segmentation, looked.outcome, text)

    def _fill(self, _: Any = None) -> None:
        readings = self._state.readings
        choices = readings.choices if readings is not None else None
        with QSignalBlocker(self.pictures):
            self.pictures.fill(choices or ())
        self.pictures.setVisible(bool(choices))
        self._update()

    def _update(self, _: Any = None) -> None:
        """Say what the button does now, and mark what is shown."""
        state, readings = self._state, self._state.readings
        self.box.setVisible(has_readings(state.target_result) and not state.busy)
        waiting = readings is not None and readings.choices is None
        self.button.text = CALLS["ask" if readings is None else "wait" if waiting else "hide"]
        self.button.enabled = not waiting
        self.pictures.setVisible(readings is not None and not waiting)
        result = state.target_result
        if readings is None or readings.choices is None or result is None:
            return
        numbers = [choice.number for choice in readings.choices]
        with QSignalBlocker(self.pictures):
            self.pictures.setCurrentRow(numbers.index(result.reading) if result.reading in numbers else -1)


def _icon(picture: NDArray[Any]) -> QIcon:
    """Return a picture as an icon; of a long one all is shown."""
    rows, columns = picture.shape[:2]
    image = QImage(picture.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
    pixmap = QPixmap.fromImage(image)
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else the style veils a selected one
        icon.addPixmap(pixmap, mode)
    return icon
