"""The button *Draw strokes*, and what belongs to it: kinds, what strokes mean, what they have changed, doubt."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, PushButton
from napari.layers import Labels
from qtpy.QtCore import QSignalBlocker
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.forms import add_row, make_form
from napari_backprop_segmentation.gui.help import show_help
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.teach import strokes_layer
from napari_backprop_segmentation.gui.teach.beside import Beside
from napari_backprop_segmentation.gui.teach.keeping import Keeping
from napari_backprop_segmentation.gui.teach.kinds_table import KindsTable
from napari_backprop_segmentation.gui.teach.layer_choice import NONE, LayerChoice
from napari_backprop_segmentation.gui.teach.live import Live

if TYPE_CHECKING:
    from napari.viewer import Viewer

MEANINGS = (
    ("Kinds: alike pixels follow", "kinds"),
    ("Objects: kind 1, divided", "objects"),
    ("One object each: regions follow", "pieces"),
    ("Loss of the network, in a run", "network"),
)
TOOLTIP = (
    "Paint a little of what there is to tell apart, such as an object and the ground: the result follows.\n"
    "- Before a run strokes count in the run, during it from the next iteration on, after it at once.\n"
    "- 1 or E: eraser. 2 or P: brush. 6 or Z: move the picture. [ and ]: size of the brush. - and =: other kind.\n"
    "- M: one more kind. Ctrl+Z takes back a stroke. N goes to the next doubtful place.\n"
    "Drawn in a layer of its own, which is kept for the next time."
)
OFFER = "Take up the strokes of last time"


class StrokesPanel:
    """Draws strokes on the chosen image.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State

    Attributes
    ----------
    button, help_button : PushButton
        Open and fold what belongs to strokes; say what it is for.
    row : QWidget
        Both beside each other.
    box : QWidget
        What is shown while it is open.
    layer : ComboBox
        What is drawn in.
    kinds : KindsTable
    meaning : ComboBox
    changes, doubt : CheckBox
    next_button, offer_button, kind_button : PushButton
    choice : LayerChoice
    live : Live
    keeping : Keeping
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state, self._drawing = viewer, state, state.drawing
        self._shown_in: Labels | None = None
        self.box, self.row = QWidget(), QWidget()
        self.choice = LayerChoice(viewer, state, self.box)
        self.live = Live(viewer, state, self.box)
        self.keeping = Keeping(self._drawing, self.box, self._show_offer)
        self._make()
        self.beside = Beside(viewer, state, self.live, self.box, self.next_button)
        self._lay_out()
        self._connect()
        self.choice.follow_input()
        self._show()

    def toggle(self, wanted: bool) -> None:
        """Open what belongs to strokes and take the brush, or fold it and put the brush away."""
        self.choice.open() if wanted else self.choice.close()

    def add_kind(self, *_: Any) -> None:
        """Name one more kind, and draw it next."""
        if self._drawing.layer is not None:
            strokes_layer.add_kind(self._drawing.layer, self._drawing.seen.counts)
            self._show_kinds()
            self.choice.take_brush()

    def take_up(self, *_: Any) -> None:
        """Draw what was drawn on such an image the last time."""
        if not self.keeping.take_up():
            self._state.note("The strokes of last time cannot be read any more.")
        self._show_kinds()

    def close(self) -> None:
        """Let go of the viewer; what is drawn stays in its layer."""
        self.keeping.close()
        self.choice.close()
        self.live.close()
        self.beside.close()

    def disconnect(self) -> None:
        """Let go of the viewer for good."""
        self.keeping.stop()
        self.live.close()
        self._listen_to(None)
        self.choice.disconnect()

    # Making

    def _make(self) -> None:
        self.button = PushButton(text="Draw strokes", tooltip=TOOLTIP)
        self.button.native.setCheckable(True)
        self.button.native.setAccessibleDescription(TOOLTIP)
        self.button.native.toggled.connect(self.toggle)
        self.help_button = PushButton(text="?", tooltip="What to use when, and the keys.")
        self.help_button.native.setAccessibleName("Help on teaching")
        self.help_button.native.setFixedWidth(28)
        self.help_button.changed.connect(self._help)
        self.layer = ComboBox(
            label="Draw in",
            choices=self.choice.choices,
            tooltip="The Labels layer that is drawn in: a new one, or any that has the shape of the image.\n"
            "With 'none' strokes do not count.",
        )
        self.layer.changed.connect(self.choice.choose)
        self.kind_button = PushButton(text="+ kind", tooltip="One more kind to draw (M: a number not used yet).")
        self.kind_button.changed.connect(self.add_kind)
        self.kinds = KindsTable(self._choose_kind, self._rename, self._ask_colour)
        self.meaning = ComboBox(
            label="They show",
            choices=list(MEANINGS),
            value=self._state.params.strokes_as,
            tooltip="What strokes mean.\n- Kinds: every pixel gets the kind of stroke that it is most like.\n"
            "- Objects: the same, and what is of kind 1 is divided into objects and numbered.\n"
            "- One object each: regions that one stroke crosses become one, a region that several cross is divided.\n"
            "- Only the network: an additional loss while it is trained (Kim 2020).",
        )
        self.meaning.changed.connect(self._meaning_chosen)
        self.changes = CheckBox(text="Changes", tooltip="Show in pink what the last stroke has changed.")
        self.doubt = CheckBox(text="Doubtful", tooltip="Show how doubtful each pixel is: the brighter, the more.")
        self.next_button = PushButton(
            text="Next doubtful", tooltip="Go to the place where a stroke would help most, then to the next one (N)."
        )
        self.offer_button = PushButton(
            text=OFFER, tooltip="Draw what was drawn on an image of this name and size before. Ctrl+Z takes it back."
        )
        self.offer_button.changed.connect(self.take_up)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self.row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button.native, 1)
        row.addWidget(self.help_button.native)
        form = make_form()
        title = add_row(form, self.layer)
        title.setBuddy(self.layer.native)
        form.addRow(self.kinds)
        add_row(form, self.meaning).setBuddy(self.meaning.native)
        tools = QHBoxLayout()
        for tool in (self.kind_button, self.changes, self.doubt, self.next_button):
            tools.addWidget(tool.native)
        layout = QVBoxLayout(self.box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addLayout(tools)
        layout.addWidget(self.offer_button.native)
        self.box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _connect(self) -> None:
        events, drawing = self._state.events, self._drawing.events
        events.params.connect(self._show_meaning)
        events.phase.connect(self._show_meaning)
        for signal in (drawing.on, drawing.layer):
            signal.connect(self._show)
        drawing.seen.connect(self._show_kinds)
        self.changes.changed.connect(self.beside.show_changes)
        self.doubt.changed.connect(self.beside.show_doubt)

    # What is seen

    def _show(self, _: Any = None) -> None:
        drawing = self._drawing
        with QSignalBlocker(self.button.native):
            self.button.native.setChecked(drawing.on)
        self.box.setVisible(drawing.on)
        with self.layer.changed.blocked():
            self.layer.reset_choices()
            self.layer.value = drawing.layer if drawing.layer is not None else NONE
        self._listen_to(drawing.layer)
        self._show_kinds()
        self._show_meaning()

    def _listen_to(self, layer: Labels | None) -> None:
        """Hear of the brush and the colours of a layer, and of no other."""
        if layer is self._shown_in:
            return
        for heard, connects in ((self._shown_in, False), (layer, True)):
            if heard is not None:
                chosen, colours = heard.events.selected_label, heard.events.colormap
                for emitter, slot in ((chosen, self._show_brush), (colours, self._show_colours)):
                    emitter.connect(slot) if connects else emitter.disconnect(slot)
        self._shown_in = layer

    def _show_kinds(self, _: Any = None) -> None:
        layer = self._drawing.layer
        there = layer is not None
        self.kinds.setVisible(there)
        for control in (self.kind_button, self.changes, self.doubt, self.next_button):
            control.enabled = there
        if layer is not None:
            self.kinds.fill(strokes_layer.kinds_of(layer, self._drawing.seen.counts), layer.selected_label)
        self._show_offer()

    def _show_brush(self, _: Any = None) -> None:
        if self._drawing.layer is not None:
            self.kinds.choose(self._drawing.layer.selected_label)

    def _show_colours(self, _: Any = None) -> None:
        self._show_kinds()
        self.beside.recolour()

    def _show_meaning(self, _: Any = None) -> None:
        self.meaning.enabled = not self._state.busy
        with self.meaning.changed.blocked():
            self.meaning.value = self._state.params.strokes_as

    def _show_offer(self) -> None:
        self.offer_button.native.setVisible(self.keeping.offered())

    # What the user does

    def _meaning_chosen(self, meaning: str) -> None:
        self._state.change("strokes_as", meaning)

    def _choose_kind(self, number: int) -> None:
        layer = self._drawing.layer
        if layer is not None:
            layer.selected_label = number
            self.choice.take_brush()

    def _rename(self, number: int, name: str) -> None:
        if self._drawing.layer is not None:
            strokes_layer.rename(self._drawing.layer, number, name)
            self._show_kinds()
            self.beside.recolour()

    def _ask_colour(self, number: int) -> None:
        layer = self._drawing.layer
        if layer is None:
            return
        before = QColor.fromRgbF(*strokes_layer.colour_of(layer, number))
        chosen = QColorDialog.getColor(before, self.box, "Colour of the kind")
        if chosen.isValid():
            strokes_layer.recolour(layer, number, (chosen.redF(), chosen.greenF(), chosen.blueF()))

    def _help(self, _: Any = None) -> None:
        show_help(self.box)
