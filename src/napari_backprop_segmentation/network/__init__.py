"""What learns: tensors in, tensors out; the one training loop and the model it returns.

Nothing of regions, objects or files may enter.
"""
