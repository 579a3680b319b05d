"""Which of several readings of one plane or volume is counted, or what the preset for its kind finds."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import MistakenKind
from napari_backprop_segmentation.objects.find import labels_of
from napari_backprop_segmentation.objects.readings import Readings, alike
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.segmentation import Offer

# Least score of objects where no kind is recognised. Grey images with objects have .29 and more, noise up to .23; of 12
# photographs, which are full of edges, one has more than .41: .47. Volumes of nuclei have .20 and more (three of four),
# of noise up to .07.
NOTHING, NOTHING_IN_COLOUR, NOTHING_IN_VOLUMES = 0.26, 0.48, 0.14
# Added to the score of what the preset for a recognised kind finds: cells that are neither brighter nor darker than the
# ground score low beside chance finds. Nobody takes phase contrast of solid things.
TRUST = {"phase": 0.3, "em": 0.3}
TRUST_IN_VOLUMES = {"em": 0.3}


def offers(job: Job, readings: Readings) -> list[Offer]:
    """Return the readings of an image as they are offered, see `Segmentation.readings`."""
    rules, found = Objects.of(job.params), []
    for each in readings:
        labels = partial(labels_of, each, rules)
        found.append(Offer(each.name, int(labels().max(initial=0)), each.score, labels))
    return found


def takes_reading(job: Job, own: NDArray[Any] | None, readings: Readings) -> bool:
    """Return whether the first of all readings is a better result than what the preset for this kind of image finds.

    Parameters
    ----------
    job : Job
    own : (*spatial) int array, optional
        Objects that the preset finds; None where it looks for none.
    readings : Readings
    """
    if not len(readings) or (own is not None and alike(own, readings[0].painted)):
        return False
    return bool(readings[0].score > least_score(job, own, readings))


def least_score(job: Job, own: NDArray[Any] | None, readings: Readings) -> float:
    """Return from which score on a reading is a better result, see `takes_reading`."""
    plane = len(job.part.shape) == len("CYX")
    nothing = NOTHING if plane else NOTHING_IN_VOLUMES
    if own is None:
        in_colour = job.source.is_rgb and not job.source.channels_apart
        return NOTHING_IN_COLOUR if in_colour else nothing
    trust = (TRUST if plane else TRUST_IN_VOLUMES).get(job.kind or "", 0.0)
    return max(nothing, readings.score(own) + trust)  # where the preset finds nothing, that may be right


def check_kind(merged: Merged, own: NDArray[Any]) -> None:
    """Raise `MistakenKind` where what the preset for a recognised kind finds says that the image is of another kind.

    Of electron microscopy and phase contrast its score is .02 and more; of others that were taken for these (bacteria,
    rods) it was -.06 and less, and of the one phase contrast image below 0 the preset finds nothing right either.
    """
    kind = merged.job.kind
    if kind in TRUST and not merged.stopped and merged.readings.score(own) < 0:
        raise MistakenKind(kind)


def best_reading(frames: Sequence[Merged], among: Collection[str] | None = None) -> str:
    """Return the name of the reading that is best over some frames or samples; nothing where the preset's own is.

    Parameters
    ----------
    frames : sequence of Merged
    among : collection of str, optional
        Which ones can be taken; all that are offered if left out.
    """
    least = 0.0
    for frame in frames:
        own = frame.objects if frame.job.params.counts else None
        least += least_score(frame.job, own, frame.readings)
    scores = summed_scores(frames, among)
    name = next(iter(scores), "")
    return name if scores.get(name, 0.0) > least else ""


def summed_scores(frames: Sequence[Merged], among: Collection[str] | None = None) -> dict[str, float]:
    """Return the scores of readings over some frames or samples by their names, the best first; see `best_reading`."""
    scores: dict[str, float] = {}
    for frame in frames:
        best = {each.name: each.score for each in reversed(frame.readings)}
        if among is not None:
            best = {name: score for name, score in frame.readings.scores.items() if name in among}
        scores = {name: scores.get(name, 0.0) + best.get(name, 0.0) for name in scores | best}
    return dict(sorted(scores.items(), key=lambda each: -each[1]))
