"""Watch a run and end it by a rule of your own."""

from skimage import data

from napari_backprop_segmentation import Params, run

image = data.astronaut()[::4, ::4]  # (Y, X, 3) uint8
steps = run(image, Params(method="continuity", n_channels=16, iterations=100), axes="YXS")

command = None
while True:
    try:
        step = steps.send(command)
    except StopIteration as done:
        result = done.value
        break
    print(f"{step.iteration}: {step.n_labels} labels, loss {step.loss:.3f}")
    command = "stop" if step.n_labels <= 10 else None  # ends after this iteration and keeps the result

print(result.stopped_by, result.labels.shape)
