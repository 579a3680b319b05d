"""Balls of one, two and three dimensions."""

import math

UNIT_BALL = {1: 2.0, 2: math.pi, 3: 4 / 3 * math.pi}  # how much a ball of radius 1 holds, by its dimensions


def ball_radius(volume: float, ndim: int) -> float:
    """Return the radius of a ball (of a disc in 2D) of so many pixels.

    Examples
    --------
    >>> round(ball_radius(100, 2), 2), round(ball_radius(100, 3), 2)
    (5.64, 2.88)
    """
    return float((volume / UNIT_BALL[ndim]) ** (1 / ndim))
