"""Files in and out: TIFF, OME-Zarr, PNG, JPEG, tables, overlays, samples.

Nothing of terminals or windows may enter.
"""
