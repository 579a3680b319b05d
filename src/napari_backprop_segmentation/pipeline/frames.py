"""What a few frames and slices of a series say of all of them, and the merge tree of each."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.count import best_reading, sure_on
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.training_schedule import spread
from napari_backprop_segmentation.pipeline.trees import classified, knowing_classes, plain_params, tree_of

MOST_SEEN = 4  # frames and slices in which classes are looked for: each takes as long as labelling it
JUDGED = 3  # frames in which readings are compared


def frame_tree(job: Job, part: Part, model: Model) -> Hierarchy:
    """Return the merge tree of a frame or slice, of its classes where these are asked for."""
    return classified(job, part, model, tree_of(job, part, model))


def judged(job: Job, model: Model) -> Job:
    """Return the job with the reading that is best over some frames, if one is better than what the preset finds.

    And with how sure that is, or what the preset finds.
    """
    frames = [Merged(job, part, model, tree_of(job, part, model)) for part in _some(job, JUDGED)]
    name = best_reading(frames)
    job = replace(job, sure=sure_on(frames, name))
    return replace(job, read_as=name, params=plain_params(job.params).replace(reading=1)) if name else job


def knowing_all_classes(job: Job, model: Model) -> Model:
    """Return the network with the classes of a few frames and slices, which are those of all."""
    return knowing_classes(model, [(job, part, tree_of(job, part, model)) for part in _some(job, MOST_SEEN)])


def _some(job: Job, most: int) -> list[Part]:
    return [job.source.at(place) for place in spread(list(job.source.places(len(job.iterated))), most)]
