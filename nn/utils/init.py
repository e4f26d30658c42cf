"""Modules whose parameters are left to be set."""

from __future__ import annotations

from typing import Any, TypeVar

from .. import init
from ..module import Module

__all__ = ["skip_init"]

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """Make ``module_cls(*args, **kwargs)`` without the work of ``nn.init``: no numbers are drawn, values are arbitrary.

    >>> import nn
    >>> nn.utils.skip_init(nn.Linear, 4, 2).weight.shape
    (2, 4)
    """
    if not isinstance(module_cls, type) or not issubclass(module_cls, Module):
        raise TypeError(f"skip_init: module_cls is {module_cls!r}, expected a class of modules, such as nn.Linear")
    with init.skipped():
        return module_cls(*args, **kwargs)
