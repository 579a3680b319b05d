"""What is looked at: arrays in, normalised float blocks out; colour, texture, ridges and context of them.

Nothing that learns, and nothing that decides what an object is, may enter.
"""
