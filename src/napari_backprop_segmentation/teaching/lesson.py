"""What strokes have taught, as plain arrays: it can be kept in a file, and asked about other images.

A forest of scikit-learn becomes five arrays; how it answers is written out here, so that nothing of it needs pickle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.teaching.kinds import Forests

END = -1  # instead of a child


@dataclass(frozen=True, eq=False)
class PlainForest:
    """Trees, one after another.

    Attributes
    ----------
    roots : (T,) int32
        Where each tree begins.
    left, right : (n,) int32
        Where each node goes on; `END` for leaves. Children come after their parent.
    looked_at : (n,) int32
        Which of what a patch looks like each node asks about.
    limits : (n,) float64
        Up to which it goes left.
    shares : (n, K) float64
        Of each kind among what a node has learned from.
    """

    roots: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    looked_at: NDArray[np.int32]
    limits: NDArray[np.float64]
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, forest: Any) -> "PlainForest":
        """Return a fitted forest of scikit-learn as plain arrays."""
        trees = [tree.tree_ for tree in forest.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]
        left, right = (
            np.concatenate([np.where(side < 0, END, side + root) for side, root in zip(sides, roots, strict=True)])
            for sides in ([tree.children_left for tree in trees], [tree.children_right for tree in trees])
        )
        shares = np.concatenate([tree.value[:, 0, :] for tree in trees]).astype(np.float64)
        return cls(
            roots.astype(np.int32),
            left.astype(np.int32),
            right.astype(np.int32),
            np.concatenate([np.maximum(tree.feature, 0) for tree in trees]).astype(np.int32),
            np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
            shares / shares.sum(axis=1, keepdims=True),
        )

    def predict_proba(self, looks: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how sure each patch (m, F) is of each kind (m, K)."""
        found = np.zeros((len(looks), self.shares.shape[1]))
        rows = np.arange(len(looks))
        for root in self.roots.tolist():
            node = np.full(len(looks), root, np.int64)
            going = rows
            while len(going):
                here = node[going]
                goes_left = looks[going, self.looked_at[here]] <= self.limits[here]
                following = np.where(goes_left, self.left[here], self.right[here])
                inner = following != END
                going = going[inner]
                node[going] = following[inner]
            found += self.shares[node]
        return found / len(self.roots)


@dataclass(frozen=True, eq=False)
class Lesson:
    """Which kinds there are, and what each looks like.

    Attributes
    ----------
    forests : sequence of PlainForest
    numbers : (K,) int64
        Of the kinds, in order.
    n_looks : int
        How much of a patch they look at: an image with other channels has more or less of it.
    strokes_as : str
        Whether they are kinds, or the first of them is divided into objects.
    told : mapping
        Of numbers, as text, to name and colour of each kind, in plain values.
    """

    forests: Sequence[PlainForest]
    numbers: NDArray[np.integer[Any]]
    n_looks: int
    strokes_as: str = "kinds"
    told: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, learned: Forests, strokes_as: str) -> "Lesson":
        """Return what forests have learned."""
        trained = learned.trained
        return cls([PlainForest.of(each) for each in trained], learned.kinds, trained[0].n_features_in_, strokes_as)

    @property
    def kinds(self) -> NDArray[np.integer[Any]]:
        """The numbers of the kinds (K,)."""
        return self.numbers

    def sure(self, looks: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how sure each patch (m, F) is of each kind (m, K).

        Raises
        ------
        ImageError
            If the image does not look like the one that was taught on.
        """
        if looks.shape[1] != self.n_looks:
            raise ImageError(
                f"image must have the channels that the kinds were taught on, got {looks.shape[1]} figures of each "
                f"patch instead of {self.n_looks}; choose the same channels"
            )
        found: NDArray[np.float64] = np.mean([forest.predict_proba(looks) for forest in self.forests], axis=0)
        return found
