"""What is going on while the user points at examples, as one evented object; no Qt and no layers here."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from psygnal import Signal, SignalGroup

from napari_backprop_segmentation.gui.teach.examples import KINDS, Example, Examples, Kind
from napari_backprop_segmentation.gui.teach.pointer import Pointer, point_at
from napari_backprop_segmentation.teaching.pointed import Place

if TYPE_CHECKING:
    from napari_backprop_segmentation.gui.result.layer_result import LayerResult
    from napari_backprop_segmentation.pipeline.finder import Finder

NAMES = {"examples": "example", "counter_examples": "counter-example"}


class TeachingEvents(SignalGroup):
    """One signal for each attribute of `Teaching`."""

    result = Signal(object)
    finder = Signal(object)
    examples = Signal(object)
    pointer = Signal(object)


class Teaching:
    """The mode in which clicks make examples.

    Attributes
    ----------
    events : TeachingEvents
    result : LayerResult, optional
        Whose objects are looked for; None while the mode is off.
    finder : Finder, optional
        None while it is being made.
    examples : Examples
        Those of the result.
    pointer : Pointer, optional
        What is under the mouse.
    """

    def __init__(self) -> None:
        self.events = TeachingEvents(self)
        self.result: LayerResult | None = None
        self.finder: Finder | None = None
        self.examples = Examples()
        self.pointer: Pointer | None = None

    @property
    def on(self) -> bool:
        """Whether the mode is on."""
        return self.result is not None

    def begin(self, result: "LayerResult") -> None:
        """Turn the mode on, or go on with another layer of the same run."""
        if result is self.result:
            return
        same = self.result is not None and self.result.segmentation is result.segmentation
        self.result, self.pointer = result, None
        self.finder = self.finder if same else None
        self.examples = result.examples or Examples()
        for signal in (self.events.result, self.events.finder, self.events.pointer, self.events.examples):
            signal.emit(None)

    def ready(self, finder: "Finder") -> None:
        """Take what finds alike objects: from now on the user can point."""
        self.finder = finder
        self.events.finder.emit(finder)

    def end(self) -> None:
        """Turn the mode off; the examples stay with the result."""
        if self.result is None:
            return
        self.result = self.finder = self.pointer = None
        self.examples = Examples()
        for signal in (self.events.result, self.events.finder, self.events.pointer, self.events.examples):
            signal.emit(None)

    # The mouse

    def point(self, place: Place | None) -> None:
        """Take note of the pixel under the mouse; None outside of the image."""
        if self.finder is None or (self.pointer is not None and self.pointer.place == place):
            return
        self._point(None if place is None else point_at(self.finder, place, self.pointer))

    def larger(self) -> None:
        """Take the next larger object around the pixel under the mouse."""
        if self.pointer is not None:
            self._point(self.pointer.larger())

    def smaller(self) -> None:
        """Take the next smaller object around the pixel under the mouse."""
        if self.pointer is not None:
            self._point(self.pointer.smaller())

    def _point(self, pointer: Pointer | None) -> None:
        if pointer is not self.pointer:
            self.pointer = pointer
            self.events.pointer.emit(pointer)

    # The examples

    def click(self, kind: Kind) -> str:
        """Make an example of what is under the mouse, or take back the one that is there.

        Returns
        -------
        str
            Why that cannot be; nothing if it is done.
        """
        finder, pointer = self.finder, self.pointer
        if finder is None or pointer is None:
            return ""
        if (there := self.marked(pointer.place)) is not None:
            self._change(self.examples.without(there[0]))
            return ""
        if pointer.node is None:
            try:
                finder.node(pointer.place, kind)
            except ValueError as error:  # said in the words of the finder
                return str(error)
            return ""
        if refused := self._refused(kind, pointer.node):
            return refused
        self._change(self.examples.added(Example(pointer.place, pointer.node, pointer.size), kind))
        return ""

    def marked(self, place: Place) -> tuple[Example, Kind] | None:
        """Return the example or counter-example at a pixel, and which it is."""
        return self._first(lambda example, _: self._holds(example.node, place))

    def _refused(self, kind: Kind, node: int) -> str:
        """Return why a node cannot be an example beside the others; nothing if it can."""
        other = self._first(lambda example, of: self._holds(node, example.place) and (of != kind or kind == "examples"))
        if other is None:
            return ""
        example, of = other
        at = ", ".join(map(str, example.place))
        return (
            f"{kind.replace('_', '-')} must not lie over others, got one over the {NAMES[of]} at ({at}); take "
            "that back first, or choose a smaller object"
        )

    def _first(self, wanted: Callable[[Example, Kind], bool]) -> tuple[Example, Kind] | None:
        return next(((each, kind) for kind in KINDS for each in self.examples.of(kind) if wanted(each, kind)), None)

    def _holds(self, node: int, place: Place) -> bool:
        return self.finder is not None and node in self.finder.around(place)

    def take_back(self) -> None:
        """Undo the last click."""
        self._change(self.examples.taken_back())

    def clear(self) -> None:
        """Take all examples back."""
        self._change(self.examples.cleared())

    def set_how_alike(self, how_alike: float) -> None:
        """Ask for objects that are more or less alike."""
        if how_alike != self.examples.how_alike:
            self._change(self.examples.as_alike(how_alike))

    def _change(self, examples: Examples) -> None:
        if self.result is None or examples is self.examples:
            return
        self.examples = self.result.examples = examples
        self.events.examples.emit(examples)

    def close(self) -> None:
        """Tell nobody any more."""
        for name in self.events:
            self.events[name].disconnect()
