"""One reading of an image, and several as they are offered: the best first, none like a better one."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.colour import RGB
from napari_backprop_segmentation.objects.around import around, encloses
from napari_backprop_segmentation.objects.judgement import best_ious
from napari_backprop_segmentation.objects.together import voted, votes_of
from napari_backprop_segmentation.params.sections import SMALLEST_OBJECT

TOGETHER = "seen in several ways"  # name of what readings have in common
OFFERED = 8
# Geometric mean of how far two readings are found again in each other, from which on only the better is offered. The
# best of six has F1 .592 where all are, .607 from .9, .614 from .8, .612 from .7 on (14 kinds of images).
TWIN = 0.8
FIRST = 0.001  # of the score: of two readings that no figure tells apart


@dataclass(frozen=True, eq=False)
class Reading:
    """One possible result.

    Attributes
    ----------
    name : str
        What was looked for: one of `KINDS`, or how else it was made.
    painted : (*spatial) int32
        Objects, numbered from 1; 0 is background.
    score : float
        About what F1 to expect.
    figures : mapping
        What the score is made of.
    repaint : callable, optional
        Returns the objects where these must stand out so many times more than usual.
    also : collection of str
        Names of others that are left out as they are like it.
    smallest : int
        Pixels that an object has at least, where nothing else is asked for.
    inner : (*spatial) int32, optional
        Objects that it lies around.
    """

    name: str
    painted: NDArray[np.int32]
    score: float
    figures: Mapping[str, float]
    repaint: Callable[[float], NDArray[np.int32]] | None = field(default=None, repr=False)
    also: Collection[str] = ()
    smallest: int = SMALLEST_OBJECT
    inner: NDArray[np.int32] | None = field(default=None, repr=False)

    @property
    def judged(self) -> NDArray[np.int32]:
        """What is judged of it (*spatial): the objects, or those that they lie around."""
        return self.painted if self.inner is None else self.inner

    @property
    def count(self) -> int:
        """How many objects."""
        return int(self.painted.max(initial=0))

    def labels(self, strictness: float = 1.0) -> NDArray[np.int32]:
        """Return the objects (*spatial), numbered from 1; 0 is background."""
        return self.painted if strictness == 1 or self.repaint is None else self.repaint(strictness)


def in_a_row(distinct: Sequence[Reading], voting: Sequence[Reading], image: NDArray[np.float32]) -> list[Reading]:
    """Return readings as they are offered: with what the best have in common, and with what lies around others.

    Parameters
    ----------
    distinct, voting : sequence of Reading
        The best first, of which the first are unlike each other.
    image : (C, *spatial) float32
    """
    first = found_together(voting)
    found = distinct if len(image) in (1, RGB) else with_nested(distinct, image)
    return offered(found if first is None else [first, *found])


def found_together(best: Sequence[Reading]) -> Reading | None:
    """Return what several readings have in common as one more, before them; None where that is nothing."""
    if not best:
        return None
    found = [each.painted for each in best]
    votes = votes_of(found, [each.score for each in best])
    painted = voted(found, votes)
    if not painted.any():
        return None

    def repaint(strictness: float) -> NDArray[np.int32]:
        return voted([each.labels(strictness) for each in best], votes)

    first = best[0]
    return replace(first, name=TOGETHER, painted=painted, score=first.score + FIRST / 2, repaint=repaint, also=())


def offered(found: Iterable[Reading], shown: Callable[[Reading], Reading] = lambda each: each) -> list[Reading]:
    """Return the best readings, as they are shown, without those that are like a better one."""
    readings: list[Reading] = []
    for judged in sorted(found, key=lambda each: -each.score):
        each = shown(judged)
        place = next((i for i, other in enumerate(readings) if alike(each.painted, other.painted)), None)
        if place is None:
            readings.append(each)
        else:
            readings[place] = replace(readings[place], also={*readings[place].also, each.name, *each.also})
        if len(readings) == OFFERED:
            break
    return readings


def alike(one: NDArray[np.integer], other: NDArray[np.integer]) -> bool:
    """Return whether two label images (*spatial) show the same things, so that only one of them is worth showing."""
    inside, other_inside = one > 0, other > 0
    shared = np.count_nonzero(inside & other_inside)
    if shared**2 < TWIN**2 * np.count_nonzero(inside) * np.count_nonzero(other_inside):
        return False  # no object is found again better than by all that is shared
    return bool(np.prod(best_ious(one, other)) >= TWIN**2)


def with_nested(readings: Sequence[Reading], image: NDArray[np.float32]) -> list[Reading]:
    """Return readings with one more beside the first of things that stand out: what lies around each of these.

    Where a channel shows nuclei and another one cells, either may be meant, and no figure of objects tells which. What
    lies around comes first where a channel of the image (C, *spatial) shows something there: who gives a channel more
    wants it to count.
    """
    sides = [reading.name.split()[0] for reading in readings]
    place = next((i for i, side in enumerate(sides) if side in ("bright", "dark")), None)
    if place is None:
        return list(readings)
    inner, name = readings[place], f"around {sides[place]} ones"
    painted = around(inner.painted)
    score = inner.score + (FIRST if encloses(image, inner.painted, painted) else -FIRST)
    outer = replace(
        inner, name=name, painted=painted, score=score, repaint=lambda s: around(inner.labels(s)), inner=inner.painted
    )
    return sorted([*readings, outer], key=lambda reading: -reading.score)
