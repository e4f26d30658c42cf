"""Derivatives as functions of functions, under the names of ``torch.func``; they nest, and go with ``backward``.

>>> import autograd_core as ag
>>> slope = ag.func.grad(lambda x: (x**2).sum())
>>> slope(ag.tensor([1.0, 2.0]))
tensor([2., 4.])
"""

from .derivatives import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from .modules import functional_call, stack_module_state
from .vectorize import vmap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]
