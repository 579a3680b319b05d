"""The training of one network on several images."""

from collections.abc import Generator
from math import prod

from napari_backprop_segmentation.image.source import Part, Place
from napari_backprop_segmentation.network import loop
from napari_backprop_segmentation.network.estimate import MOST_CROPS
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import make_plan
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.params.sections import Input, Run, Training
from napari_backprop_segmentation.pipeline.references import Settled
from napari_backprop_segmentation.pipeline.training_schedule import spread


def train_on_references(settled: Settled) -> Generator[Step, Command | None, Model]:
    """Train one network; of series and slices a few are looked at, those that are drawn on where that is what counts.

    Parameters
    ----------
    settled : Settled
    """
    first, params = settled.jobs[0], settled.params
    training, rules = Training.of(params), References.of(params)
    most = max(1, MOST_CROPS // len(settled.jobs))
    parts: list[Part] = []
    strokes = []
    for job in settled.jobs:
        source = job.source.resized(rules.reference_side) if rules.reference_side else job.source
        places: list[Place] = list(source.places(len(job.iterated)))
        drawn = job.seen_strokes
        if drawn is not None:
            places = [place for place in places if drawn[place].any()]
        for place in spread(places, most):
            parts.append(source.at(place))
            strokes.append(None if drawn is None else drawn[place])
    largest = max((part.shape for part in parts), key=prod)
    return (
        yield from loop.train(
            parts,
            training,
            Input.of(params),
            make_plan(training, Run.of(params), largest),
            strokes,
            start=first.start,
            fallback=first.less.fallback(training, largest[1:]),
            keep_weights=first.keep_weights,
            references=rules,
        )
    )
