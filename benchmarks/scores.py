"""From the scores of single images to those of a data set: best scale for all images (ODS), best for each (OIS).

Objects are scored in two readings. *Automatic*: no ground truth is touched but to choose one setting for the whole set.
*Guided*: the best of the automatic foreground and of the labels with more than a share of their pixels in true objects.
The share (`FOREGROUND_SHARES`), the smallest object (`MIN_SIZES`) and whether touching foreground labels are one object
are settings like the scale, tried for every method alike. Joining by hand is tried up to `FEW_LABELS` labels an image:
with thousands of tiny regions the ground truth would do the segmenting. What that gives is kept apart as "painted".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import metrics
import numpy as np
from datasets import Sample
from metrics import FEW_LABELS, FOREGROUND_SHARES, Annotations, ObjectScore
from numpy.typing import NDArray
from outlines import boundary_rows, summarise_boundaries
from partitions import IntArray, Table, consecutive
from rivals import Picture, Prediction, on_frame

Rows = dict[Any, Any]
AUTOMATIC, GUIDED, PAINTED = "automatic", "guided", "painted"
LABEL_LIMITS = (10, 30, 100)
AP_THRESHOLDS = (0.5, 0.7)


def region_rows(sample: Sample, picture: Picture, prediction: Prediction) -> Rows:
    """Return for each scale the region scores of one image. Regions are connected parts of a label."""
    annotations = Annotations.of(sample.truths)
    rows = {}
    for family in prediction.families:
        table = annotations.table(family.leaves)
        for names, labels in family.distinct():
            merged = table.merged(family.parts(labels))
            row = metrics.region_scores(merged, annotations)
            row |= {f"pairs_{t}": metrics.segment_pairs(merged, t) for t in AP_THRESHOLDS}
            rows |= dict.fromkeys(names, row)
    return rows


def object_rows(sample: Sample, picture: Picture, prediction: Prediction) -> Rows:
    """Return for each (reading, setting) the object score of one image."""
    truth = consecutive(np.append(sample.truths[0], 0))[:-1].reshape(sample.truths[0].shape)
    rows: Rows = {(AUTOMATIC, name): metrics.labelled_objects(o, truth) for name, o in prediction.objects.items()}
    for family in prediction.families:
        table = Table.of(family.leaves, truth, int(truth.max()) + 1)
        light, frame = _leaf_sums(family.leaves, picture)
        for names, labels in family.distinct():
            inside = metrics.true_shares(labels, table)
            choices = {(GUIDED, share): inside > share for share in FOREGROUND_SHARES}
            if not prediction.objects:
                choices |= automatic_foregrounds(labels, light, frame, table.row_sizes)
            for key, score in metrics.mapped_objects(family, labels, choices, table):
                rows |= {(*key[0], name, *key[1:]): score for name in names}
    return rows


def class_rows(sample: Sample, picture: Picture, prediction: Prediction) -> Rows:
    """Return for each scale the best-mapping IoU of one image and its number of labels."""
    truth = consecutive(sample.truths[0])
    rows = {}
    for family in prediction.families:
        table = Table.of(family.leaves, truth, int(truth.max()) + 1)
        for names, labels in family.distinct():
            row = {"iou": metrics.class_ious(table.merged(labels)), "labels": int(labels.max()) + 1}
            rows |= dict.fromkeys(names, row)
    return rows


def automatic_foregrounds(
    labels: IntArray, light: NDArray[np.float64], frame: IntArray, area: IntArray
) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Return the common rules for objects without ground truth, each (n_labels,) bool.

    The side of Otsu's threshold of the mean intensity of the labels, weighted by area, that is bright, dark, or holds
    less of the frame of the image. Which rule serves a data set best is chosen like the scale: somebody who uses the
    method knows whether the objects are bright.

    Parameters
    ----------
    labels, light, frame, area : (n_leaves,) arrays
        Label, sum of intensities, pixels on the frame of the image and pixels of each leaf.
    """
    sizes, on_edge = np.bincount(labels, area), np.bincount(labels, frame)
    means = np.bincount(labels, light) / sizes
    bright = means > _weighted_otsu(means, sizes)
    inner = ~bright if on_edge[bright].sum() > on_edge[~bright].sum() else bright
    return {(AUTOMATIC, "bright"): bright, (AUTOMATIC, "dark"): ~bright, (AUTOMATIC, "inner"): inner}


def summarise_regions(images: Sequence[Rows]) -> dict[str, Any]:
    """Return the scores of a data set and the scales they belong to."""
    result: dict[str, Any] = {}
    for name, sign in (("covering", 1), ("pri", 1), ("vi", -1)):
        values = np.array([[image[scale][name] for scale in images[0]] for image in images]) * sign
        best = values.mean(0).argmax()
        result |= {f"{name}_ods": sign * values[:, best].mean(), f"{name}_ois": sign * values.max(1).mean()}
        result[f"{name}_scale"] = list(images[0])[best]
    pooled = {k: _by_scale(images, lambda rows, k=k: _ratio(rows, k)) for k in ("all", "fine", "coarse")}
    best_all = max(pooled["all"], key=pooled["all"].__getitem__)
    result |= {"miou_all": pooled["all"][best_all], "miou_fine": pooled["fine"][best_all], "miou_scale": best_all}
    result["miou_coarse"] = max(pooled["coarse"].values())
    result["curves"] = {
        scale: {k: float(np.mean([image[scale][k] for image in images])) for k in ("covering", "pri", "vi", "regions")}
        | {f"miou_{k}": values[scale] for k, values in pooled.items()}
        for scale in images[0]
    }
    for t in AP_THRESHOLDS:
        aps = _by_scale(images, lambda rows, t=t: metrics.average_precision([r[f"pairs_{t}"] for r in rows]))
        result |= {f"ap_{t}": max(aps.values()), f"ap_{t}_scale": max(aps, key=aps.__getitem__)}
    return result


