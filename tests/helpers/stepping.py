"""Take a run step by step."""

from napari_backprop_segmentation.network.loop import train
from napari_backprop_segmentation.network.planning import make_plan
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.params.sections import Input, Run, Training


def training_steps(source, params, strokes=None, start=None, **others):
    """Return the steps of a training on a source, or on several of one shape, by the sections of some settings."""
    first = source[0] if isinstance(source, list) else source
    training = Training.of(params)
    plan = make_plan(training, Run.of(params), first.shape)
    together = {"references": References.of(params), **others}
    return train(source, training, Input.of(params), plan, strokes, start=start, **together)


def all_steps(steps, stop_at=None, commands=None):
    """Return the steps of a run and its result.

    The step `stop_at` is answered with a stop, others with the `commands` of their numbers, from 1.
    """
    taken, answers = [], {**(commands or {}), stop_at: "stop"}
    command = None
    while True:
        try:
            step = steps.send(command)
        except StopIteration as done:
            return taken, done.value
        taken.append(step)
        command = answers.get(len(taken))
