"""The examples and counter-examples that the user has pointed at, as values: a click makes new ones of the old."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from napari_backprop_segmentation.pipeline.messages import count
from napari_backprop_segmentation.teaching.plain import recorded
from napari_backprop_segmentation.teaching.pointed import HOW_ALIKE, Place, Sized

Kind = Literal["examples", "counter_examples"]
KINDS: tuple[Kind, Kind] = ("examples", "counter_examples")
LIKE_EXAMPLES = -1  # as `LayerResult.reading`


@dataclass(frozen=True)
class Example:
    """An object that the user has pointed at.

    Attributes
    ----------
    place : tuple of int
        The pixel that was clicked on.
    node : int
        Of the finder.
    size : int, optional
        Pixels, where the user has chosen another node than the likeliest one.
    """

    place: Place
    node: int
    size: int | None = None

    @property
    def given(self) -> Place | Sized:
        """What the finder is asked with."""
        return self.place if self.size is None else Sized(self.place, self.size)


@dataclass(frozen=True, eq=False)
class Examples:
    """All that the user has pointed at in one image.

    Attributes
    ----------
    examples, counter_examples : tuple of Example
    how_alike : float
        From 0, everything, to 1.
    before : Examples, optional
        What there was before the last click.
    """

    examples: tuple[Example, ...] = ()
    counter_examples: tuple[Example, ...] = ()
    how_alike: float = HOW_ALIKE
    before: "Examples | None" = field(default=None, repr=False)

    def of(self, kind: Kind) -> tuple[Example, ...]:
        """Return those of one kind."""
        return self.examples if kind == "examples" else self.counter_examples

    def added(self, example: Example, kind: Kind) -> "Examples":
        """Return these and one more."""
        more = (*self.of(kind), example)
        return (
            replace(self, examples=more, before=self)
            if kind == "examples"
            else replace(self, counter_examples=more, before=self)
        )

    def without(self, example: Example) -> "Examples":
        """Return these without one."""
        given, against = (tuple(each for each in self.of(kind) if each is not example) for kind in KINDS)
        return replace(self, examples=given, counter_examples=against, before=self)

    def cleared(self) -> "Examples":
        """Return none, which can be taken back as well."""
        return self if self.empty else Examples(how_alike=self.how_alike, before=self)

    def taken_back(self) -> "Examples":
        """Return those before the last click; how alike objects must be stays as it is now."""
        return self if self.before is None else self.before.as_alike(self.how_alike)

    def as_alike(self, how_alike: float) -> "Examples":
        """Return these for objects that are more or less alike."""
        return replace(self, how_alike=how_alike)

    @property
    def empty(self) -> bool:
        """Whether there are none."""
        return not (self.examples or self.counter_examples)

    def record(self) -> dict[str, Any]:
        """Return what `run` needs to find the same again, in plain values."""
        return {
            "examples": recorded([each.given for each in self.examples]),
            "counter_examples": recorded([each.given for each in self.counter_examples]),
            "how_alike": self.how_alike,
        }

    def in_words(self) -> str:
        """Return how many there are.

        Examples
        --------
        >>> one = Example((3, 4), 7)
        >>> Examples((one, one), (one,)).in_words(), Examples().in_words()
        ('2 examples and 1 counter-example', 'no examples')
        """
        if self.empty:
            return "no examples"
        against = count(len(self.counter_examples), "counter-example")
        words = count(len(self.examples), "example")
        return f"{words} and {against}" if self.counter_examples else words
