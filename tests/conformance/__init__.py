"""Calls that are valid in PyTorch and here: the same tensors go to both, and the results and gradients are compared."""
