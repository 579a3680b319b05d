import pytest

from napari_backprop_segmentation.errors import MemoryLimitError, OutputError, ParameterError
from napari_backprop_segmentation.image.axes import checked_spacing


@pytest.mark.parametrize("kind", [ParameterError, MemoryLimitError, OutputError])
def test_a_text_is_one_line_whatever_values_it_shows(kind):
    assert (
        str(kind("spacing must be 1 number, got a\n\tb ; give one")) == "spacing must be 1 number, got a b ; give one"
    )


def test_what_was_given_is_shown_as_it_is():
    with pytest.raises(ValueError, match=r"got '\\n'; give all"):
        checked_spacing("\n", "YX")
