"""A list of channels by their names, with a tick for each that goes in."""

from napari.layers import Image
from psygnal import Signal
from qtpy.QtCore import QSignalBlocker, QSize, Qt
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QSizePolicy

from napari_backprop_segmentation.gui.input.channel_names import channel_names

LABEL = "Channels"
TOOLTIP = (
    "Which channels the network looks at: those with a tick.\nArrow keys go along the list, the space bar sets a tick."
)
MOST_ROWS = 4  # further ones are scrolled to
STYLE = "QListWidget::item { padding: 1px }"


class ChannelTicks:
    """The list.

    Attributes
    ----------
    native : QListWidget
    label, tooltip : str
    changed : Signal
        The user has set or taken away a tick.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.label, self.tooltip = LABEL, TOOLTIP
        self.native = _List()
        self.native.setAccessibleName(LABEL)
        self.native.setToolTip(TOOLTIP)
        self.native.itemChanged.connect(lambda _: self.changed.emit())

    @property
    def value(self) -> tuple[int, ...] | None:
        """The channels with a tick, from 0; None where all have one."""
        ticks = [item.checkState() == Qt.CheckState.Checked for item in self._items()]
        return None if all(ticks) else tuple(i for i, tick in enumerate(ticks) if tick)

    @property
    def names(self) -> tuple[str, ...]:
        """What can be ticked."""
        return tuple(item.text() for item in self._items())

    @property
    def enabled(self) -> bool:
        """Whether ticks can be changed."""
        return bool(self.native.isEnabled())

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self.native.setEnabled(enabled)

    def show(self, layer: Image, axis: int, count: int, value: tuple[int, ...] | None) -> None:
        """Show so many channels along an axis of a layer, and ticks, without telling."""
        names = channel_names(layer, axis, count)
        with QSignalBlocker(self.native):
            if names != self.names:
                self.native.clear()
                self.native.addItems(list(names))
                self.native.setCurrentRow(0)
            for number, item in enumerate(self._items()):
                ticked = value is None or number in value
                item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self.native.updateGeometry()

    def tick(self, number: int, ticked: bool = True) -> None:
        """Set the tick of a channel, from 0, or take it away, as the user does."""
        item = self._items()[number]
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def _items(self) -> list[QListWidgetItem]:
        return [item for row in range(self.native.count()) if (item := self.native.item(row)) is not None]


class _List(QListWidget):
    """A list as high as its rows, up to some."""

    def __init__(self) -> None:
        super().__init__()
        self.setStyleSheet(STYLE)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(0)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the height of the rows that are shown at once."""
        rows = min(self.count(), MOST_ROWS)
        row = max(self.sizeHintForRow(0), self.fontMetrics().height())
        return QSize(super().sizeHint().width(), rows * row + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return no less."""
        return QSize(0, self.sizeHint().height())
