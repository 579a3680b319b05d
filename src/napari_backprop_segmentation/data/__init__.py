"""Arrays in, arrays out: axes, intensities, files."""