def summarise_objects(images: Sequence[Rows]) -> dict[str, Any]:
    """Return the scores of a data set in all readings, counts pooled over the images, and the settings."""
    result: dict[str, Any] = {}
    for reading, allowed in (AUTOMATIC, _is_automatic), (GUIDED, _is_guided), (PAINTED, _is_painted):
        common = [key for key in images[0] if all(key in image for image in images)]
        settings = [key for key in common if allowed(key, np.mean([image[key].n_labels for image in images]))]
        if not settings:
            continue
        pooled = {key: _pool(image[key] for image in images) for key in settings}
        best = max(settings, key=lambda key: pooled[key]["f1"])
        result |= {f"{reading}_{k}": v for k, v in pooled[best].items()} | {f"{reading}_setting": list(best[1:])}
        own = (max((v for k, v in image.items() if allowed(k, v.n_labels)), key=_merit) for image in images)
        result[f"{reading}_f1_ois"] = _pool(own)["f1"]
    return result


def summarise_classes(images: Sequence[Rows]) -> dict[str, Any]:
    """Return the best-mapping IoU within limits of the mean number of labels (ODS) and of that of each image (OIS)."""
    result: dict[str, Any] = {}
    for limit in LABEL_LIMITS:
        ods = {}
        for scale in images[0]:
            if np.mean([image[scale]["labels"] for image in images]) <= limit:
                ods[scale] = float(np.mean([image[scale]["iou"] for image in images]))
        best = [max((r["iou"] for r in image.values() if r["labels"] <= limit), default=0.0) for image in images]
        result |= {f"iou_ods_{limit}": max(ods.values(), default=0.0), f"iou_ois_{limit}": float(np.mean(best))}
        result[f"iou_scale_{limit}"] = max(ods, key=ods.__getitem__, default="")
    return result


ROWS: Mapping[str, Callable[[Sample, Picture, Prediction], Rows]] = {
    "regions": region_rows, "boundaries": boundary_rows, "objects": object_rows, "semantic": class_rows,
}  # fmt: skip
SUMMARIES: Mapping[str, Callable[[Sequence[Rows]], dict[str, Any]]] = {
    "regions": summarise_regions, "boundaries": summarise_boundaries,
    "objects": summarise_objects, "semantic": summarise_classes,
}  # fmt: skip
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "regions": (
        "covering_ods", "covering_ois", "pri_ods", "pri_ois", "vi_ods", "vi_ois",
        "miou_all", "miou_fine", "miou_coarse", "ap_0.5", "ap_0.7",
    ),
    "boundaries": ("f_ods", "f_ois"),
    "objects": (
        "automatic_f1", "automatic_ap", "automatic_seg", "guided_f1", "guided_f1_ois", "guided_ap", "guided_seg",
        "painted_f1",
    ),
    "semantic": tuple(f"iou_{which}_{limit}" for limit in LABEL_LIMITS for which in ("ods", "ois")),
}  # fmt: skip


def image_record(kind: str, rows: Rows) -> dict[str, Any]:
    """Return the scores of one image, alone, as plain values."""
    return {k: v for k, v in SUMMARIES[kind]([rows]).items() if k != "curves"}


def _by_scale(images: Sequence[Rows], score: Callable[[list[Any]], float]) -> dict[str, float]:
    return {scale: float(score([image[scale] for image in images])) for scale in images[0]}


def _ratio(rows: Iterable[Mapping[str, float]], which: str) -> float:
    rows = list(rows)
    return sum(row[f"{which}_sum"] for row in rows) / sum(row[f"{which}_n"] for row in rows)


def _pool(scores: Iterable[ObjectScore]) -> dict[str, float]:
    found = list(scores)
    tp, predicted, true = (sum(getattr(s, name) for s in found) for name in ("tp", "n_predicted", "n_true"))
    seg = sum(s.seg for s in found) / max(true, 1)
    return {"f1": 2 * tp / max(predicted + true, 1), "ap": tp / max(predicted + true - tp, 1), "seg": seg}


def _merit(score: ObjectScore) -> tuple[float, int]:
    """Return F1, and of equals the fewer objects; nothing found where nothing is true counts as right."""
    total = score.n_predicted + score.n_true
    return 2 * score.tp / total if total else 1.0, -score.n_predicted


def _is_automatic(key: tuple[Any, ...], n_labels: float) -> bool:
    return key[0] == AUTOMATIC


def _is_guided(key: tuple[Any, ...], n_labels: float) -> bool:
    """Return whether somebody could have got this by hand; to leave the automatic result as it is counts too."""
    return key[0] == AUTOMATIC or "joined" not in key or n_labels <= FEW_LABELS


def _is_painted(key: tuple[Any, ...], n_labels: float) -> bool:
    return True


def _leaf_sums(leaves: IntArray, picture: Picture) -> tuple[NDArray[np.float64], IntArray]:
    """Return for each leaf the sum of its intensities and its number of pixels on the frame."""
    light = np.bincount(leaves.ravel(), picture.grey.ravel())
    return light, np.bincount(leaves[on_frame(leaves.shape)], minlength=len(light))


def _weighted_otsu(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the threshold that maximises the variance between the two sides, each value with its weight."""
    order = np.argsort(values)
    v, w = values[order], weights[order]
    below, total = np.cumsum(w), w.sum()
    sums = np.cumsum(v * w)
    above = total - below
    between = (sums[-1] * below / total - sums) ** 2 / np.maximum(below * above, 1e-12)
    return float(v[int(np.argmax(between[:-1]))]) if len(v) > 1 else float(v[0])
