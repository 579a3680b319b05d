"""What makes something like what the user has pointed at, and how much each figure of it counts.

How likeness usually shows was fitted once, over many kinds of images (`WEIGHTS`). What tells the examples from their
own parts, from what holds them, from the counter-examples and from the rest of this image moves these weights at every
click, the less the fewer clicks there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

# figure: (weight, spread) of the logarithm of the odds that a node is alike; by fit_examples.py
WEIGHTS: Mapping[str, tuple[float, float]] = {
    "roundness": (2.186, 0.227),
    "drop": (0.037, 0.862),
    "height": (0.083, 1.045),
    "edge": (0.865, 0.637),
    "line": (0.921, 0.201),
    "twins": (0.492, 0.797),
    "frame": (2.134, 0.093),
    "enclosed": (-1.796, 0.477),
    "enclosed_drop": (0.465, 0.382),
    "enclosed_line": (3.09, 0.167),
    "fit": (0.995, 0.315),
    "log_area": (-0.145, 1.98),
    "spread": (-0.023, 3.493),
    "sharpness": (-0.056, 3.275),
    "bright_share": (-0.027, 3.028),
    "dark_share": (-0.049, 3.167),
    "rough": (-0.111, 3.453),
    "colour": (-0.022, 3.771),
    "bigger": (0.374, 0.902),
    "usual_edge": (-0.262, 0.633),
    "edge_apart": (-0.141, 1.554),
}
OFFSET = -3.96
# how much each figure usually differs within one kind of object
UNITS = {"log_area": 0.7, "spread": 0.4, "sharpness": 0.8, "bright_share": 0.2, "dark_share": 0.2, "rough": 0.4}
ENCLOSED = ("enclosed", "enclosed_drop", "enclosed_line")  # of what lines enclose
GENERAL = ("roundness", "drop", "height", "edge", "line", "twins", "frame", *ENCLOSED)
FIGURES = (*GENERAL, "fit", *UNITS, "colour", "bigger", "usual_edge", "edge_apart")
SAME, PART = 0.7, 0.5  # IoU with an example: from where it is the same, below which it is a wrong outline of it
LEAST_SHARED = 0.1  # IoU below which a node says nothing of an example
TRUST = 10.0  # how much the fitted weights count against one click
PER_CLICK, BACKGROUND = 3.0, 3.0  # how much a click counts, how much the rest of the image does
SOME = 300  # nodes of the rest of the image that are looked at
STEPS = 6  # of Newton's method: more change nothing
STEEP = 30.0


@dataclass(frozen=True)
class Look:
    """What examples look like.

    Attributes
    ----------
    looks : (len(UNITS), L) float64
        In each light, in `UNITS`.
    colours : (K,) float64
    log_area, edge : float
    fits : mapping of (str, int) to float
        How well each tree, by its name and light, shows them: the best IoU of its nodes.
    """

    looks: Floats
    colours: Floats
    log_area: float
    edge: float
    fits: Mapping[tuple[str, int], float]

    @classmethod
    def mean(cls, looks: Sequence["Look"]) -> "Look":
        """Return what several examples have in common."""
        return cls(
            np.mean([each.looks for each in looks], axis=0),
            np.mean([each.colours for each in looks], axis=0),
            float(np.mean([each.log_area for each in looks])),
            float(np.mean([each.edge for each in looks])),
            {tree: float(np.mean([each.fits.get(tree, 0.0) for each in looks])) for tree in looks[0].fits},
        )

    def fit(self, tree: tuple[str, int]) -> float:
        """Return how well a tree shows them, against the tree that shows them best."""
        return self.fits.get(tree, 0.0) / max(*self.fits.values(), 0.1)


@dataclass(frozen=True)
class Told:
    """Figures (n, F + 1) of nodes that the clicks say something of.

    Attributes
    ----------
    same, wrong, shunned : (n, F + 1) float64
        Of what is the same as an example, of wrong outlines of one, of what is like a counter-example.
    rest : (n, F + 1) float64
        Of some of all others.
    """

    same: Floats
    wrong: Floats
    shunned: Floats
    rest: Floats

    @classmethod
    def of(cls, figures: Floats, shared: Sequence[Floats], shunned: Sequence[Floats]) -> "Told":
        """Return what clicks say of nodes.

        Parameters
        ----------
        figures : (n, F + 1) float64
        shared, shunned : sequence of (n,) float64
            IoU with each example and counter-example.
        """
        n = len(figures)
        best = np.max(shared, axis=0) if len(shared) else np.zeros(n)
        worst = np.max(shunned, axis=0) if len(shunned) else np.zeros(n)
        every = np.linspace(0, n - 1, min(SOME, n)).astype(np.int64) if n else np.zeros(0, np.int64)
        return cls(
            figures[best > SAME],
            figures[(best > LEAST_SHARED) & (best < PART)],
            figures[(worst > PART) & (best < PART)],
            figures[every],
        )


def weights() -> Floats:
    """Return the fitted weights (len(FIGURES) + 1,), the offset last."""
    return np.array([WEIGHTS[name][0] for name in FIGURES] + [OFFSET])


def learned(told: Sequence[Told], n_examples: int, n_counter_examples: int) -> Floats:
    """Return the weights (F + 1,) moved by what the clicks say: a logistic regression by Newton's method.

    Parameters
    ----------
    told : sequence of Told
        Of one image or of several windows of it.
    n_examples, n_counter_examples : int
    """
    sides = (
        ([each.same for each in told], 1.0, PER_CLICK * n_examples),
        ([each.wrong for each in told], 0.0, PER_CLICK * n_examples),
        ([each.shunned for each in told], 0.0, PER_CLICK * n_counter_examples),
        ([each.rest for each in told], 0.0, BACKGROUND),
    )
    rows = [np.concatenate(parts) for parts, _, _ in sides]
    seen = np.concatenate(rows)
    alike = np.concatenate([np.full(len(part), side) for part, (_, side, _) in zip(rows, sides, strict=True)])
    counts = np.concatenate(
        [np.full(len(part), total / max(len(part), 1)) for part, (_, _, total) in zip(rows, sides, strict=True)]
    )
    fitted = weights()
    trust = TRUST * np.array([WEIGHTS[name][1] ** 2 for name in FIGURES] + [1.0])
    moved = fitted.copy()
    for _ in range(STEPS):
        sure = 1 / (1 + np.exp(-np.clip(seen @ moved, -STEEP, STEEP)))
        slope = seen.T @ (counts * (sure - alike)) + trust * (moved - fitted)
        curve = (seen * (counts * sure * (1 - sure))[:, None]).T @ seen + np.diag(trust)
        moved = moved - np.linalg.solve(curve, slope)
    return moved
