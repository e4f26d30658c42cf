"""Kernels: plain arrays and numbers in, plain arrays out.  They know NumPy and Numba, and nothing of the engine."""
