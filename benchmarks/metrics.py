"""Scores of one image, all from one table of overlaps: regions, objects, classes.

Definitions. N pixels, R predicted and S true regions, |.| pixels, iou = |R & S| / |R | S|.

- covering: sum over S of |S| max_R iou(R, S) / N, mean over annotators.
- PRI: share of pixel pairs on which prediction and annotator agree (together or apart), mean over annotators.
- VI: H(R|S) + H(S|R) in bits, mean over annotators; lower is better.
- mIoU (Kim 2020): mean of max_R iou(R, S) over the S of all images in one list; of all annotators, of the annotator
  with most ("fine") or fewest ("coarse") regions in each image, the first one of equals.
- F1 and AP at .5: TP = pairs with iou > .5, which are unique; F1 = 2 TP / (2 TP + FP + FN), AP = TP / (TP + FP + FN).
- SEG (Cell Tracking Challenge): mean over true objects of iou(R, S) for the R with |R & S| > |S| / 2, else 0.
- best-mapping IoU: every label is given the class it overlaps most (which maximises the share of right pixels);
  mean over the classes in the image of the iou of the mapped labels with the class.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from partitions import Family, IntArray, Table, consecutive

FOREGROUND_SHARES = (0.3, 0.5, 0.7)
MIN_SIZES = (1, 20, 100)
FEW_LABELS = 32

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Annotations:
    """The true regions of one image by several annotators.

    Attributes
    ----------
    maps : list of (*spatial) int arrays
        Numbered from 0.
    sizes : tuple of int
        Regions of each annotator.
    """

    maps: list[IntArray]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, truths: Sequence[IntArray]) -> "Annotations":
        """Return the annotations of label images with any ids."""
        maps = [consecutive(truth) for truth in truths]
        return cls(maps, tuple(int(m.max()) + 1 for m in maps))

    @property
    def annotator(self) -> IntArray:
        """Annotator of each true region (n_regions,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def table(self, leaves: IntArray) -> Table:
        """Return the overlaps of a partition with all annotators' regions side by side."""
        return Table.beside([Table.of(leaves, m, n) for m, n in zip(self.maps, self.sizes, strict=True)])


@dataclass(frozen=True)
class Pairs:
    """Predicted segments by size: what the precision-recall curve of Kanezaki 2018 is made of.

    Attributes
    ----------
    sizes : (n,) int array
        The sizes that occur, in decreasing order.
    segments, correct, matches : (n,) int arrays
        Segments of that size; those with a large enough iou with a true region of any annotator; true regions
        of all annotators they match.
    n_true : int
        True regions of all annotators.
    """

    sizes: IntArray
    segments: IntArray
    correct: IntArray
    matches: IntArray
    n_true: int


def region_scores(table: Table, annotations: Annotations) -> dict[str, float]:
    """Return covering, PRI, VI, number of regions, and sums and counts of the best ious for mIoU."""
    owner, sizes = annotations.annotator, annotations.sizes
    n_annotators, n = len(sizes), int(table.row_sizes.sum())
    best = best_ious(table)
    pair_owner, row, column = owner[table.columns], table.row_sizes[table.rows], table.column_sizes[table.columns]
    counts = table.counts.astype(float)
    together = np.bincount(pair_owner, counts**2, n_annotators)
    in_row = (table.row_sizes.astype(float) ** 2).sum()
    in_column = np.bincount(owner, table.column_sizes.astype(float) ** 2, n_annotators)
    rand = 1 - ((in_row + in_column) / 2 - together) / (n * (n - 1) / 2)
    information = np.bincount(pair_owner, -counts / n * np.log2(counts**2 / (row * column.astype(float))), n_annotators)
    covering = np.bincount(owner, best * table.column_sizes, n_annotators) / n
    sums = np.bincount(owner, best, n_annotators)
    fine, coarse = int(np.argmax(sizes)), int(np.argmin(sizes))
    return {
        "covering": covering.mean(), "pri": rand.mean(), "vi": information.mean(), "regions": len(table.row_sizes),
        "all_sum": sums.sum(), "all_n": sum(sizes), "fine_sum": sums[fine], "fine_n": sizes[fine],
        "coarse_sum": sums[coarse], "coarse_n": sizes[coarse],
    }  # fmt: skip


def best_ious(table: Table) -> NDArray[np.float64]:
    """Return for each true region the largest iou with a predicted one."""
    best = np.zeros(len(table.column_sizes))
    np.maximum.at(best, table.columns, table.ious)
    return best


def segment_pairs(table: Table, threshold: float) -> Pairs:
    """Return the predicted segments by decreasing size and whether their iou exceeds the threshold."""
    matches = np.bincount(table.rows[table.ious > threshold], minlength=len(table.row_sizes))
    sizes, group = np.unique(-table.row_sizes, return_inverse=True)
    by_size = [np.bincount(group, weights).astype(np.int64) for weights in (None, matches > 0, matches)]
    return Pairs(-sizes, *by_size, n_true=len(table.column_sizes))


def average_precision(pairs: Sequence[Pairs]) -> float:
    """Return the area under the precision-recall curve over all images, segments taken by decreasing size.

    Precision = correct segments / segments taken, recall = matched true regions / all true regions.
    """
    sizes = np.concatenate([p.sizes for p in pairs])
    distinct, group = np.unique(-sizes, return_inverse=True)
    taken, correct, matched = (
        np.cumsum(np.bincount(group, np.concatenate([getattr(p, name) for p in pairs]), len(distinct)))
        for name in ("segments", "correct", "matches")
    )
    recall = matched / sum(p.n_true for p in pairs)
    return float((correct / taken * np.diff(recall, prepend=0)).sum())


@dataclass(frozen=True)
class ObjectScore:
    """What the score of objects in one image is made of.

    Attributes
    ----------
    tp, n_predicted, n_true : int
        Matched pairs, predicted and true objects.
    seg : float
        Sum of SEG over the true objects.
    n_labels : int
        Labels somebody would have to look through to choose the foreground; 0 if nobody has to.
    """

    tp: int
    n_predicted: int
    n_true: int
    seg: float
    n_labels: int = 0


def object_scores(
    table: Table, foreground: NDArray[np.bool_], n_labels: int = 0, sizes: Sequence[int] = MIN_SIZES
) -> dict[int, ObjectScore]:
    """Return the score of the foreground rows as objects, without those smaller than each of `sizes` pixels.

    Parameters
    ----------
    table : Table
        Column 0 is the background.
    foreground : (n_rows,) bool
    n_labels : int
        Kept in the score.
    sizes : sequence of int
    """
    true_sizes = table.column_sizes[1:]
    n_true = int((true_sizes > 0).sum())
    inside = foreground[table.rows] & (table.columns > 0)
    rows, columns, ious = table.rows[inside], table.columns[inside], table.ious[inside]
    covers = 2 * table.counts[inside] > table.column_sizes[columns]
    scores = {}
    for smallest in sizes:
        kept = table.row_sizes >= smallest
        tp = int((kept[rows] & (ious > 0.5)).sum())
        seg = float(ious[kept[rows] & covers].sum())
        scores[smallest] = ObjectScore(tp, int((foreground & kept).sum()), n_true, seg, n_labels)
    return scores


def labelled_objects(prediction: IntArray, truth: IntArray) -> ObjectScore:
    """Return the score of an instance image (*spatial) with background 0, any ids."""
    objects, true = consecutive(np.append(prediction, 0)), consecutive(np.append(truth, 0))
    table = Table.of(objects[:-1], true[:-1], int(true.max()) + 1)
    return object_scores(table, np.arange(len(table.row_sizes)) > 0, sizes=(1,))[1]


def mapped_objects(
    family: Family, labels: IntArray, foregrounds: Mapping[Key, NDArray[np.bool_]], table: Table
) -> Iterator[tuple[tuple[Key, str, int], ObjectScore]]:
    """Yield the scores of the objects that labels make when some are called foreground, and their settings.

    Settings are the key of the foreground, the mode and the smallest size. In the mode "regions" each connected part
    of each foreground label is an object, in the mode "joined" touching foreground labels are one object (labels are
    clusters).

    Parameters
    ----------
    family : Family
    labels : (n_leaves,) int
        One cut.
    foregrounds : mapping to (n_labels,) bool
        Several choices.
    table : Table
        Overlaps of the leaves with the true objects.
    """
    n_labels = int(labels.max()) + 1
    own = family.parts(labels)
    regions, of_region = table.merged(own), _by_part(own, labels)
    known: dict[bytes, dict[str, dict[int, ObjectScore]]] = {}
    for key, foreground in foregrounds.items():
        if foreground.tobytes() not in known:
            inside = foreground[labels]
            parts = family.parts(inside)
            known[foreground.tobytes()] = {
                "regions": object_scores(regions, foreground[of_region], n_labels),
                "joined": object_scores(table.merged(parts), _by_part(parts, inside), n_labels),
            }
        for mode, found in known[foreground.tobytes()].items():
            for size, score in found.items():
                yield (key, mode, size), score


def _by_part(parts: IntArray, values: NDArray[Any]) -> NDArray[Any]:
    """Return the value that all leaves of a part share, for each part."""
    shared = np.empty(parts.max() + 1, values.dtype)
    shared[parts] = values
    return shared


def true_shares(labels: IntArray, table: Table) -> NDArray[np.float64]:
    """Return for each label of a cut (n_leaves,) the share of its pixels that lies in true objects."""
    inside = np.bincount(table.rows, table.counts * (table.columns > 0), len(table.row_sizes))
    return np.bincount(labels, inside) / np.bincount(labels, table.row_sizes)


def class_ious(table: Table) -> float:
    """Return the best-mapping IoU of labels (rows) and classes (columns; empty ones do not count)."""
    n_columns = len(table.column_sizes)
    order = np.lexsort((-table.columns, table.counts, table.rows))
    last = np.append(np.flatnonzero(np.diff(table.rows[order])), len(order) - 1)
    winner = np.zeros(len(table.row_sizes), np.int64)
    winner[table.rows[order[last]]] = table.columns[order[last]]
    right = np.bincount(table.columns, table.counts * (winner[table.rows] == table.columns), n_columns)
    claimed = np.bincount(winner, table.row_sizes, n_columns)
    present = table.column_sizes > 0
    return float((right / (claimed + table.column_sizes - right).clip(1))[present].mean())
