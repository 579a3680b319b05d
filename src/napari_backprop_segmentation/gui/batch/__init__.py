"""Many images with the same settings or network: the layers that are selected, or the files of a folder.

Qt may enter into the dialog only; what runs in the thread is in `work` and `files`.
"""
