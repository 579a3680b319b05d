"""Readings: several results of one image, each judged by what can be measured without a label.

A reading is what one tree shows if objects have about one size: bright objects, dark ones, what bright or dark lines
enclose, what the trained network tells apart. All are made and judged alike. What the best ones have in common is the
result, see `together`; the others are what else it could be, and where none is good there are no objects, only regions.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.each import in_threads
from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.objects.forest import all_seen
from napari_backprop_segmentation.objects.judgement import Judge, expected
from napari_backprop_segmentation.objects.light_trees import Nested
from napari_backprop_segmentation.objects.opening import opened
from napari_backprop_segmentation.objects.reading import Reading, in_a_row, offered
from napari_backprop_segmentation.objects.together import VOTING, sureness, votes_of
from napari_backprop_segmentation.objects.tree_readings import KINDS, Tree, tree_labels

# Of the score: how much better a variant of a reading must be to come before it. From .03 on what is taken is as good
# as without variants (F1 .541; .538 at 0), and what is branched is still offered.
VARIANT = 0.05
OPENED = {name for name, kind in KINDS.items() if kind.family != "net"}  # regions of the network are no better for it


@dataclass(frozen=True, eq=False)
class _Made:
    """What a way of looking finds, before it is judged.

    Attributes
    ----------
    name : str
    labels : (*spatial) int32
    repaint : callable
    variant : bool
        Whether it is another one in another form.
    """

    name: str
    labels: NDArray[np.int32]
    repaint: Callable[[float], NDArray[np.int32]]
    variant: bool = False


class Readings(Sequence[Reading]):
    """The readings of an image, the best first, none like a better one.

    They follow from the image and its merge tree alone, so that the same number means the same reading whatever else is
    asked for.

    Parameters
    ----------
    image : (C, *spatial) float32
        In about [0, 1]; three channels are taken as RGB.
    merge_tree : Nested, optional
        Of the trained network.
    made_otherwise : mapping of name to callable, optional
        What makes results in other ways, by how much objects must stand out; judged by the same figures. What is named
        like another one before a comma is a variant of it, and left out where it finds as many.
    among : collection of Tree, optional
        Trees that are asked; all if left out.

    Attributes
    ----------
    trees : list of Tree
        Those that have readings, the best first.
    scores : dict
        The best score under each name, also of what is not offered as it is like a better one.
    voting : list of Reading
        The best ones, also where they are alike: what they have in common comes first.

    Raises
    ------
    ValueError
        If the image has another number of axes.
    """

    def __init__(
        self,
        image: NDArray[np.float32],
        merge_tree: Nested | None = None,
        made_otherwise: Mapping[str, Callable[[float], NDArray[np.integer]]] | None = None,
        among: Collection[Tree] | None = None,
    ) -> None:
        if image.ndim not in (3, 4):
            raise ValueError(f"image must be (C, Y, X) or (C, Z, Y, X), got {image.shape}; put the channels first")
        seens = all_seen(image)
        found = tree_labels(seens, merge_tree, among)
        self.trees = list(dict.fromkeys(each.tree for each in found))
        made = [_Made(each.name, each.labels(), each.labels) for each in found]
        otherwise = made_otherwise or {}
        for name, labels in zip(otherwise, in_threads(_numbered_by, 1.0, otherwise.values()), strict=True):
            like = next((each for each in made if name.partition(",")[0] == each.name != name), None)
            if labels.any() and (like is None or labels.max() != like.labels.max()):
                made.append(_Made(name, labels, partial(_numbered_by, make=otherwise[name]), variant=like is not None))
        self._judge = Judge([seen for _, seen in seens])
        judged = list(in_threads(_judged, self._judge, made))
        judged.sort(key=lambda each: -each.score)
        self.scores = {each.name: each.score for each in reversed(judged)}
        shown = cache(_without_arms)
        self.voting = [shown(each) for each in judged[:VOTING]]
        self._distinct = offered(judged, shown)
        self._image = image
        self._resized: Callable[[NDArray[Any]], NDArray[Any]] | None = None

    @cached_property
    def _row(self) -> list[Reading]:
        return in_a_row(self._distinct, self.voting, self._image)

    @property
    def best(self) -> Reading | None:
        """The best of what was found in one way; None where there is nothing."""
        return self.voting[0] if self.voting else None

    def joined(self, others: "Readings") -> "Readings":
        """Return these and others of the same image, that were judged elsewhere, as one row."""
        voting = sorted([*self.voting, *others.voting], key=lambda each: -each.score)[:VOTING]
        return self._with(voting, offered([*self._distinct, *others._distinct]))

    def brought(
        self,
        image: NDArray[np.float32],
        bring: Callable[[Reading], Reading],
        resized: Callable[[NDArray[Any]], NDArray[Any]],
    ) -> "Readings":
        """Return these readings of a resized image as those of the image.

        Parameters
        ----------
        image : (C, *spatial) float32
        bring : callable
            Returns a reading at the size of the image.
        resized : callable
            Brings labels (*spatial) of the image to the size at which all are judged.
        """
        brought = cache(bring)  # most of the distinct ones vote, too
        found = self._with([brought(each) for each in self.voting], [brought(each) for each in self._distinct])
        found._image, found._resized = image, resized
        return found

    def instead_of(self, others: "Readings") -> "Readings":
        """Return these readings, in place of others whose scores by name stay: with them images are compared."""
        found = self._with(self.voting, self._distinct)
        found.scores = others.scores
        return found

    def _with(self, voting: list[Reading], distinct: list[Reading]) -> "Readings":
        found = copy(self)
        found.__dict__.pop("_row", None)
        found.voting, found._distinct = voting, distinct
        return found

    def __len__(self) -> int:
        return len(self._row)

    def __getitem__(self, index: Any) -> Any:
        return self._row[index]

    def named(self, name: str) -> Reading | None:
        """Return the best reading of this name, or that is like one of this name."""
        found = [each for each in self if each.name == name] + [each for each in self if name in each.also]
        return found[0] if found else None

    def score(self, labels: NDArray[np.integer]) -> float:
        """Return about what F1 to expect of any other objects (*spatial) of this image; 0 is the ground."""
        return expected(self.figures(labels)) if labels.any() else 0.0

    def sureness(self, labels: NDArray[np.integer]) -> float | None:
        """Return about which F1 to expect of any objects (*spatial) of this image, by how far readings agree on them.

        That says more than a score where readings differ much, and nothing of what is made in ways they do not know.
        None where there is only one reading, or none at all.
        """
        if len(self.voting) < 2:
            return None
        if not labels.any():
            return 0.0
        found = [each.painted for each in self.voting]
        return sureness(numbered(labels), found, votes_of(found, [each.score for each in self.voting]))

    def figures(self, labels: NDArray[np.integer]) -> dict[str, float]:
        """Return what the score of any other objects (*spatial) is made of, see `Judge.figures`."""
        own = numbered(labels if self._resized is None else self._resized(labels))
        return self._judge.figures(own)


def _without_arms(reading: Reading) -> Reading:
    """Return a reading of the same objects with plain outlines, see `opening`; its score stays."""
    if reading.name not in OPENED:
        return reading
    return replace(reading, painted=opened(reading.painted), repaint=lambda s: opened(reading.labels(s)))


def _judged(judge: Judge, made: _Made) -> Reading:
    figures = judge.figures(made.labels)
    return Reading(made.name, made.labels, expected(figures) - VARIANT * made.variant, figures, made.repaint)


def _numbered_by(strictness: float, make: Callable[[float], NDArray[np.integer]]) -> NDArray[np.int32]:
    return numbered(make(strictness))


def numbered(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return labels (*spatial) from 1 without gaps; 0 stays."""
    return renumbered(labels, labels != 0).astype(np.int32)
