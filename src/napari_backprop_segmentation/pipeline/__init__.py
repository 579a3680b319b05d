"""Everything run on one image, a series, an ensemble: `run()` and the record of a run.

Nothing of files, terminals or windows may enter.
"""
