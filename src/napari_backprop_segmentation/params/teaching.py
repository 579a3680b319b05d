"""What strokes mean."""

from dataclasses import dataclass

from napari_backprop_segmentation.params.fields import TEACHING, Section, StrokeMeaning, setting


@dataclass(frozen=True, kw_only=True)
class Teaching(Section):
    """How what the user has drawn is understood."""

    strokes_as: StrokeMeaning = setting(
        "kinds",
        TEACHING,
        "Strokes show",
        "What strokes mean. 'kinds': every pixel gets the kind of stroke that it is most like. 'objects': the same, "
        "and what is of kind 1 is divided into objects and numbered. 'pieces': one number a thing; regions that one "
        "stroke crosses become one, a region that several cross is divided. 'network': only the network sees them, "
        "as an additional loss (Kim 2020).",
    )
