"""What notebooks show of tensors, modules, drawings, traces and steppers."""

from .bundle import mimebundle, of_frontend

__all__ = ["mimebundle", "of_frontend"]
