"""Files in and out: TIFF, PNG, JPEG, tables, overlays, samples.

Nothing of terminals or windows may enter.
"""
