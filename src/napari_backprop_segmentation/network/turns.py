"""Which crops of which images a training step looks at."""

from collections.abc import Sequence
from itertools import zip_longest

from napari_backprop_segmentation.params.references import References


class Turns:
    """The order in which crops of several images are seen.

    Parameters
    ----------
    n_crops : sequence of int
        How many crops each image has.
    references : References
    iterations : int
        Of all images, or of each group of images that are seen at once where these follow each other.

    Attributes
    ----------
    order : list of (int, int)
        Image, and number within it, of each crop, image by image in turn.
    iterations : int
        Of all training.
    """

    def __init__(self, n_crops: Sequence[int], references: References, iterations: int) -> None:
        rows = zip_longest(*([(image, i) for i in range(n)] for image, n in enumerate(n_crops)))
        self.order = [crop for row in rows for crop in row if crop is not None]
        numbers = {crop: number for number, crop in enumerate(self.order)}
        n, size = len(n_crops), references.images_at_once
        self._sequence = references.turns == "sequence"
        # What is left over in the end is left out, as published.
        groups = [range(i, min(i + size, n)) for i in range(0, n, size) if i + size <= n or not self._sequence]
        self._rounds = [
            [
                tuple(numbers[image, r % n_crops[image]] for image in group)
                for r in range(max(n_crops[i] for i in group))
            ]
            for group in groups
        ]
        longest = max(len(rounds) for rounds in self._rounds)
        self._alternating = [rounds[r % len(rounds)] for r in range(longest) for rounds in self._rounds]
        self._each = iterations
        self.iterations = iterations * len(groups) if self._sequence else iterations

    def __call__(self, iteration: int) -> tuple[int, ...]:
        """Return the crops that an iteration, from 0, looks at together."""
        if not self._sequence:
            return self._alternating[iteration % len(self._alternating)]
        group, step = divmod(iteration, self._each)
        rounds = self._rounds[group % len(self._rounds)]
        return rounds[step % len(rounds)]
