"""How one network is trained on several images, and how further images are shown to it."""

from dataclasses import dataclass

from napari_backprop_segmentation.params.fields import REFERENCES, Section, Statistics, Turns, setting


@dataclass(frozen=True, kw_only=True)
class References(Section):
    """How reference images are trained on together, and what is taken from them for further images."""

    statistics: Statistics = setting(
        "auto",
        REFERENCES,
        "Statistics",
        "How a trained network sees a further image. 'trained': intensities scaled and responses normalised as those "
        "of the images it was trained on. 'image': as those of the further image itself. 'auto': as it was trained, "
        "which is 'image' for several images together and 'trained' for one.",
    )
    turns: Turns = setting(
        "alternate",
        REFERENCES,
        "Order of images",
        "How several images share the training steps: 'alternate' takes another one at each step; 'sequence' takes all "
        "iterations on the first one, then on the next, as published in 2020.",
    )
    images_at_once: int = setting(
        1,
        REFERENCES,
        "Images at once",
        "How many images of one size each training step sees, normalised together.",
        minimum=1,
        maximum=1000,
    )
    reference_side: int = setting(
        0,
        REFERENCES,
        "Size of references",
        "Planes that a network is trained on together are resized to squares of so many pixels a side. 0 leaves them "
        "as they are.",
        minimum=0,
        maximum=100_000,
        special="as they are",
    )
