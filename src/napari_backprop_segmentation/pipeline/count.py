"""Which of several readings of one plane or volume is counted, or what the preset for its kind finds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import MistakenKind
from napari_backprop_segmentation.objects.find import labels_of
from napari_backprop_segmentation.objects.readings import VARIANT, Readings
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.nothing import is_plane, least_score
from napari_backprop_segmentation.pipeline.segmentation import Offer

# How sure readings must be of what a preset finds, so that it is taken: F1 of what is taken is .669, .664 if none is,
# .652 if all are. And how sure of what they have in common, where they may be wrong altogether: photographs are full of
# edges, and cells that are neither brighter nor darker than the ground are known to a preset only. Of 27 photographs
# one reaches .5 (three things in it), of 18 H&E images all but one, of phase contrast none (.18 at most), of electron
# microscopy all (.61 at least); .2 to .6 take the same on all development images but photographs.
SURE = 0.5
OUTLINED_KINDS = {"phase", "em"}  # whose preset finds nothing right where the image is of another kind
# Score of what such a preset finds, below which nothing of it is right. Of 9 images of these kinds it is .17 and more;
# of four of bacteria that were taken for them, and of one in which the preset finds one object, .05 and less.
MISTAKEN = 0.1
PLANES_ONLY = {"phase"}  # nobody takes phase contrast of solid things


def offers(job: Job, readings: Readings) -> list[Offer]:
    """Return the readings of an image as they are offered, see `Segmentation.readings`."""
    rules, found = Objects.of(job.params), []
    for each in readings:
        labels = partial(labels_of, each, rules)
        found.append(Offer(each.name, int(labels().max(initial=0)), each.score, labels))
    return found


@dataclass(frozen=True)
class Verdict:
    """Which of two results is taken.

    Attributes
    ----------
    reading : bool
        The first of all readings, not what the preset for this kind of image finds.
    sure : float, optional
        About which F1 to expect of it; None where readings do not tell, or where that preset knows more than they do.
    """

    reading: bool
    sure: float | None = None

    @property
    def record(self) -> dict[str, float]:
        """What is recorded of it."""
        return {} if self.sure is None else {"sure": round(self.sure, 2)}


def verdict(job: Job, own: NDArray[Any] | None, readings: Readings) -> Verdict:
    """Return whether the first of all readings is a better result than what the preset for this kind of image finds.

    Parameters
    ----------
    job : Job
    own : (*spatial) int array, optional
        Objects that the preset finds; None where it looks for none.
    readings : Readings
    """
    misleading = may_mislead(job)
    confirmed = None if own is None else readings.sureness(own)
    stays = Verdict(False, None if misleading else confirmed)
    if not len(readings) or readings[0].score <= least_score(job) or (confirmed or 0.0) >= SURE:
        return stays
    sure = readings.sureness(readings[0].judged)
    return stays if misleading and (sure or 0.0) < SURE else Verdict(True, sure)


def may_mislead(job: Job) -> bool:
    """Return whether readings of this kind of image may be wrong altogether, whatever their score."""
    if job.params.counts:
        return job.kind in OUTLINED_KINDS and (is_plane(job) or job.kind not in PLANES_ONLY)
    return job.source.is_rgb and not job.source.channels_apart


def sure_on(samples: Sequence[Merged], name: str) -> float | None:
    """Return about which F1 to expect of a reading, or without a name of what the preset finds, over frames or samples.

    None where there is nothing of it in any of them, or where the preset knows more than readings do.
    """
    job = samples[0].job
    if not name and (not job.params.counts or may_mislead(job)):
        return None
    told = [sure for each in samples if (sure := _sure_in(each, name)) is not None]
    return round(sum(told) / len(told), 2) if told else None


def _sure_in(sample: Merged, name: str) -> float | None:
    reading = sample.readings.named(name) if name else None
    if name and reading is None:
        return None
    labels: NDArray[Any] = sample.objects if reading is None else reading.judged
    return sample.readings.sureness(labels) if labels.any() else None


def check_kind(merged: Merged, own: NDArray[Any]) -> None:
    """Raise `MistakenKind` where what the preset for a recognised kind finds says that the image is of another kind."""
    kind = merged.job.kind
    if kind in OUTLINED_KINDS and not merged.stopped and merged.readings.score(own) < MISTAKEN:
        raise MistakenKind(kind)


def best_reading(frames: Sequence[Merged]) -> str:
    """Return the name of the reading that is best over some frames; nothing where the preset's own is."""
    return _first(frames, summed_scores(frames)) if _most_take_one(frames) else ""


def best_for_large(samples: Sequence[Merged], in_blocks: Collection[str]) -> str:
    """Return the name of the best reading of an image that does not fit the memory; nothing where there is none.

    What is not made `in_blocks` takes several times as long, so it must be clearly better.
    """
    if not _most_take_one(samples):
        return ""
    of_blocks, of_all = summed_scores(samples, in_blocks), summed_scores(samples)
    best, other = _first(samples, of_blocks), _first(samples, of_all)
    clearly = of_all.get(other, 0.0) > of_blocks.get(best, 0.0) + VARIANT * len(samples)
    return other if clearly else best


def _most_take_one(frames: Sequence[Merged]) -> bool:
    """Return whether in most of some frames or samples a reading is better than what the preset finds."""
    taken = [verdict(f.job, f.objects if f.job.params.counts else None, f.readings).reading for f in frames]
    return 2 * sum(taken) > len(frames)


def _first(frames: Sequence[Merged], scores: Mapping[str, float]) -> str:
    """Return the name that comes first in scores over some frames or samples; nothing where that is close to none."""
    name = next(iter(scores), "")
    return name if scores.get(name, 0.0) > sum(least_score(frame.job) for frame in frames) else ""


def summed_scores(frames: Sequence[Merged], among: Collection[str] | None = None) -> dict[str, float]:
    """Return the scores of readings over some frames or samples by their names, the best first."""
    scores: dict[str, float] = {}
    for frame in frames:
        best = {each.name: each.score for each in reversed(frame.readings)}
        if among is not None:
            best = {name: score for name, score in frame.readings.scores.items() if name in among}
        scores = {name: scores.get(name, 0.0) + best.get(name, 0.0) for name in scores | best}
    return dict(sorted(scores.items(), key=lambda each: -each[1]))
