"""The mathematics: tensors in, tensors out. Knows torch, NumPy, scikit-image; never napari, Qt or dask."""
