"""Colours of text that everybody can read, from those of a theme."""

from collections.abc import Sequence

FAINT = 0.35  # of the way from text to background
LEAST_CONTRAST = 4.5  # WCAG 2.1, level AA
STEP = 0.05


def luminance(colour: Sequence[float]) -> float:
    """Return the relative luminance of red, green and blue from 0 to 255, from 0 to 1 (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the contrast of two colours, from 1 to 21.

    Examples
    --------
    >>> contrast((0, 0, 0), (255, 255, 255))
    21.0
    """
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def dimmed(text: Sequence[float], background: Sequence[float]) -> tuple[int, int, int]:
    """Return a fainter colour for text of less importance, that is still readable where the text itself is."""
    share = FAINT
    while share > 0:
        red, green, blue = (round(t + share * (b - t)) for t, b in zip(text, background, strict=True))
        if contrast((red, green, blue), background) >= LEAST_CONTRAST:
            return red, green, blue
        share -= STEP
    red, green, blue = (round(value) for value in text)
    return red, green, blue
